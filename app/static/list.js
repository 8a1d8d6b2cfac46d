// The list component: reloads its parts without the page, keeps the whole state in the address, selects, keyboard.
(function () {
  "use strict";
  const { one, all, send, toast, typing } = window.kuaidan;
  const list = one("[data-list]");
  if (!list) return;
  const body = () => document.getElementById("list-body");
  let loading = null, counted = null, totals = null, matching = false, rare = false;

  // The state
  function address(change) {
    const params = new URLSearchParams(location.search);
    ["after", "before", "view", "shop"].forEach((name) => params.delete(name));
    change(params);
    return location.pathname + "?" + params.toString();
  }

  async function go(url, push) {
    if (loading) loading.abort();
    loading = new AbortController();
    list.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { headers: { "X-List-Part": "body", ...window.kuaidan.ofShop() }, credentials: "same-origin", signal: loading.signal });
      if (answer.redirected) { location.href = url; return; }
      const text = await answer.text();
      if (!answer.ok) { window.kuaidan.fail({ responseText: text, status: answer.status }); return; }
      if (push) history.pushState({}, "", url);
      replace(text);
    } catch (error) {
      if (error.name !== "AbortError") toast(list.dataset.lost, true);
    } finally { list.removeAttribute("aria-busy"); }
  }

  function replace(text) {
    const active = document.activeElement;
    const mark = active && list.contains(active) ? active.dataset.filter || null : null;
    const parsed = new DOMParser().parseFromString(text, "text/html");
    all("[data-part]", parsed).forEach((part) => document.getElementById(part.id).replaceWith(document.adoptNode(part)));
    const search = one("#list-search");
    if (search && search !== document.activeElement) search.value = new URLSearchParams(location.search).get("q") || "";
    if (mark) { const again = one('[data-filter="' + CSS.escape(mark) + '"]'); if (again) again.focus(); }
    ready();
  }

  function more(open) {
    const button = one("[data-filters-more]");
    if (!button) return;
    rare = open;
    button.setAttribute("aria-expanded", String(open));
    one("#rare-filters").hidden = !open;
  }
  list.addEventListener("click", (event) => { if (event.target.closest("[data-filters-more]")) more(!rare); });

  function ready() {
    matching = false;
    density();
    more(rare);
    const exporting = one("[data-list-export]");
    if (exporting) exporting.href = exporting.href.split("?")[0] + "?" + body().dataset.query;
    const workbook = one("[data-list-workbook]");
    if (workbook) workbook.elements.query.value = body().dataset.query;
    all("[data-bulk] [formaction]").length && picks();
    keep();
    counts();
  }

  // For the pages of the rows (keys.js): which list they came from, and what stands beside them.
  function keep() {
    const rows = all("tbody th a", body()).map((link) => link.getAttribute("href"));
    try { sessionStorage.setItem("list", JSON.stringify({ url: location.pathname + location.search, rows })); } catch (blocked) { /* without */ }
  }

  async function counts() {
    const params = new URLSearchParams(body().dataset.query);
    if (one("#list-tabs [data-count]")) params.delete("tab");
    ["sort", "cols", "size", "view"].forEach((name) => params.delete(name));
    const key = params.toString();
    if (key !== counted) {
      counted = key; totals = null;
      try {
        const answer = await send(list.dataset.counts + "?" + key);
        if (key !== counted) return;
        if (answer.ok) totals = await answer.json();
      } catch (away) { counted = null; return; }
    }
    if (totals) fill();
  }
  // The counts of all tabs come together, so that another tab needs no new ones.
  const here = () => { const tab = one("#list-tabs .active [data-count]"); return tab ? tab.dataset.count : ""; };
  // Of a tab in `least` the server has met so many without looking at all of its rows; the page shows some itself.
  const openEnded = () => totals.least.includes(here());
  const total = () => { const known = here() in totals.tabs ? totals.tabs[here()] : totals.total; return openEnded() ? Math.max(known, all("tbody tr", body()).length) : known; };
  const words = (number, least) => Math.min(number, totals.cap).toLocaleString("en") + (least || number > totals.cap ? "+" : "");
  function fill() {
    all("[data-count]").forEach((badge) => {
      const key = badge.dataset.count, number = totals.tabs[key], least = totals.least.includes(key);
      if (key in totals.tabs) badge.textContent = least && !number ? "" : words(number, least);
    });
    const place = one("[data-total]");
    if (place) { place.textContent = words(total(), openEnded()); one("[data-total-line]").hidden = false; }
    picks();
  }

  list.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-go]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(link.href, true);
    if ("page" in link.dataset) one(".k-table-scroll").scrollTop = 0;
  });
  addEventListener("popstate", () => go(location.href, false));

  // Search, filters, columns, size
  let pause = 0;
  const search = one("[data-list-search]");
  if (search) {
    const run = () => go(address((p) => { p.delete("q"); const q = search.elements.q.value.trim(); if (q) p.set("q", q); }), true);
    search.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(pause); run(); });
    search.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(run, 300); });
  }
  list.addEventListener("submit", (event) => {
    const form = event.target;
    if ("listFilter" in form.dataset) { event.preventDefault(); filter(form); }
    if ("listColumns" in form.dataset) {
      event.preventDefault();
      const keys = all("input:checked", form).map((box) => box.value);
      if (keys.length) go(address((p) => p.set("cols", keys.join(","))), true);
    }
  });
  function filter(form) {
    const name = form.dataset.listFilter, kind = form.dataset.kind, data = new FormData(form);
    go(address((p) => {
      p.delete(name);
      if (kind === "days" || kind === "number") {
        const range = data.get("low").trim() + ".." + data.get("high").trim();
        if (range !== "..") p.set(name, range);
      } else data.getAll("value").forEach((value) => { if (value.trim()) p.append(name, value.trim()); });
    }), true);
  }
  list.addEventListener("change", (event) => {
    if ("size" in event.target.dataset) go(address((p) => p.set("size", event.target.value)), true);
    if (event.target.closest(".k-pick")) { matching = false; if ("pickAll" in event.target.dataset) tickAll(event.target.checked); picks(); }
  });
  list.addEventListener("click", (event) => {
    const move = event.target.closest("[data-move]"), dense = event.target.closest("[data-density-set]");
    if (dense) { try { localStorage.setItem("density", dense.dataset.densitySet); } catch (blocked) { /* this page only */ } document.documentElement.dataset.density = dense.dataset.densitySet; density(); }
    if (!move) return;
    const row = move.closest("li"), up = move.dataset.move === "-1";
    const other = up ? row.previousElementSibling : row.nextElementSibling;
    if (other) { up ? other.before(row) : other.after(row); move.focus(); }
  });
  function density() {
    all("[data-density-set]").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.densitySet === document.documentElement.dataset.density)));
  }

  // Selection
  const boxes = () => all('input[name="ids"]', body());
  function tickAll(on) { boxes().forEach((box) => { box.checked = on; }); }
  function picks() {
    const bar = one("[data-bulk]");
    if (!bar) return;
    const rows = boxes(), picked = rows.filter((box) => box.checked).length;
    const every = one("[data-pick-all]"), more = one("[data-pick-matching]", bar);
    rows.forEach((box) => box.closest("tr").classList.toggle("picked", box.checked));
    every.checked = picked > 0 && picked === rows.length;
    every.indeterminate = picked > 0 && picked < rows.length;
    bar.hidden = picked === 0;
    const matches = totals ? total() : 0;
    more.hidden = matching || picked < rows.length || (matches <= rows.length && !(totals && openEnded()));
    if (totals) more.textContent = more.dataset.words.replace("{count}", words(matches, openEnded()));
    one("[data-picked]", bar).textContent = matching && totals ? words(matches, openEnded()) : picked;
    body().elements.selection.value = matching ? "matching" : "ids";
  }
  list.addEventListener("click", (event) => {
    if (event.target.closest("[data-pick-matching]")) { matching = true; picks(); }
    if (event.target.closest("[data-pick-none]")) { matching = false; tickAll(false); picks(); }
  });

  // Rows: click opens, with Ctrl or the middle button in a new tab; j k arrows x Enter /
  const opener = (row) => row && one("th a", row);
  function open(event) {
    const row = event.target.closest("tbody tr"), link = opener(row);
    if (!link || event.target.closest("a, button, input, label") || String(getSelection())) return;
    if (event.ctrlKey || event.metaKey || event.button === 1) window.open(link.href, "_blank", "noopener");
    else if (event.button === 0) location.href = link.href;
  }
  list.addEventListener("click", open);
  list.addEventListener("auxclick", (event) => { if (event.button === 1) open(event); });

  function current() { const row = document.activeElement.closest("tbody tr"); return row && body().contains(row) ? row : one("tr.current", body()); }
  function step(by) {
    const rows = all("tbody tr", body());
    const next = rows[Math.max(0, Math.min(rows.length - 1, rows.indexOf(current()) + by))];
    if (!next) return;
    rows.forEach((row) => row.classList.toggle("current", row === next));
    const target = opener(next) || one("input", next);
    if (target) target.focus();
    next.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const box = event.target.matches && event.target.matches('input[type="checkbox"]');
    if (typing(event.target) && !box) return;
    const field = one("#list-search");
    if (event.key === "/" && field) { event.preventDefault(); field.focus(); field.select(); }
    const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (arrow && document.activeElement.closest("#list-body tbody")) { event.preventDefault(); step(arrow); }
    if (event.key === "j") step(1);
    if (event.key === "k") step(-1);
    if (event.key === "x" && current()) { const tick = one('input[name="ids"]', current()); if (tick) { tick.checked = !tick.checked; matching = false; picks(); } }
    if (event.key === "Enter" && box) { event.preventDefault(); const link = opener(current()); if (link) location.href = link.href; }
  });

  ready();
})();
