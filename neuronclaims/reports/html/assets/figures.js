/* Draws figures when they come into view, and clears those far from it. */
(() => {
  const NEAR = "900px";
  const MOST_ON_PAPER = 200;
  const PAPER_WIDTH = 640;
  const NARROW = 520;
  const GRID_WIDTH = 1000;  // made as wide as on a screen and then smaller, headings and all
  const drawn = new Set();
  const read = new Map();
  let loading = null;
  let lines = null;  // a line of JSON for each place; the first holds the texts that plots share
  let texts = null;
  let onPaper = false;

  /* The page's policy forbids style attributes in markup; through the object model they are allowed. */
  const setAttribute = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    if (name === "style") this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };

  const unpacked = async (id) => {
    if (!("DecompressionStream" in window)) throw new Error("this browser is too old to unpack it");
    const packed = atob(document.getElementById(id).textContent);
    const bytes = new Uint8Array(packed.length);
    for (let place = 0; place < packed.length; place++) bytes[place] = packed.charCodeAt(place);
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };

  /* The policy knows the hash of the script that draws, so an inline script element with it may run. */
  const load = () => {
    loading ??= (async () => {
      const [code, data] = await Promise.all([unpacked("drawing"), unpacked("plots")]);
      const script = document.createElement("script");
      script.textContent = code;
      document.head.append(script);
      if (!window.Plotly) throw new Error("the script that draws was damaged on its way here");
      lines = data.split("\n");
      texts = JSON.parse(lines[0]);
    })();
    return loading;
  };

  const canvas = document.createElement("canvas");
  const solid = Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));

  /* Black or white, whichever stands out on a colour of a scale: "on:least,half,most:0.25" is a quarter of the way. */
  const standingOut = (text) => {
    const [, names, share] = text.split(":");
    const stops = names.split(",").map((name) => theme.colour(name).match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16)));
    const place = Math.min(Math.max(Number(share), 0), 1) * (stops.length - 1);
    const start = Math.min(Math.floor(place), stops.length - 2);
    const light = [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
      const part = (stops[start][i] + (place - start) * (stops[start + 1][i] - stops[start][i])) / 255;
      return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    }, 0);
    return light > 0.179 ? "#000000" : "#ffffff";
  };

  /* Names of colours are looked up everywhere but in what is to be read. */
  const READ = new Set(["text", "name", "legendgroup", "customdata", "hovertemplate"]);
  const coloured = (value) => {
    if (typeof value === "string" && value.startsWith("on:")) return standingOut(value);
    if (typeof value === "string") return value.startsWith("var:") ? theme.colour(value.slice(4)) : value;
    if (Array.isArray(value)) return typeof value[0] === "number" && typeof value[1] === "number" ? value : value.map(coloured);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, READ.has(key) ? entry : coloured(entry)]));
  };

  const axis = () => ({
    gridcolor: theme.colour("grid"), zerolinecolor: theme.colour("line"), linecolor: theme.colour("line"), automargin: true,
    title: { standoff: 8, font: { size: 13 } }, ticks: "outside", ticklen: 4, tickcolor: "rgba(0,0,0,0)",
  });

  const template = () => ({
    layout: {
      font: { family: "system-ui, sans-serif", size: 13, color: theme.colour("ink") },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: innerWidth > NARROW ? 60 : 45, r: innerWidth > NARROW ? 20 : 8, t: 36, b: 50 },
      xaxis: axis(), yaxis: axis(),
      scene: { xaxis: axis(), yaxis: axis(), zaxis: axis() },
      hoverlabel: { bgcolor: theme.colour("raised"), font: { color: theme.colour("ink") }, bordercolor: theme.colour("soft"), align: "left" },
      hovermode: "closest",
    },
  });

  /* Texts of points that many claims have in common stand in the data once. */
  const spelledOut = (plots) => {
    for (const trace of plots.flatMap(([data]) => data)) {
      if (trace.text?.shared !== undefined) trace.text = texts[trace.text.shared];
    }
    return plots;
  };

  /* Plots stand in the order of their data, claim by claim. */
  const source = (plot) => {
    const home = plot.closest("[data-plots]");
    if (!read.has(home)) read.set(home, spelledOut(JSON.parse(lines[Number(home.dataset.plots)])));
    return read.get(home)[[...home.querySelectorAll(".plot")].indexOf(plot)];
  };

  /* Panels that lie side by side stand one under the other where the screen is narrow. A panel is an x axis with the y
     axes that are drawn over it. */
  const stacked = (plot, data, layout) => {
    const domain = (key) => layout[key]?.domain ?? [0, 1];
    const panels = new Map();
    const scenes = Object.keys(layout).filter((key) => key.startsWith("scene"));
    if (scenes.length) return scenesStacked(plot, layout, scenes);
    for (const trace of data) {
      const [x, y] = [`xaxis${(trace.xaxis ?? "x").slice(1)}`, `yaxis${(trace.yaxis ?? "y").slice(1)}`];
      if (!layout[x]) return layout;
      const panel = panels.get(x) ?? { x, ends: domain(x), low: 1, high: 0, ys: new Set() };
      panels.set(x, panel);
      if (layout[y]?.overlaying) continue;
      panel.ys.add(y);
      panel.low = Math.min(panel.low, domain(y)[0]);
      panel.high = Math.max(panel.high, domain(y)[1]);
    }
    const order = [...panels.values()].sort((a, b) => b.high - a.high || a.ends[0] - b.ends[0]);
    const beside = order.some((one) => order.some((other) => other.ends[0] >= one.ends[1]));
    if (onPaper || plot.clientWidth > NARROW || !beside) return layout;
    const height = 1 / order.length;
    const up = (panel, y) => 1 - (order.indexOf(panel) + 1) * height
      + height * (0.24 + 0.76 * ((y - panel.low) / (panel.high - panel.low)) * (layout.annotations ? 0.75 : 1));
    const moved = { ...layout };
    for (const panel of order) {
      moved[panel.x] = { ...layout[panel.x], domain: [0, 1] };
      for (const y of panel.ys) moved[y] = { ...layout[y], domain: domain(y).map((at) => up(panel, at)) };
    }
    const move = (note) => {
      if (note.xref !== "paper" || note.yref !== "paper" || note.x === undefined) return note;
      const near = order.filter(({ ends: [start, end] }) => note.x >= start - 0.01 && note.x <= end + 0.01)
        .sort((a, b) => Math.abs(a.high - note.y) - Math.abs(b.high - note.y))[0];
      if (!near) return note;
      return { ...note, x: (note.x - near.ends[0]) / (near.ends[1] - near.ends[0]), y: up(near, Math.min(note.y, near.high)) };
    };
    if (layout.annotations) moved.annotations = layout.annotations.map(move);
    if (layout.legend?.y < 0) moved.legend = { ...layout.legend, y: 0, yanchor: "top" };
    plot.style.height = `${(layout.annotations ? 190 : 230) * order.length + 60}px`;
    return moved;
  };

  const scenesStacked = (plot, layout, scenes) => {
    if (onPaper || plot.clientWidth > NARROW || scenes.length < 2) return layout;
    const order = scenes.sort((a, b) => (layout[a].domain?.x?.[0] ?? 0) - (layout[b].domain?.x?.[0] ?? 0));
    const top = (place) => 1 - place / order.length;
    const moved = { ...layout };
    order.forEach((key, place) => {
      moved[key] = { ...layout[key], domain: { x: [0, 1], y: [top(place + 1), top(place) - 0.06] } };
    });
    const notes = layout.annotations ?? [];
    if (notes.length === order.length) moved.annotations = notes.map((note, place) => ({ ...note, x: 0.5, y: top(place) - 0.05 }));
    plot.style.height = `${280 * order.length + 40}px`;
    return moved;
  };

  const draw = async (plot) => {
    if (drawn.has(plot)) return;
    drawn.add(plot);
    try {
      if (plot.classList.contains("solid") && !solid) throw new Error("this browser has no WebGL");
      if (!lines) await load();
      if (!drawn.has(plot)) return;
      const [data, layout] = source(plot);
      plot.style.height = "";
      const whole = { ...coloured(stacked(plot, data, layout)), template: template(), ...(onPaper && { width: plot.closest(".grid") ? GRID_WIDTH : PAPER_WIDTH }) };
      await Plotly.newPlot(plot, coloured(data), whole, { displayModeBar: false, responsive: !onPaper });
      document.getElementById("js-plotly-tester")?.setAttribute("aria-hidden", "true");  // where it measures texts
      plot.dataset.state = "drawn";
    } catch (error) {
      plot.dataset.state = "failed";
      plot.classList.add("failed");
      plot.textContent = `This figure could not be drawn (${error.message}); what it shows is told below.`;
    }
  };

  const clear = (plot) => {
    if (plot.dataset.state !== "drawn") return;
    Plotly.purge(plot);
    drawn.delete(plot);
    delete plot.dataset.state;
  };

  const watch = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) (isIntersecting ? draw : clear)(target);
  }, { rootMargin: `${NEAR} 0px` });
  const plots = [...document.querySelectorAll(".plot")];
  /* A page can be read and filtered before anything is drawn. */
  const soon = window.requestIdleCallback ?? ((act) => setTimeout(act, 200));
  const begin = () => soon(() => plots.forEach((plot) => watch.observe(plot)), { timeout: 1000 });
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin);

  const again = () => {
    for (const plot of drawn) if (plot.dataset.state === "drawn") { clear(plot); draw(plot); }
  };
  theme.onchange(again);

  /* Printing waits for nothing, so what draws must be there before. */
  if (plots.length) addEventListener("load", () => setTimeout(() => load().catch(() => {}), 1500));

  const shown = () => plots.filter((plot) => !plot.closest("[hidden], details:not([open])") && !plot.classList.contains("solid"));
  addEventListener("beforeprint", () => {
    onPaper = true;
    theme.paper(true);
    again();
    if (shown().length <= MOST_ON_PAPER) shown().forEach(draw);
  });
  addEventListener("afterprint", () => {
    onPaper = false;
    theme.paper(false);
    again();
  });
})();
