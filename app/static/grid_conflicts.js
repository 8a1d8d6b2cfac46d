// Cells that somebody else has changed meanwhile: mine or theirs, one by one or all at once; each choice can be undone.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { one, make } = window.kuaidan;
  const { say, many, facts, stage } = G;
  const dialog = one("[data-conflicts-dialog]"), list = one("[data-conflicts-list]", dialog);
  const MOST = 200;
  const fields = new Map(facts.fields.map((field) => [field.name, field]));

  function all() {
    const found = [];
    stage.each((table, id, field, edit) => { if (edit.conflict) found.push([table, id, field, edit]); });
    return found;
  }
  // "Mine" takes their value as the one that was seen; "theirs" lets the edit go.
  const resolved = ([table, id, field, edit], mine) => [table, id, field, mine ? Object.assign({}, edit, { base: edit.conflict.theirs, conflict: undefined }) : null];
  function choose(conflicts, mine) {
    stage.perform(conflicts.map((one) => resolved(one, mine)));
    if (dialog.open) fill();
  }

  function button(words, act, main) {
    const node = make("button", "btn btn-sm" + (main ? " btn-primary" : ""), words);
    node.type = "button";
    node.addEventListener("click", act);
    return node;
  }
  function fill() {
    const found = all();
    if (!found.length) { if (dialog.open) dialog.close(); return; }
    one("[data-conflicts-title]", dialog).textContent = many("n_conflicts", found.length);
    list.replaceChildren(...found.slice(0, MOST).map((conflict) => {
      const [, , name, edit] = conflict, field = fields.get(name);
      const shown = (stored) => G.values.shown(field, stored) || say("empty_cell");
      const item = make("li", "k-conflict"), words = make("div");
      words.append(make("strong", "", edit.code + " · " + field.label));
      words.append(make("div", "text-secondary small", stage.problem(edit, { field })));
      const ends = make("div", "k-conflict-ends");
      ends.append(button(dialog.dataset.mine.replace("{value}", shown(edit.value)), () => choose([conflict], true)));
      ends.append(button(dialog.dataset.theirs.replace("{value}", shown(edit.conflict.theirs)), () => choose([conflict], false)));
      item.append(words, ends);
      return item;
    }));
  }
  function open() { fill(); if (stage.counts.conflicts) dialog.showModal(); }

  one("[data-conflicts-mine]", dialog).addEventListener("click", () => choose(all(), true));
  one("[data-conflicts-theirs]", dialog).addEventListener("click", () => choose(all(), false));
  document.addEventListener("click", (event) => { if (event.target.closest("[data-conflicts-open]")) open(); });
  dialog.addEventListener("close", () => G.entry.focus());

  G.conflicts = { open, choose };
})();
