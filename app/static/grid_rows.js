// The rows: the ids of all of them in order, and their values by window, fetched where the person looks.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { facts } = G;
  const WINDOW = 400, AT_ONCE = 2, MOST_KEPT = 300_000;
  const GONE = 4;
  let ids = new Float64Array(0);
  let positions = null;
  let asked = null;
  const rows = new Map();
  const underway = new Set();
  let waiting = [];
  let broken = false;

  // ---- order
  // Steps from one id to the next, as the server packs them (catalog/grid.py: packed).
  function unpack(buffer, width) {
    const steps = width === 8 ? new BigInt64Array(buffer) : new Int32Array(buffer);
    const found = new Float64Array(steps.length);
    let at = 0;
    for (let i = 0; i < steps.length; i += 1) { at += Number(steps[i]); found[i] = at; }
    return found;
  }

  // Loads another order of rows. Only the last one asked for counts. Throws as G.ask does.
  async function load(query) {
    const mine = asked = {};
    const answer = await G.ordered(query);
    const buffer = await answer.arrayBuffer(), first = Number(answer.headers.get("X-First-Bytes"));
    if (mine !== asked) return false;
    ids = unpack(buffer.slice(first), Number(answer.headers.get("X-Id-Bytes")));
    take([], JSON.parse(new TextDecoder().decode(buffer.slice(0, first))));
    positions = null;
    waiting = [];
    underway.clear();
    broken = false;
    return true;
  }

  function indexOf(id) {
    if (!positions) { positions = new Map(); ids.forEach((one, i) => positions.set(one, i)); }
    return positions.has(id) ? positions.get(id) : -1;
  }

  // ---- windows
  function take(wanted, found) {
    found.forEach((row) => rows.set(row[0], row));
    // what the server no longer knows has been deleted; it stays where it was, and says so
    wanted.forEach((id) => { if (!rows.has(id)) rows.set(id, gone(id)); });
    if (rows.size > MOST_KEPT) forget();
  }
  function gone(id) {
    const row = [id, 0, 0, 0, "", ""];
    row[GONE] = G.say("gone");
    facts.fields.forEach(() => row.push(null));
    row.gone = true;
    return row;
  }
  function forget() {
    for (const id of rows.keys()) { rows.delete(id); if (rows.size <= MOST_KEPT / 2) return; }
  }

  const missing = (from, to) => { const found = []; for (let i = from; i < to && i < ids.length; i += 1) if (!rows.has(ids[i])) found.push(ids[i]); return found; };

  async function fetchRows(wanted) {
    const answer = await G.ask(facts.urls.rows, { ids: wanted });
    const found = await answer.json();
    wanted.forEach((id) => rows.delete(id));
    take(wanted, found);
  }

  async function fetchWindow(number) {
    const order = ids, from = number * WINDOW;
    const wanted = missing(from, from + WINDOW);
    if (!wanted.length) return;
    await fetchRows(wanted);
    if (order === ids) G.emit("rows", { from, to: Math.min(from + WINDOW, ids.length) });
  }

  // Called for what is on screen; the window looked at last comes first, those scrolled past are dropped.
  function ensure(from, to) {
    if (broken) return;
    const first = Math.floor(from / WINDOW), last = Math.floor(Math.min(to, ids.length - 1) / WINDOW);
    const needed = [];
    for (let number = first; number <= last; number += 1) {
      if (!underway.has(number) && missing(number * WINDOW, (number + 1) * WINDOW).length) needed.push(number);
    }
    waiting = needed.concat(waiting.filter((number) => !needed.includes(number))).slice(0, 4);
    next();
  }
  function next() {
    while (underway.size < AT_ONCE && waiting.length) run(waiting.shift());
  }
  async function run(number) {
    const order = ids;
    underway.add(number);
    try { await fetchWindow(number); } catch (error) { if (order === ids) { broken = true; waiting = []; G.emit("lost", error); } }
    if (order !== ids) return;
    underway.delete(number);
    next();
  }
  function retry() { broken = false; G.emit("rows", { from: 0, to: ids.length }); }

  // ---- for deeds on many rows
  // All rows of [from, to) are there afterwards; `progress(done, total)` while they come. Throws as G.ask does.
  async function need(from, to, progress) {
    const wanted = missing(from, to);
    for (let done = 0; done < wanted.length; done += facts.windowMost) {
      if (progress) progress(done, wanted.length);
      await fetchRows(wanted.slice(done, done + facts.windowMost));
    }
    if (wanted.length) G.emit("rows", { from, to });
  }
  const has = (from, to) => { for (let i = from; i < to; i += 1) if (!rows.has(ids[i])) return false; return true; };

  // Fetches the rows that show one of these SKUs or products anew, and says which lines of the grid they are.
  async function refresh(skuIds, productIds) {
    const wanted = [];
    for (const [id, row] of rows) if (skuIds.has(id) || productIds.has(row[2])) wanted.push(id);
    for (let at = 0; at < wanted.length; at += facts.windowMost) await fetchRows(wanted.slice(at, at + facts.windowMost));
    G.emit("rows", { from: 0, to: ids.length });
    return wanted;
  }

  G.rows = {
    load, ensure, need, has, refresh, retry, indexOf, get length() { return ids.length; },
    at: (index) => rows.get(ids[index]), idAt: (index) => ids[index], byId: (id) => rows.get(id),
  };
})();
