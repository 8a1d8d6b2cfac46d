// Staged edits outlive the tab: kept in IndexedDB as they are made, one record a tab, and offered at the next visit.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { facts, say, stage } = G;
  const OWNER = facts.shop + ":" + facts.user;
  const MINE = OWNER + ":" + Date.now().toString(36) + Math.random().toString(36).slice(2);
  const SOON = 250, MANY = 5_000, MANY_SOON = 1_500;
  let store = null, timer = 0, dirty = false, earlier = [];

  const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  async function open() {
    const request = indexedDB.open("kuaidan-grid", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("edits", { keyPath: "key" });
    return done(request);
  }
  const edits = (mode) => store.transaction("edits", mode).objectStore("edits");

  function written() {
    const lines = [];
    stage.each((table, id, field, edit) => lines.push([table, id, field, edit]));
    return lines;
  }
  async function write() {
    clearTimeout(timer);
    timer = 0;
    if (!store || !dirty) return;
    dirty = false;
    const lines = written();
    try {
      if (lines.length) await done(edits("readwrite").put({ key: MINE, owner: OWNER, at: Date.now(), lines }));
      else await done(edits("readwrite").delete(MINE));
    } catch (full) { G.emit("note", say("kept_failed")); }
  }
  G.on("staged", () => {
    dirty = true;
    if (!timer) timer = setTimeout(write, stage.counts.all > MANY ? MANY_SOON : SOON);
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) write(); });
  window.addEventListener("pagehide", write);

  // A tab that lives holds a lock of its record's name; without locks every other record counts as left behind.
  function hold() {
    if (navigator.locks) navigator.locks.request("kuaidan-grid:" + MINE, () => new Promise(() => undefined));
  }
  async function abandoned(records) {
    if (!navigator.locks) return records;
    const held = new Set((await navigator.locks.query()).held.map((lock) => lock.name));
    return records.filter((record) => !held.has("kuaidan-grid:" + record.key));
  }

  // What earlier visits have left: {count, at}, or null.
  async function find() {
    try { store = await open(); } catch (blocked) { G.emit("note", say("kept_failed")); return null; }
    hold();
    const all = (await done(edits("readonly").getAll())).filter((record) => record.owner === OWNER && record.key !== MINE);
    earlier = (await abandoned(all)).sort((a, b) => a.at - b.at);
    if (!earlier.length) return null;
    return { count: earlier.reduce((sum, one) => sum + one.lines.length, 0), at: earlier[earlier.length - 1].at };
  }
  // Goes on with them: beneath what has been edited since the page was opened.
  async function resume() {
    const lines = new Map();
    earlier.forEach((record) => record.lines.forEach((line) => lines.set(line[0] + line[1] + line[2], line)));
    stage.settle([...lines.values()].filter(([table, id, field]) => !stage.get(table, id, field)));
    dirty = true;
    await write();
    await discard();
  }
  async function discard() {
    const mode = edits("readwrite");
    await Promise.all(earlier.map((record) => done(mode.delete(record.key))));
    earlier = [];
  }

  window.addEventListener("beforeunload", (event) => {
    write();
    if (stage.counts.all && (!store || dirty)) event.preventDefault();
  });

  G.keep = { find, resume, discard, write };
})();
