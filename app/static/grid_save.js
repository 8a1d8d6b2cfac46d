// Saving: the good edits go as one wish, come back as a preview, and after a yes a job carries them out. What was refused
// or changed by somebody else stays staged as a problem; nothing is written before the yes, and nothing is lost after it.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { one, make, poll } = window.kuaidan;
  const { say, many, facts, stage, rows } = G;
  const dialog = one("[data-save-dialog]");
  const part = (name) => one("[data-save-" + name + "]", dialog);
  const PACK_FROM = 50_000;
  let sent = null, draft = null, job = null, busy = false;

  function collect() {
    const wish = {}, lines = [];
    stage.each((table, id, field, edit) => {
      if (stage.isBad(edit)) return;
      (wish[field] = wish[field] || []).push([id, edit.base, edit.value]);
      lines.push([table, id, field, edit]);
    });
    return { wish, lines };
  }
  async function packed(wish) {
    const text = JSON.stringify(wish);
    if (text.length < PACK_FROM || !window.CompressionStream) return new Blob([text]);
    return new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).blob();
  }

  function show(step, words) {
    dialog.dataset.step = step;
    ["wait", "preview", "running", "failed"].forEach((name) => { part(name).hidden = name !== step; });
    if (words !== undefined) part(step + "-words").textContent = words;
    if (!dialog.open) dialog.showModal();
    const first = part(step).querySelector("[autofocus]");
    if (first && !first.hidden) first.focus();
  }
  // A session that has ended, a lost connection: the edits stay, and one more try is a click away.
  function failed(error, again) {
    show("failed", error.message);
    part("sign-in").hidden = error.code !== "signed_out";
    part("again").onclick = async () => {
      show("wait");
      try { await G.renewToken(); } catch (still) { failed(still, again); return; }
      again();
    };
  }

  async function save(again) {
    if (busy || (dialog.open && !again) || !G.edit.commit()) return;
    const { wish, lines } = collect();
    if (!lines.length) { G.emit("note", say(stage.counts.all ? "only_problems" : "no_edits")); return; }
    if (lines.length > facts.editsMost) { G.emit("note", say("too_many_edits", { limit: facts.editsMost.toLocaleString("en") })); return; }
    busy = true;
    sent = lines;
    show("wait", say("loading"));
    try {
      const answer = await G.ask(facts.urls.save, await packed(wish));
      draft = await answer.json();
    } catch (error) { busy = false; failed(error, () => save(true)); return; }
    busy = false;
    if (draft.counts.changed) preview();
    else { await settle(); await drop(); }
  }

  function preview() {
    const words = draft.figures.map(([label, number]) => {
      const item = make("div", "k-save-figure");
      item.append(make("span", "h2 m-0 k-number", number.toLocaleString("en")), make("span", "text-secondary", label));
      return item;
    });
    part("figures").replaceChildren(...words);
    part("guards").replaceChildren(...draft.guards.map((text) => make("li", "", text)));
    part("guards").parentNode.hidden = !draft.guards.length;
    part("reasons").replaceChildren(...draft.reasons.map(([text, number]) => make("li", "", number.toLocaleString("en") + " × " + text)));
    part("held").hidden = !stage.counts.bad;
    part("held").textContent = many("n_problems", stage.counts.bad) + ". " + say("fix_first");
    part("full").href = draft.page;
    const yes = part("yes");
    yes.textContent = draft.guards.length ? yes.dataset.approval : many("n_change", draft.counts.changed);
    show("preview");
  }

  async function confirm() {
    show("wait", say("loading"));
    let told;
    try { told = await (await G.ask(draft.confirm, {})).json(); } catch (error) { failed(error, confirm); return; }
    if (told.state === "pending") { await forApproval(); return; }
    job = String(told.job);
    part("job").dataset.job = job;
    delete part("job").dataset.state;
    show("running");
    poll();
  }
  document.addEventListener("kuaidan:job", (event) => {
    if (!job || String(event.detail.id) !== job || !event.detail.final) return;
    job = null;
    delete part("job").dataset.job;
    if (event.detail.state === "done") settle();
    else failed({ message: event.detail.error || say("job_failed"), code: event.detail.state }, () => save(true));
  });

  // What waits for a second person leaves the grid: it lies in the change set now.
  async function forApproval() {
    await settle();
    G.emit("note", say("for_approval"), draft.page);
  }

  // Takes what was done out of the stage, marks the rest, and fetches exactly the rows that were touched.
  async function settle() {
    show("wait", say("loading"));
    let told;
    try { told = await (await G.ask(draft.outcome)).json(); } catch (error) { failed(error, settle); return; }
    const left = new Map(told.lines.map((line) => [line.slice(0, 3).join(":"), line]));
    const changes = sent.map(([table, id, field, edit]) => [table, id, field, after(left.get([table, id, field].join(":")), edit, stage.get(table, id, field))]);
    const skus = new Set(), products = new Set();
    sent.forEach(([table, id]) => (table === "sku" ? skus : products).add(id));
    stage.settle(changes.filter((change) => change[3] !== undefined));
    try { await rows.refresh(skus, products); } catch (error) { G.emit("lost", error); }
    const saved = sent.length - told.lines.length;
    sent = null;
    if (dialog.open) dialog.close();
    const words = saved && told.state !== "draft" ? [many("n_saved", saved)] : [];
    if (told.lines.length) words.push(many("n_bad", told.lines.length));
    G.emit("note", words.join(" "));
    G.speak(words.join(" "));
    if (stage.counts.conflicts) G.conflicts.open();
  }
  // The edit as it stands after the save: null when it is done, undefined when the person has gone on meanwhile.
  function after(line, edit, now) {
    if (now !== edit) return now ? Object.assign({}, now, line ? {} : { base: edit.value }) : undefined;
    if (!line) return null;
    const [, , , outcome, reason, theirs, who, when] = line;
    if (outcome !== "stale") return Object.assign({}, edit, { refused: reason });
    if (theirs === edit.value) return null;
    return Object.assign({}, edit, { conflict: { theirs, who, when } });
  }

  // A draft that nobody wants is not left lying about.
  async function drop() {
    try { await G.ask(draft.discard, {}); } catch (away) { /* drafts are cleared by themselves */ }
    draft = null;
  }
  part("yes").addEventListener("click", confirm);
  part("no").addEventListener("click", () => { dialog.close(); drop(); });
  part("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("cancel", (event) => {
    const step = dialog.dataset.step;
    if (step === "wait" || step === "running") event.preventDefault();
    else if (step === "preview") drop();
  });
  dialog.addEventListener("close", () => G.entry.focus());

  document.addEventListener("click", (event) => { if (event.target.closest("[data-save-open]")) save(); });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s" || event.altKey) return;
    event.preventDefault();
    save();
  });

  G.save = { save };
})();
