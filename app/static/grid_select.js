// The active cell and the picked range: by arrows, by mouse, by header; spoken where nobody looks.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { say, many, rows, view, columns, entry } = G;
  const { host, grid } = view;
  let active = { line: 0, at: 0 };
  let head = { line: 0, at: 0 };

  const lastLine = () => rows.length - 1;
  const lastAt = () => columns.shown().length - 1;
  const clampLine = (line) => Math.max(0, Math.min(lastLine(), line));
  const clampAt = (at) => Math.max(0, Math.min(lastAt(), at));

  // The picked block, ends included.
  function range() {
    return {
      top: Math.min(active.line, head.line), bottom: Math.max(active.line, head.line),
      left: Math.min(active.at, head.at), right: Math.max(active.at, head.at),
    };
  }
  const touches = (line) => { const r = range(); return line >= r.top && line <= r.bottom; };
  const holds = (line, at) => { const r = range(); return line >= r.top && line <= r.bottom && at >= r.left && at <= r.right; };
  const isActive = (line, at) => line === active.line && at === active.at;
  const single = () => active.line === head.line && active.at === head.at;
  const size = () => { const r = range(); return (r.bottom - r.top + 1) * (r.right - r.left + 1); };

  let moves = 0;
  function moved(quiet) {
    moves += 1;
    view.paintAll();
    G.emit("selected", { active, range: range() });
    if (!quiet) announce();
  }
  // Goes to a cell; with `extend` the range reaches there and the active cell stays.
  function go(line, at, extend) {
    if (!rows.length) return;
    head = { line: clampLine(line), at: clampAt(at) };
    if (!extend) active = Object.assign({}, head);
    view.reveal(head.line, head.at);
    moved();
  }
  // Picks a block without scrolling; a deed that had to wait for rows does so only where nobody has moved on (`moves`).
  function pick(top, left, bottom, right) {
    active = { line: clampLine(top), at: clampAt(left) };
    head = { line: clampLine(bottom), at: clampAt(right) };
    moved();
  }
  function clamp() { active = { line: Math.max(0, clampLine(active.line)), at: clampAt(active.at) }; head = { line: Math.max(0, clampLine(head.line)), at: clampAt(head.at) }; moved(true); }

  // Code, column, value, problem: what somebody who does not see the cell must hear.
  function announce() {
    const row = rows.at(active.line), column = view.columnAt(active.at);
    if (!row || !column) return;
    const look = columns.look(row, column);
    const parts = [say("at_cell", { code: row[columns.HEAD.code], column: column.label, value: look.text || say("empty_cell") })];
    if (look.bad) parts.push(look.bad);
    else if (look.staged) parts.push(say("unsaved"));
    if (!single()) parts.unshift(many("n_cells", size()));
    G.speak(parts.join(". "));
  }

  // ---- keyboard
  const MOVES = {
    ArrowUp: (from, far) => [far ? 0 : from.line - 1, from.at],
    ArrowDown: (from, far) => [far ? lastLine() : from.line + 1, from.at],
    ArrowLeft: (from, far) => [from.line, far ? 0 : from.at - 1],
    ArrowRight: (from, far) => [from.line, far ? lastAt() : from.at + 1],
    PageUp: (from) => [from.line - view.page, from.at],
    PageDown: (from) => [from.line + view.page, from.at],
    Home: (from, far) => [far ? 0 : from.line, 0],
    End: (from, far) => [far ? lastLine() : from.line, lastAt()],
  };
  entry.box.addEventListener("keydown", (event) => {
    if (!entry.resting(event) || event.altKey || !rows.length) return;
    const far = event.ctrlKey || event.metaKey;
    const move = MOVES[event.key];
    if (move) {
      event.preventDefault();
      go(...move(event.shiftKey ? head : active, far), event.shiftKey);
    } else if (event.key === "Tab" && !far) {
      // at the end of a row Tab leaves the grid: nobody is caught in it
      const next = active.at + (event.shiftKey ? -1 : 1);
      if (next < 0 || next > lastAt()) return;
      event.preventDefault();
      go(active.line, next);
    } else if (event.key === "Enter" && !far) {
      event.preventDefault();
      go(active.line + (event.shiftKey ? -1 : 1), active.at);
    } else if (far && event.key.toLowerCase() === "a") {
      event.preventDefault();
      pick(0, 0, lastLine(), lastAt());
    } else if (event.key === " " && (event.shiftKey || far)) {
      event.preventDefault();
      if (event.shiftKey) pick(active.line, 0, head.line, lastAt());
      else pick(0, active.at, lastLine(), head.at);
    }
  });

  // ---- mouse: press, drag beyond the edge, shift-click
  let dragging = null, scrolling = 0;
  function cellAt(event) {
    const box = view.canvas.getBoundingClientRect(), port = grid.getViewportNode().getBoundingClientRect();
    const x = Math.max(port.left + 1, Math.min(port.right - 18, event.clientX)) - box.left;
    const y = Math.max(port.top - 20, Math.min(port.bottom + 20, event.clientY)) - box.top;
    const direct = document.elementFromPoint(event.clientX, event.clientY);
    const cell = direct && direct.closest && direct.closest(".slick-cell");
    const found = grid.getCellFromPoint(x, y);
    if (cell && host.contains(cell)) found.cell = Number(cell.getAttribute("aria-colindex")) - 1;
    return { line: clampLine(found.row), at: clampAt(found.cell) };
  }
  host.addEventListener("mousedown", (event) => {
    const node = event.target.closest(".slick-cell");
    if (!node || event.target.closest("input, [data-fill]")) return;
    event.preventDefault();
    if (G.edit && !G.edit.commit()) return;
    entry.focus();
    if (event.button === 2 && holds(...Object.values(cellAt(event)))) return;
    const cell = cellAt(event);
    go(cell.line, cell.at, event.shiftKey);
    if (event.button === 0) follow((to) => go(to.line, to.at, true));
  });
  // Calls `visit` with each cell that the pointer reaches until it is let go; beyond the edge the rows scroll along.
  function follow(visit, ended) {
    dragging = null;
    const move = (event) => { dragging = event; const to = cellAt(event); if (to.line !== head.line || to.at !== head.at) visit(to); };
    const up = () => {
      clearInterval(scrolling);
      document.removeEventListener("mousemove", move);
      document.removeEventListener("mouseup", up);
      if (ended) ended();
    };
    document.addEventListener("mousemove", move);
    document.addEventListener("mouseup", up);
    scrolling = setInterval(() => {
      if (!dragging) return;
      const port = grid.getViewportNode().getBoundingClientRect();
      if (dragging.clientY > port.bottom || dragging.clientY < port.top) move(dragging);
    }, 50);
  }

  G.select = {
    go, pick, clamp, range, touches, holds, isActive, single, size, follow, announce,
    get moves() { return moves; }, get active() { return active; }, get head() { return head; },
    reset() { active = { line: 0, at: 0 }; head = { line: 0, at: 0 }; moved(true); },
  };
  moved(true);
})();
