// Keys that hold everywhere: the help, rows of plain tables, acts by their letter, and the rows before and after this
// one in the list that somebody came from. Single keys can be switched off (WCAG 2.1.4); then only Ctrl-keys hold.
(function () {
  "use strict";
  const { one, all, make, typing } = window.kuaidan;
  const dialog = one("[data-keys-dialog]"), root = document.documentElement;

  const remembered = (store, name) => { try { return store.getItem(name); } catch (blocked) { return null; } };
  const keep = (store, name, value) => { try { store.setItem(name, value); } catch (blocked) { /* this page only */ } };
  const choice = one("[data-keys-on]", dialog);
  choice.checked = remembered(localStorage, "keys") !== "off";
  root.dataset.keys = choice.checked ? "on" : "off";
  choice.addEventListener("change", () => {
    root.dataset.keys = choice.checked ? "on" : "off";
    keep(localStorage, "keys", root.dataset.keys);
  });

  // The list that somebody came from (list.js keeps its address and rows for this tab)
  let from = null;
  try { from = JSON.parse(remembered(sessionStorage, "list")); } catch (broken) { from = null; }
  const place = from ? from.rows.indexOf(location.pathname) : -1;
  const beside = (by) => (place < 0 ? undefined : from.rows[place + by]);

  function link(by, words) {
    const there = beside(by);
    const node = make(there ? "a" : "span", "btn btn-sm btn-icon" + (there ? "" : " disabled"));
    node.append(one(by < 0 ? "[data-icon-previous]" : "[data-icon-next]").content.cloneNode(true));
    node.setAttribute("aria-label", words);
    if (there) Object.assign(node, { href: there, title: words });
    else { node.setAttribute("role", "link"); node.setAttribute("aria-disabled", "true"); }
    return node;
  }
  if (place >= 0 && from.rows.length > 1) {
    const nav = make("nav", "k-beside d-print-none");
    nav.setAttribute("aria-label", dialog.dataset.rows);
    nav.append(link(-1, dialog.dataset.previous), link(1, dialog.dataset.next));
    one("main").prepend(nav);
  }
  document.addEventListener("click", (event) => {  // back to the list as it was: its tab, filters and page
    const back = event.target.closest(".k-back");
    if (!back || place < 0 || event.ctrlKey || event.metaKey || event.shiftKey || back.pathname !== from.url.split("?")[0]) return;
    event.preventDefault();
    location.href = from.url;
  });

  function step(by) {
    const links = all("main .card-table tbody tr").map((row) => one("a", row)).filter((found) => found && found.offsetParent);
    const now = links.findIndex((found) => found.closest("tr").contains(document.activeElement));
    const next = links[Math.max(0, Math.min(links.length - 1, now + by))];
    if (next) next.focus();
  }
  function act(letter) {
    const target = all('[data-key="' + CSS.escape(letter) + '"]').find((node) => node.offsetParent);
    if (!target) return false;
    if (target.matches("input, textarea, select")) target.focus(); else target.click();
    return true;
  }

  const open = () => { if (!dialog.open) dialog.showModal(); };
  document.addEventListener("click", (event) => { if (event.target.closest("[data-keys-open]")) open(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const button = event.target.form && one("[data-ctrl-enter]", event.target.form);
      if (button) { event.preventDefault(); event.target.form.requestSubmit(button); }
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "?") open();
    else if (event.key === "n" && beside(1)) location.href = beside(1);
    else if (event.key === "p" && beside(-1)) location.href = beside(-1);
    else if ((event.key === "j" || event.key === "k") && !one("[data-list]")) step(event.key === "j" ? 1 : -1);
    else if (event.key.length === 1 && act(event.key)) event.preventDefault();
  });
})();
