// Staged edits: what is wanted but not saved, by table, row id and field, with undo and redo; nothing is sent from here.
//
// An edit is {base, value} with both as stored text: `base` was in the database when it was made. A typed text that
// cannot be is {base, typed, problem}; `member` says which part of a JSON field it is about. `conflict` has what
// somebody else wrote meanwhile, `refused` what the server said.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { say } = G;
  const edits = { sku: new Map(), product: new Map() };
  let undone = [], done = [];
  const counts = { all: 0, bad: 0, conflicts: 0 };
  const DEEDS_KEPT = 200;

  const get = (table, id, field) => { const of = edits[table].get(id); return of && of[field]; };
  const isBad = (edit) => Boolean(edit.problem || edit.conflict || edit.refused);

  function count(edit, by) {
    if (!edit) return;
    counts.all += by;
    if (isBad(edit)) counts.bad += by;
    if (edit.conflict) counts.conflicts += by;
  }

  function put(table, id, field, edit) {
    const of = edits[table].get(id);
    count(of && of[field], -1);
    count(edit, 1);
    if (edit) {
      if (of) of[field] = edit; else edits[table].set(id, { [field]: edit });
    } else if (of) {
      delete of[field];
      if (!Object.keys(of).length) edits[table].delete(id);
    }
  }

  // One deed of the person, however many cells: [[table, id, field, edit or null], …]. It is one step of the undo.
  function perform(changes) {
    if (!changes.length) return;
    const deed = changes.map(([table, id, field, after]) => {
      const before = get(table, id, field) || null;
      put(table, id, field, after);
      return [table, id, field, before, after];
    });
    done.push(deed);
    if (done.length > DEEDS_KEPT) done.shift();
    undone = [];
    G.emit("staged", deed);
  }

  function undo() {
    const deed = done.pop();
    if (!deed) return null;
    for (let i = deed.length - 1; i >= 0; i -= 1) put(deed[i][0], deed[i][1], deed[i][2], deed[i][3]);
    undone.push(deed);
    G.emit("staged", deed);
    return deed;
  }
  function redo() {
    const deed = undone.pop();
    if (!deed) return null;
    deed.forEach(([table, id, field, , after]) => put(table, id, field, after));
    done.push(deed);
    G.emit("staged", deed);
    return deed;
  }

  // Changes that are no deed: what a save has settled, or what an earlier visit has left. The undo starts anew.
  function settle(changes) {
    changes.forEach(([table, id, field, edit]) => put(table, id, field, edit));
    done = []; undone = [];
    G.emit("staged", changes);
  }

  function each(visit) {
    ["product", "sku"].forEach((table) => edits[table].forEach((of, id) => Object.entries(of).forEach(([field, edit]) => visit(table, id, field, edit))));
  }

  // The sentence for a cell that cannot stay as it is; empty when it can.
  function problem(edit, column) {
    if (edit.problem) return edit.problem;
    if (edit.refused) return say("refused", { reason: edit.refused });
    if (!edit.conflict) return "";
    const field = column.stored || column.field;
    const shown = (stored) => G.values.shown(field, stored) || say("empty_cell");
    const { theirs, who, when } = edit.conflict;
    return say(who ? "conflict" : "conflict_plain", { who, when, theirs: shown(theirs), base: shown(edit.base) });
  }

  // ---- deeds
  // Collects the cells of one deed: `set(row, column, typed)` for each, then `finish()`, which stages them as one step.
  function deed() {
    const pending = new Map(), said = new Map();
    const told = { cells: 0, bad: 0, fixed: 0 };

    function set(row, column, typed) {
      if (column.fixed || row.gone) { told.fixed += 1; return; }
      const table = column.table, id = G.columns.rowId(row, column), field = column.field.name;
      const key = table + ":" + id + ":" + field;
      const now = pending.has(key) ? pending.get(key)[3] : get(table, id, field) || null;
      const found = disagreement(key, row, column, typed) || G.values.read(column.field, typed, now ? now.base : G.columns.base(row, column));
      pending.set(key, [table, id, field, wish(row, column, found, typed, now)]);
      told.cells += 1;
      if (found.problem) told.bad += 1;
    }

    // Rows of one product may want different titles at once: that is a question, and the last word is not the answer.
    function disagreement(key, row, column, typed) {
      if (column.table !== "product") return null;
      const place = key + ":" + (column.member || ""), before = said.get(place);
      if (before === undefined) { said.set(place, typed); return null; }
      return before === typed ? null : { problem: say("disagree", { one: before, other: typed }) };
    }

    function finish() {
      const changes = [...pending.values()].filter((one) => one[3] || get(one[0], one[1], one[2]));
      perform(changes);
      return told;
    }
    return { set, finish };
  }

  // The edit that makes a cell hold what was read; null when that is what the database holds anyway.
  function wish(row, column, found, typed, now) {
    const base = now ? now.base : G.columns.base(row, column);
    const { HEAD } = G.columns;
    const about = { base, product: row[HEAD.product], code: row[column.table === "product" ? HEAD.productCode : HEAD.code] };
    if (found.problem) return Object.assign(about, { typed, problem: found.problem, member: column.member, value: column.member && now ? now.value : undefined });
    const value = G.columns.whole(row, column, found.value, now);
    const conflict = now && now.conflict;
    if (value === base ? !conflict : conflict && conflict.theirs === value) return null;
    return Object.assign(about, { value, conflict: conflict || undefined });
  }

  G.stage = {
    get, perform, undo, redo, settle, each, problem, deed, isBad, counts,
    get canUndo() { return done.length > 0; }, get canRedo() { return undone.length > 0; },
  };
})();
