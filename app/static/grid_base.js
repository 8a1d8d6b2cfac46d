// What the grid's modules share: the page's facts, its sentences, a small bus, and requests that know of lost sessions.
(function () {
  "use strict";
  const { one, send } = window.kuaidan;
  const box = one("[data-grid]");
  if (!box) return;
  const facts = JSON.parse(one("[data-grid-facts]").textContent);
  const listeners = new Map();

  // Sentences come from the server's translations with their %(name)s places still open.
  function say(key, values) {
    return put(facts.words[key], values || {});
  }
  function many(key, number, values) {
    const pair = facts.words[key];
    return put(number === 1 ? pair[0] : pair[1], Object.assign({ num: number.toLocaleString("en") }, values));
  }
  const put = (sentence, values) => sentence.replace(/%\((\w+)\)s/g, (all, name) => (name in values ? values[name] : all));

  function on(event, listener) {
    if (!listeners.has(event)) listeners.set(event, []);
    listeners.get(event).push(listener);
  }
  function emit(event, detail) {
    (listeners.get(event) || []).forEach((listener) => listener(detail));
  }

  function failure(code, message) {
    return Object.assign(new Error(message || code), { code });
  }

  // A request as JSON. Throws with `code`: "offline", "signed_out", or the server's own, with its sentence as message.
  async function ask(url, body, options) {
    const wanted = { method: body === undefined ? "GET" : "POST", headers: {} };
    if (body !== undefined) {
      wanted.headers["Content-Type"] = "application/json";
      wanted.body = body instanceof Blob || body instanceof ArrayBuffer ? body : JSON.stringify(body);
    }
    let answer;
    try { answer = await send(url, Object.assign(wanted, options)); } catch (away) { throw failure("offline", say("lost")); }
    if (answer.redirected) throw failure("signed_out", say("signed_out"));
    if (answer.ok) return answer;
    let told = {};
    try { told = await answer.json(); } catch (plain) { /* an error page has no code */ }
    if (told.code === "csrf" || answer.status === 401) throw failure("signed_out", say("signed_out"));
    throw failure(told.code || "fault", told.message || say("lost"));
  }

  // After another sign-in the page's token is old: the new one stands in a fresh copy of this page.
  async function renewToken() {
    const answer = await send(facts.urls.page, { headers: { Accept: "text/html" } });
    if (answer.redirected || !answer.ok) throw failure("signed_out", say("signed_out"));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const theirs = JSON.parse(page.querySelector("[data-grid-facts]").textContent);
    if (theirs.user !== facts.user || theirs.shop !== facts.shop) throw failure("other_person", say("other_person"));
    document.querySelector('meta[name="csrf-token"]').content = page.querySelector('meta[name="csrf-token"]').content;
  }

  // The address keeps the grid's whole state, so that it can be shared and reloaded.
  function address(changes) {
    const params = new URLSearchParams(location.search);
    Object.entries(changes).forEach(([name, value]) => { if (value) params.set(name, value); else params.delete(name); });
    history.replaceState({}, "", location.pathname + (params.size ? "?" + params : ""));
  }

  // Kept for the person on this browser; a browser that keeps nothing costs only the comfort.
  const remember = {
    get(name) { try { return JSON.parse(localStorage.getItem("grid." + name)); } catch (blocked) { return null; } },
    set(name, value) { try { localStorage.setItem("grid." + name, JSON.stringify(value)); } catch (blocked) { /* this page only */ } },
  };

  const live = one("[data-grid-live]");
  let speaking = 0;
  // The last sentence within a moment is spoken, so that a held arrow key is not a flood.
  function speak(text) {
    clearTimeout(speaking);
    speaking = setTimeout(() => { live.textContent = text; }, 120);
  }

  // The order of the rows; the first one is asked for at once, while the other scripts are still being read.
  const begin = { query: facts.selection.query, sort: facts.sort, ...(facts.selection.ids ? { ids: facts.selection.ids } : {}) };
  let early = ask(facts.urls.order, begin);
  early.catch(() => undefined); // whoever waits for it hears of it
  function ordered(query) {
    const fits = early && JSON.stringify(query) === JSON.stringify(begin), first = early;
    early = null;
    return fits ? first : ask(facts.urls.order, query);
  }

  window.kuaidanGrid = { box, facts, say, many, on, emit, ask, ordered, failure, renewToken, address, remember, speak };
})();
