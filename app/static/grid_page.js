// The page around the grid: filters, counts, notes, help, columns, what earlier visits have left; and the start.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { one, all, make, typing } = window.kuaidan;
  const { say, many, facts, rows, view, columns, entry, select, stage, edit } = G;
  const part = (name) => one("[data-grid-" + name + "]");
  const state = { query: facts.selection.query, ids: facts.selection.ids, edited: false };

  // ---- rows
  function wanted() {
    if (!state.edited) return { query: state.query, sort: view.sort, ...(state.ids ? { ids: state.ids } : {}) };
    const products = new Set();
    stage.each((table, id, field, one) => products.add(table === "product" ? id : one.product));
    return { query: "", sort: view.sort, ids: [...products] };
  }
  async function load() {
    G.box.setAttribute("aria-busy", "true");
    busy(say("loading"));
    try {
      if (!(await rows.load(wanted()))) return;
      part("lost").hidden = true;
      view.reload();
      select.reset();
      part("empty").hidden = rows.length > 0;
      part("count").textContent = many("n_rows", rows.length);
      G.speak(many("n_rows", rows.length));
      G.emit("loaded");
    } catch (error) { lost(error, say("lost_order")); }
    G.box.removeAttribute("aria-busy");
    busy("");
  }
  function lost(error, words) {
    busy("");
    part("lost-words").textContent = error.code === "offline" ? words || error.message : error.message;
    part("sign-in").hidden = error.code !== "signed_out";
    part("lost").hidden = false;
    view.fit();
  }
  async function again() {
    part("lost").hidden = true;
    view.fit();
    try { await G.renewToken(); } catch (error) { lost(error); return; }
    if (rows.length) rows.retry(); else load();
  }
  G.on("lost", (error) => lost(error));
  part("again").addEventListener("click", again);
  window.addEventListener("online", () => { if (!part("lost").hidden) again(); });

  // ---- filters
  const form = part("filters");
  function filter() {
    const params = new URLSearchParams(state.query);
    [["q", form.elements.q.value.trim()], ["f_category", form.elements.category.value], ["f_status", form.elements.status.value]]
      .forEach(([name, value]) => { if (value) params.set(name, value); else params.delete(name); G.address({ [name]: value }); });
    state.query = params.toString();
    load();
  }
  let pause = 0;
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(pause); filter(); });
  form.elements.q.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(filter, 350); });
  form.addEventListener("change", (event) => { if (event.target.matches("select")) filter(); });
  const edited = part("edited");
  edited.addEventListener("click", () => {
    state.edited = !state.edited;
    edited.setAttribute("aria-pressed", String(state.edited));
    load();
  });
  G.on("sort", (order) => { G.address({ order }); load(); });

  // ---- counts, problems, notes
  const saveButton = part("save"), problems = part("problems");
  function counts() {
    const { all: edits, bad, conflicts } = stage.counts;
    saveButton.disabled = edits === bad;
    one("span", saveButton).textContent = edits > bad ? many("n_save", edits - bad) : saveButton.dataset.idle;
    problems.hidden = !bad;
    one("span", problems).textContent = many("n_problems", bad);
    part("conflicts").hidden = !conflicts;
    edited.hidden = !edits && !state.edited;
    part("drop").hidden = !edits;
    part("undo").disabled = !stage.canUndo;
    part("redo").disabled = !stage.canRedo;
    detail();
  }
  G.on("staged", counts);

  // All edits go, as one deed: Ctrl-Z brings them back.
  part("drop").addEventListener("click", () => {
    const found = [];
    stage.each((table, id, field) => found.push([table, id, field, null]));
    stage.perform(found);
    G.emit("note", many("n_dropped", found.length));
    G.speak(many("n_dropped", found.length));
    entry.focus();
  });

  // The next cell with a problem, by rows as they are seen, from the active cell on.
  function nextProblem() {
    const found = [];
    stage.each((table, id, field, one) => { if (stage.isBad(one)) found.push([table, id, field, one]); });
    if (!found.length) return;
    const shown = columns.shown(), cells = [];
    const places = new Map();
    for (let line = 0; line < rows.length; line += 1) {
      const row = rows.at(line);
      if (!row) continue;
      places.set("sku" + row[0], line);
      if (!places.has("product" + row[2])) places.set("product" + row[2], line);
    }
    found.forEach(([table, id, field, one]) => {
      const line = table === "sku" ? rows.indexOf(id) : places.get("product" + id);
      const at = shown.findIndex((column) => column.table === table && column.field.name === field && (!one.member || one.member === column.member));
      if (line >= 0 && at >= 0) cells.push([line, at]);
    });
    if (!cells.length) { if (!state.edited) edited.click(); return; }
    cells.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const { line, at } = select.active;
    const to = cells.find((cell) => cell[0] > line || (cell[0] === line && cell[1] > at)) || cells[0];
    entry.focus();
    select.go(to[0], to[1]);
  }
  problems.addEventListener("click", nextProblem);

  const foot = part("foot"), note = part("note");
  // The foot says what the active cell is about: its problem, what it held before.
  function detail() {
    const row = rows.at(select.active.line), column = view.columnAt(select.active.at);
    if (!row || !column) { foot.textContent = ""; return; }
    const look = columns.look(row, column);
    foot.classList.toggle("k-foot-bad", Boolean(look.bad));
    foot.textContent = look.bad || (look.staged ? say("was", { value: G.values.shown(column.field, columns.original(row, column)) || say("empty_cell") }) : "");
    const block = select.range(), size = select.size();
    part("picked").textContent = size > 1 ? (block.bottom - block.top + 1).toLocaleString("en") + " × " + (block.right - block.left + 1) : "";
    part("open").href = facts.urls.product + row[columns.HEAD.product];
  }
  G.on("selected", detail);
  G.on("rows", detail);
  let fading = 0;
  G.on("note", (words) => {
    clearTimeout(fading);
    note.textContent = words;
    fading = setTimeout(() => { note.textContent = ""; }, 9000);
  });
  function busy(words) { part("busy").textContent = words; part("busy").hidden = !words; }
  G.on("busy", busy);

  part("undo").addEventListener("click", edit.undo);
  part("redo").addEventListener("click", edit.redo);

  // ---- columns and order
  const chooser = part("columns");
  function listColumns() {
    const shown = columns.shown(), rest = columns.every.filter((column) => !shown.includes(column));
    one("ol", chooser).replaceChildren(...shown.concat(rest).filter((column) => column.id !== "code").map((column) => {
      const item = make("li"), label = make("label", "form-check"), box = make("input", "form-check-input");
      Object.assign(box, { type: "checkbox", value: column.id, checked: shown.includes(column) });
      label.append(box, make("span", "form-check-label", column.label));
      const up = make("button", "btn btn-icon btn-sm btn-ghost-secondary", "↑"), down = make("button", "btn btn-icon btn-sm btn-ghost-secondary", "↓");
      [[up, "up", -1], [down, "down", 1]].forEach(([button, way, by]) => {
        button.type = "button";
        button.dataset.move = by;
        button.setAttribute("aria-label", chooser.dataset[way].replace("{name}", column.label));
      });
      item.append(label, up, down);
      return item;
    }));
    const sorting = chooser.elements.sort;
    sorting.replaceChildren(sorting.options[0], ...columns.every.map((column) => new Option(column.label, column.id)));
    sorting.value = view.sort.replace(/^-/, "");
    chooser.elements.down.checked = view.sort.startsWith("-");
  }
  chooser.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    const item = button.closest("li"), other = button.dataset.move === "-1" ? item.previousElementSibling : item.nextElementSibling;
    if (other) { if (button.dataset.move === "-1") other.before(item); else other.after(item); button.focus(); }
  });
  chooser.addEventListener("submit", (event) => {
    event.preventDefault();
    columns.choose(all("input:checked", one("ol", chooser)).map((box) => box.value));
    const { sort, down } = chooser.elements;
    if ((down.checked && sort.value ? "-" : "") + sort.value !== view.sort) view.sortBy(sort.value, down.checked && sort.value !== "");
    part("columns-button").click();
  });
  one("[data-columns-reset]", chooser).addEventListener("click", () => { columns.reset(); listColumns(); });
  part("columns-button").addEventListener("show.bs.dropdown", listColumns);

  // ---- help: here the shell's own would speak of lists
  const help = part("help");
  const openHelp = (event) => { event.preventDefault(); event.stopImmediatePropagation(); help.showModal(); };
  document.addEventListener("keydown", (event) => {
    if (event.key === "F1" || (event.key === "?" && (entry.resting(event) || !typing(event.target)))) openHelp(event);
    if (event.key === "F6") { event.preventDefault(); if (entry.held) form.elements.q.focus(); else entry.focus(); }
  }, true);
  part("help-open").addEventListener("click", openHelp);
  help.addEventListener("close", () => entry.focus());

  // ---- what earlier visits have left
  async function offerKept() {
    const kept = await G.keep.find();
    if (!kept) return;
    const time = new Date(kept.at), today = time.toDateString() === new Date().toDateString();
    const clock = time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    part("kept-words").textContent = many("n_kept", kept.count, { time: today ? clock : time.toLocaleDateString("sv") + " " + clock });
    part("kept").hidden = false;
    view.fit();
  }
  async function leaveKept(how) { part("kept").hidden = true; view.fit(); await how(); entry.focus(); }
  part("resume").addEventListener("click", () => leaveKept(G.keep.resume));
  part("discard").addEventListener("click", () => leaveKept(G.keep.discard));

  counts();
  load().then(() => { if (document.activeElement === document.body) entry.focus(); });
  offerKept().catch(() => G.emit("note", say("kept_failed")));
  G.page = { load, nextProblem };
})();
