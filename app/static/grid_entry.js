// The one text box of the grid: it holds the focus over the active cell, unseen while keys move, and is the editor when
// something is written. So an input method is on before the first key, and its first letter is not lost to a plain one.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { say, rows, view, columns } = G;
  const { host, grid } = view;
  const OPEN = "k-open";
  const touch = window.matchMedia("(pointer: coarse)").matches;
  let cell = { line: 0, at: 0 };

  const box = document.createElement("input");
  box.type = "text";
  box.className = "k-grid-entry";
  box.autocomplete = "off";
  box.spellcheck = false;
  box.setAttribute("aria-controls", host.id);
  box.setAttribute("aria-describedby", "grid-how");
  // It controls the grid and is no part of it, for a grid holds rows alone; the pane over the rows cuts it off at their edge.
  const pane = document.createElement("div"), port = grid.getViewportNode();
  pane.className = "k-grid-over";
  pane.append(box);
  host.after(pane);

  const open = () => box.classList.contains(OPEN);
  // On a touch screen the keyboard would come up at each tap: only for the editor.
  const rest = () => { box.setAttribute("aria-label", host.dataset.label); box.setAttribute("aria-activedescendant", view.ACTIVE); if (touch) box.inputMode = "none"; };
  const focus = () => box.focus({ preventScroll: true });

  function lay() {
    const at = rows.length ? grid.getCellNodeBox(cell.line, cell.at) : null;
    const { top, left, right, bottom } = at || { top: 0, left: 0, right: 1, bottom: 0 };
    pane.style.top = port.getBoundingClientRect().top - host.getBoundingClientRect().top + "px";
    Object.assign(box.style, { top: top - port.scrollTop + "px", left: left - port.scrollLeft + "px", width: right - left + "px", height: bottom - top + 1 + "px" });
  }
  // Over the active cell; where that cannot be written, nothing can be typed either.
  function place() {
    if (open()) return;
    const row = rows.at(cell.line), column = view.columnAt(cell.at);
    box.readOnly = !row || Boolean(row.gone) || !column || column.fixed;
    lay();
  }
  G.on("selected", ({ active }) => { cell = active; place(); });
  G.on("rows", place);
  G.on("staged", place);

  // Becomes the editor, under this name and with this text; what an input method has begun in it goes on.
  function show({ label, text, list, end, raise }) {
    box.classList.add(OPEN);
    box.classList.toggle("k-end", end);
    box.setAttribute("aria-label", label);
    box.removeAttribute("aria-activedescendant");
    if (list) box.setAttribute("list", list);
    if (box.value !== text) box.value = text;
    lay();
    if (touch) { box.inputMode = "text"; if (raise) box.blur(); }
    focus();
  }
  // Out of sight again; returns what stood there.
  function hide() {
    const text = box.value;
    box.classList.remove(OPEN);
    box.removeAttribute("list");
    box.value = "";
    rest();
    place();
    return text;
  }

  port.addEventListener("scroll", () => { if (open()) lay(); }, { passive: true });
  // Whoever has scrolled away from the editor and types on sees it again.
  box.addEventListener("input", () => { if (open()) { view.reveal(cell.line, cell.at); lay(); } });

  // An input method's own keys: they choose and cancel words, and are nobody else's.
  const composing = (event) => event.isComposing || event.keyCode === 229;
  // A key for the grid: pressed while nothing is being written.
  const resting = (event) => event.target === box && !open() && !composing(event);

  // The first letter, the first stroke of an input method, an emoji picker: all begin the editor.
  const begin = () => { if (!open()) G.edit.open(""); };
  box.addEventListener("compositionstart", begin);
  box.addEventListener("beforeinput", (event) => {
    if (open()) return;
    if (/^insert(Text|CompositionText|ReplacementText)$/.test(event.inputType)) begin();
    else event.preventDefault();
  });
  // without it some browsers offer no copy where no text is selected
  ["beforecopy", "beforecut"].forEach((kind) => box.addEventListener(kind, (event) => { if (!open()) event.preventDefault(); }));
  box.addEventListener("keydown", (event) => {
    if (!resting(event) || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    if (event.key === " ") { if (!event.shiftKey) event.preventDefault(); return; }
    if (box.readOnly && event.key !== "?") G.edit.open("");
  });

  host.tabIndex = -1;
  host.addEventListener("focus", focus);
  box.addEventListener("focus", () => { if (!open()) { view.paintAll(); G.select.announce(); } });
  rest();

  G.entry = { box, focus, show, hide, composing, resting, get held() { return document.activeElement === box && !open(); } };
})();
