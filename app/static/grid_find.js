// Find and replace, in one column, the picked range or everywhere; a replacement is a deed like any other and undone as one.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { one } = window.kuaidan;
  const { many, say, rows, view, columns, select, stage, edit } = G;
  const panel = one("[data-find-panel]"), form = one("form", panel), told = one("[data-find-told]", panel);
  let block = null;

  function pattern(wanted) {
    const text = wanted.find.value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return new RegExp(wanted.whole.checked ? "^" + text + "$" : text, wanted.match.checked ? "gu" : "giu");
  }
  // Where to look: the block, as the person chose it.
  function place() {
    const where = form.elements.where.value, last = { bottom: rows.length - 1, right: columns.shown().length - 1 };
    if (where === "range" && block) return block;
    if (where === "column") return { top: 0, left: select.active.at, bottom: last.bottom, right: select.active.at };
    return Object.assign({ top: 0, left: 0 }, last);
  }
  const isAsked = () => form.elements.find.value !== "" || form.elements.whole.checked;

  async function matches() {
    if (!isAsked() || !rows.length) return [];
    const look = pattern(form.elements), found = [];
    await edit.overRange(place(), (row, column, line, at) => {
      look.lastIndex = 0;
      if (look.test(String(columns.look(row, column).plain || ""))) found.push([line, at]);
    });
    return found;
  }
  function tell(words) { told.textContent = words; }
  const counted = (found) => tell(found.length ? many("n_matches", found.length) : say("no_matches"));

  async function next(back) {
    const found = await matches();
    counted(found);
    if (!found.length) return null;
    const { line, at } = select.active;
    const after = (cell) => cell[0] > line || (cell[0] === line && cell[1] > at);
    const before = (cell) => cell[0] < line || (cell[0] === line && cell[1] < at);
    const to = back ? found.filter(before).pop() || found[found.length - 1] : found.find(after) || found[0];
    select.go(to[0], to[1]);
    return to;
  }

  function replaced(row, column) {
    return String(columns.look(row, column).plain || "").replace(pattern(form.elements), () => form.elements.replace.value);
  }
  async function replaceOne() {
    const { line, at } = select.active, row = rows.at(line), column = view.columnAt(at);
    const found = await matches();
    if (found.some((cell) => cell[0] === line && cell[1] === at)) {
      const deed = stage.deed();
      deed.set(row, column, replaced(row, column));
      edit.tell(deed.finish());
    }
    await next();
  }
  async function replaceAll() {
    const found = await matches(), deed = stage.deed();
    found.forEach(([line, at]) => { const row = rows.at(line), column = view.columnAt(at); deed.set(row, column, replaced(row, column)); });
    const done = deed.finish();
    tell(many("n_replaced", done.cells));
    edit.tell(done, many("n_replaced", done.cells));
  }

  function open(replacing) {
    block = select.single() ? null : select.range();
    form.elements.where.querySelector('[value="range"]').disabled = !block;
    form.elements.where.value = block ? "range" : "all";
    panel.hidden = false;
    view.fit();
    form.elements[replacing ? "replace" : "find"].focus();
    form.elements.find.select();
    tell("");
  }
  function close() { panel.hidden = true; view.fit(); G.entry.focus(); }

  const quietly = (work) => work.catch(() => undefined);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const what = event.submitter ? event.submitter.value : "next";
    quietly(what === "all" ? replaceAll() : what === "one" ? replaceOne() : next(what === "back"));
  });
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.preventDefault(); close(); } });
  one("[data-find-close]", panel).addEventListener("click", close);
  document.addEventListener("click", (event) => { if (event.target.closest("[data-find-open]")) open(); });
  G.entry.box.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (!G.entry.resting(event) || !(event.ctrlKey || event.metaKey) || (key !== "f" && key !== "h")) return;
    event.preventDefault();
    open(key === "h");
  });

  G.find = { open, next, replaceAll };
})();
