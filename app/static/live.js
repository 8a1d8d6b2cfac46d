// Orders that others change show it without a reload: rows of the list, and the parts of an open order.
// Asks every 2.5 s while the tab is seen and somebody has touched it in the last ten minutes; 304 costs next to nothing.
// Nothing that somebody is typing in is ever replaced.
(function () {
  "use strict";
  const { one, all, send, make } = window.kuaidan;
  const EVERY = 2500, SLOWEST = 30000, AWAY = 600000;
  const order = one("[data-live-order]"), list = one("[data-list][data-live]");
  let mark = order && order.dataset.mark ? '"' + order.dataset.mark + '"' : "", wait = EVERY, timer = 0, touched = Date.now();

  if (!list && !order) return;

  function later(pause) { clearTimeout(timer); timer = setTimeout(ask, pause); }
  ["pointerdown", "keydown", "pointermove", "scroll"].forEach((name) => document.addEventListener(name, () => {
    const slept = Date.now() - touched > AWAY;
    touched = Date.now();
    if (slept) later(0);
  }, { passive: true }));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) later(0); });

  async function ask() {
    if (document.hidden || Date.now() - touched > AWAY) return; // taken up again when somebody is back
    const url = list ? rowsUrl() : order.dataset.liveOrder;
    try {
      if (url) {
        const answer = await send(url, { headers: mark ? { "If-None-Match": mark } : {} });
        if (answer.status === 200) {
          mark = answer.headers.get("ETag") || "";
          await (list ? showRows(answer) : showOrder(answer));
        } else if (answer.status === 401 || answer.status === 403 || answer.redirected) return;
        wait = EVERY;
      }
    } catch (away) { wait = Math.min(wait * 2, SLOWEST); }
    later(wait);
  }

  // The list
  let asked = "";
  function rowsUrl() {
    const ids = all('tbody th[id^="r"]', list).map((cell) => cell.id.slice(1));
    if (!ids.length) return "";
    const cols = new URLSearchParams(location.search).get("cols") || "";
    const url = list.dataset.live + "?ids=" + ids.join(",") + (cols ? "&cols=" + encodeURIComponent(cols) : "");
    if (url !== asked) { asked = url; mark = ""; }
    return url;
  }
  async function showRows(answer) {
    const rows = (await answer.json()).rows;
    Object.entries(rows).forEach(([id, html]) => {
      const there = one("#r" + id, list);
      const table = new DOMParser().parseFromString("<table><tbody>" + html + "</tbody></table>", "text/html");
      const fresh = table.querySelector("tr");
      if (there && fresh) mend(there.closest("tr"), fresh);
    });
  }
  // Only cells that differ, so that ticks, focus and the reader's place stay.
  function mend(row, fresh) {
    const news = Array.from(fresh.cells), olds = Array.from(row.cells);
    if (news.length !== olds.length) return;
    news.forEach((cell, place) => {
      const old = olds[place];
      if (old.classList.contains("k-pick") || plain(old) === plain(cell)) return;
      const moved = old.textContent.trim() !== cell.textContent.trim();
      old.replaceChildren(...Array.from(document.adoptNode(cell).childNodes));
      if (moved && !old.querySelector("time")) glow(old);
    });
  }
  const plain = (cell) => cell.innerHTML.replace(/\s+/g, " ").trim();
  function glow(node) { node.classList.add("k-fresh"); setTimeout(() => node.classList.remove("k-fresh"), 2500); }

  // One order: the page is fetched again and its parts are exchanged, but for those that somebody works in.
  const bar = one("[data-live-bar]");
  let shownFacts = order && order.dataset.facts ? Number(order.dataset.facts) : null;
  async function showOrder(answer) {
    const facts = (await answer.json()).facts;
    const page = await fetch(order.dataset.page, { credentials: "same-origin" });
    if (!page.ok || page.redirected) return;
    const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
    const kept = all("[data-live]").filter((part) => !exchange(part, one('[data-live="' + part.dataset.live + '"]', fresh)));
    const added = shownFacts === null ? 0 : facts - shownFacts;
    shownFacts = facts;
    tell(added, kept);
  }
  function exchange(part, fresh) {
    if (!fresh || clean(fresh) === clean(part)) return true;
    if (busy(part)) return false;
    part.replaceChildren(...Array.from(document.adoptNode(fresh).childNodes));
    glow(part);
    return true;
  }
  // Form tokens and how long ago something was differ with every page; that alone is no news.
  function clean(part) {
    const copy = part.cloneNode(true);
    all('input[name="csrf_token"], input[name="key"]', copy).forEach((node) => node.remove());
    all("time", copy).forEach((node) => { node.textContent = ""; });
    all("input", copy).forEach((node) => node.removeAttribute("value"));
    return copy.innerHTML.replace(/\s+/g, " ") + all("input", part).map((node) => (node.name === "csrf_token" || node.name === "key" ? "" : node.defaultValue)).join("|");
  }
  function busy(part) {
    if (part.contains(document.activeElement) && document.activeElement !== document.body) return true;
    return all("input, textarea, select", part).some((field) => {
      if (field.type === "hidden") return false;
      if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
      if (field.tagName === "SELECT") return all("option", field).some((option) => option.selected !== option.defaultSelected) && all("option", field).some((option) => option.defaultSelected);
      return field.value !== field.defaultValue;
    }) || all("details[open]", part).some((box) => !box.hasAttribute("data-open"));
  }
  function tell(added, kept) {
    if (!bar) return;
    const words = [];
    if (added > 0) words.push(bar.dataset.entries.replace("{count}", added));
    if (kept.length) words.push(bar.dataset.kept);
    if (!words.length) return;
    const show = make("a", "", bar.dataset.show), again = make("a", "ms-2", bar.dataset.reload);
    show.href = "#timeline";
    again.href = location.pathname;
    bar.replaceChildren(make("span", "me-2", words.join(" ")), ...(added > 0 ? [show] : []), ...(kept.length ? [again] : []));
    bar.hidden = false;
  }

  later(order ? EVERY : 400);
})();
