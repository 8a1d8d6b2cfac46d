// Changing cells by hand: the editor in a cell, emptying, undo and redo.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { say, many, facts, rows, view, columns, entry, select, stage } = G;
  const { host } = view;
  let editor = null;

  const choices = {};
  // Names to choose from, for cells that take only some: they may be typed as well.
  function listFor(field) {
    const names = field.kind === "status" ? facts.statuses.map((one) => one[1])
      : field.kind === "category" ? facts.categories.map(([id]) => G.values.plain(field, String(id)))
        : field.kind === "freight" ? facts.freight.map((one) => one[1]) : null;
    if (!names) return "";
    if (!choices[field.kind]) {
      const list = document.createElement("datalist");
      list.id = "grid-choices-" + field.kind;
      names.forEach((name) => { const option = document.createElement("option"); option.value = name; list.append(option); });
      document.body.append(list);
      choices[field.kind] = list.id;
    }
    return choices[field.kind];
  }

  // Opens the editor in the active cell, with what is there or with `text` in its place.
  function open(text) {
    const { line, at } = select.active;
    const row = rows.at(line), column = view.columnAt(at);
    if (!row || editor) return;
    if (column.fixed || row.gone) { G.speak(say("read_only", { column: column.label })); G.emit("note", say("read_only", { column: column.label })); return; }
    view.reveal(line, at);
    const look = columns.look(row, column), before = look.plain || "";
    entry.show({
      label: say("at_cell", { code: row[columns.HEAD.code], column: column.label, value: "" }).replace(/[:：]\s*$/, ""),
      text: text === undefined ? before : text,
      list: listFor(column.field),
      end: G.values.isNumber(column.field),
      raise: text === undefined,
    });
    editor = { row, column, before, quick: text !== undefined };
    if (text === undefined) entry.box.select();
  }

  entry.box.addEventListener("blur", () => commit());
  // An input method that was left without a word has changed nothing.
  entry.box.addEventListener("compositionend", () => { if (editor && editor.quick && !entry.box.value) close(); });
  entry.box.addEventListener("keydown", (event) => {
    if (!editor) return;
    event.stopImmediatePropagation();
    if (entry.composing(event)) return; // Enter chooses a word there, Escape drops it
    const { line, at } = select.active;
    const leave = (toLine, toAt) => { event.preventDefault(); commit(); select.go(toLine, toAt); };
    if (event.key === "Escape") { event.preventDefault(); close(); select.announce(); }
    else if (event.key === "Enter") leave(line + (event.shiftKey ? -1 : 1), at);
    else if (event.key === "Tab") leave(line, at + (event.shiftKey ? -1 : 1));
    else if (event.key === "F2") editor.quick = false;
    else if (editor.quick && !entry.box.list && (event.key === "ArrowUp" || event.key === "ArrowDown")) leave(line + (event.key === "ArrowUp" ? -1 : 1), at);
    else if (editor.quick && (event.key === "ArrowLeft" || event.key === "ArrowRight")) leave(line, at + (event.key === "ArrowLeft" ? -1 : 1));
  });

  function close() {
    editor = null;
    return entry.hide();
  }
  // Takes what stands in the editor; always true, for a bad value is staged with its reason.
  function commit() {
    if (!editor) return true;
    const { row, column, before } = editor, typed = close();
    if (typed === before) return true;
    const deed = stage.deed();
    deed.set(row, column, typed);
    const told = deed.finish();
    if (told.bad) select.announce();
    return true;
  }

  // Runs `visit(row, column, line, at)` over the picked cells, loading rows that are not here yet.
  async function overRange(block, visit) {
    await need(block.top, block.bottom + 1);
    for (let line = block.top; line <= block.bottom; line += 1) {
      const row = rows.at(line);
      for (let at = block.left; at <= block.right; at += 1) visit(row, view.columnAt(at), line, at);
    }
  }
  // Rows for a deed; says how far it is while they come. Throws when they cannot be had.
  async function need(from, to) {
    if (rows.has(from, to)) return;
    G.emit("busy", say("loading"));
    try {
      await rows.need(from, to, (done, total) => G.emit("busy", say("loading_rows", { done: done.toLocaleString("en"), total: total.toLocaleString("en") })));
    } catch (error) { G.emit("lost", error); throw error; } finally { G.emit("busy", ""); }
  }

  async function empty(block) {
    const deed = stage.deed();
    await overRange(block || select.range(), (row, column) => { deed.set(row, column, ""); });
    const told = deed.finish();
    tell(told);
    return told;
  }

  // What a deed has done, spoken and shown in the foot.
  function tell(told, said) {
    const parts = said ? [said] : [];
    if (told.bad) parts.push(many("n_bad", told.bad));
    if (told.fixed) parts.push(say("read_only_left"));
    const words = parts.join(" ");
    if (words) { G.speak(words); G.emit("note", words); }
  }

  function undo() { back(stage.undo(), say("undone"), say("nothing_to_undo")); }
  function redo() { back(stage.redo(), say("redone"), say("nothing_to_redo")); }
  function back(deed, done, nothing) {
    const words = deed ? done + " " + many("n_cells", deed.length) : nothing;
    G.speak(words);
    G.emit("note", words);
  }

  entry.box.addEventListener("keydown", (event) => {
    if (!entry.resting(event) || event.defaultPrevented || event.altKey || !rows.length) return;
    const control = event.ctrlKey || event.metaKey, key = event.key;
    if (control) {
      const deeds = { z: event.shiftKey ? redo : undo, y: redo };
      const deed = deeds[key.toLowerCase()];
      if (deed) { event.preventDefault(); deed(); }
    } else if (key === "F2") { event.preventDefault(); open(); }
    else if (key === "Delete" || key === "Backspace") { event.preventDefault(); empty().catch(() => undefined); }
  });
  host.addEventListener("dblclick", (event) => { if (event.target.closest(".slick-cell")) open(); });

  G.edit = { open, commit, overRange, need, empty, tell, undo, redo };
})();
