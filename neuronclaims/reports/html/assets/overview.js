/* Filters and sorts the overview; a claim whose row is hidden is hidden as well. */
(() => {
  const form = document.getElementById("filters");
  const table = document.getElementById("rows");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const families = [...document.querySelectorAll(".family")];
  const across = [...document.querySelectorAll(".across")];
  const section = new Map(rows.map((row) => [row, document.getElementById(row.dataset.claim)]));

  const fits = (row, wanted) =>
    wanted.verdicts.has(row.dataset.verdict)
    && ["kind", "file", "model", "drift"].every((name) => !wanted[name] || row.dataset[name] === wanted[name])
    && (!wanted.unexpected || "unexpected" in row.dataset)
    && wanted.words.every((word) => row.dataset.text.includes(word));

  const filter = () => {
    const given = new FormData(form);
    const wanted = {
      verdicts: new Set(given.getAll("verdict")),
      kind: given.get("kind"), file: given.get("file"), model: given.get("model"), drift: given.get("drift"),
      unexpected: given.has("unexpected"),
      words: given.get("text").toLowerCase().split(/\s+/).filter(Boolean),
    };
    let shown = 0;
    for (const row of rows) {
      const fit = fits(row, wanted);
      shown += fit;
      row.hidden = !fit;
      section.get(row).hidden = !fit;
    }
    for (const family of families) family.hidden = !family.querySelector(".claim:not([hidden])");
    for (const part of across) part.hidden = Boolean(wanted.file) && part.dataset.file !== wanted.file;
    document.getElementById("count").textContent = `${shown} of ${rows.length} claims shown`;
    document.getElementById("none").hidden = shown > 0;
  };

  const value = (row, column, numeric) => {
    const cell = row.cells[column];
    if (!numeric) return cell.textContent.trim().toLowerCase();
    return cell.dataset.value ? Number(cell.dataset.value) : NaN;
  };

  /* Rows without a value stay last, whichever way the others go. */
  const compare = (a, b, sign) => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return sign * (a < b ? -1 : a > b);
  };

  const sort = (head) => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    const column = head.cellIndex;
    const numeric = head.dataset.sort === "number";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const keyed = rows.map((row) => [value(row, column, numeric), row]);
    keyed.sort(([a], [b]) => compare(a, b, up ? 1 : -1));
    body.append(...keyed.map(([, row]) => row));
  };

  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(head));
    head.replaceChildren(button);
  }
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  filter();

  /* A link to a claim that is filtered away shows all claims again. */
  const arrive = () => {
    const goal = document.getElementById(location.hash.slice(1));
    if (!goal) return;
    if (goal.closest("[hidden]")) form.reset();
    setTimeout(() => goal.scrollIntoView());
  };
  addEventListener("hashchange", arrive);
  arrive();
})();
