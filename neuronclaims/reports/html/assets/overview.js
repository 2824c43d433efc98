/* Filters and sorts the overview; a claim whose row is hidden is hidden as well. */
(() => {
  const form = document.getElementById("filters");
  const table = document.getElementById("rows");
  const groups = [...table.tBodies];
  const members = new Map(groups.map((group) => [group, [...group.rows].filter((row) => row.dataset.claim)]));
  const rows = groups.flatMap((group) => members.get(group));
  const families = [...document.querySelectorAll(".family")];
  const across = [...document.querySelectorAll(".across")];
  const section = new Map(rows.map((row) => [row, document.getElementById(row.dataset.claim)]));
  const drawn = new Map([...document.querySelectorAll(".forest [data-of]")].map((row) => [row.dataset.of, row]));

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
      const dot = drawn.get(row.dataset.claim);
      if (dot) dot.hidden = !fit;
    }
    const all = shown === rows.length;
    table.classList.toggle("chosen", !all);
    for (const group of groups) group.hidden = !all && !members.get(group).some((row) => !row.hidden);
    for (const family of families) family.hidden = !all && !family.querySelector(".claim:not([hidden])");
    for (const part of across) part.hidden = Boolean(wanted.file) && part.dataset.file !== wanted.file;
    document.getElementById("count").textContent = all ? `${rows.length} claims` : `${shown} of ${rows.length} claims shown`;
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

  /* Up, down, and back to what went wrong first. Sorted rows stand in one body, without the headings of files. */
  const sorted = table.createTBody();
  const sort = (head) => {
    const was = head.getAttribute("aria-sort");
    const now = { ascending: "descending", descending: null }[was] ?? (was ? null : "ascending");
    const column = head.cellIndex;
    const numeric = head.dataset.sort === "number";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    table.classList.toggle("sorted", Boolean(now));
    if (!now) {
      for (const group of groups) group.append(...members.get(group));
      return;
    }
    head.setAttribute("aria-sort", now);
    const keyed = rows.map((row) => [value(row, column, numeric), row]);
    keyed.sort(([a], [b]) => compare(a, b, now === "ascending" ? 1 : -1));
    sorted.append(...keyed.map(([, row]) => row));
  };

  const labelled = (cell, act) => {
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => act(cell, button));
    return button;
  };
  for (const head of table.tHead.rows[0].cells) {
    const button = labelled(head, sort);
    button.textContent = head.textContent;
    head.replaceChildren(button);
  }
  const fold = (group, button, folded) => {
    group.classList.toggle("folded", folded);
    button.textContent = folded ? "▸" : "▾";
    button.setAttribute("aria-expanded", String(!folded));
    button.setAttribute("aria-label", `${folded ? "Show" : "Hide"} the ${members.get(group).length} claims of ${group.rows[0].querySelector("strong").textContent}`);
  };
  for (const group of groups.filter((each) => each.matches(".foldable") && members.get(each).length)) {
    const button = labelled(group, (_, own) => fold(group, own, !group.classList.contains("folded")));
    fold(group, button, table.matches(".folds"));
    group.rows[0].cells[0].prepend(button);
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
