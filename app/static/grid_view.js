// What is on screen: SlickGrid draws rows and columns, this module feeds it and says to assistive technology what is where.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { facts, say, columns, rows } = G;
  const host = window.kuaidan.one("[data-grid-host]");
  const root = document.documentElement;
  const NARROW = 720, NARROW_CODE = 104;
  const ACTIVE = "grid-active-cell";
  let sort = { id: "", down: false };

  function format(line, at, value, definition, row) {
    const look = G.columns.look(row, definition.ours);
    if (!look.bad && !look.staged) return look.text;
    return { text: look.text, addClasses: look.bad ? "k-bad" : "k-staged", toolTip: look.bad || tip(row, definition.ours) };
  }
  function tip(row, column) {
    const shown = G.values.shown(column.field, columns.original(row, column));
    return say("was", { value: shown || say("empty_cell") });
  }

  // On a narrow screen the code gives way to the values beside it.
  const widthOf = (column, at) => (at === 0 && window.innerWidth < NARROW ? Math.min(NARROW_CODE, columns.width(column)) : columns.width(column));
  function definitions() {
    return columns.shown().map((column, at) => ({
      id: column.id, field: column.id, name: column.label, ours: column, width: widthOf(column, at), minWidth: 48,
      sortable: true, reorderable: at > 0, formatter: format, toolTip: column.label,
      alwaysRenderColumn: at === 0,
      cssClass: (G.values.isNumber(column.field) ? "k-end" : "") + (column.fixed ? " k-fixed" : "") + (at === 0 ? " k-first" : ""),
      headerCssClass: (G.values.isNumber(column.field) ? "k-end" : "") + (at === 0 ? " k-first" : ""),
      cellAttrs: Object.assign({ "aria-colindex": String(at + 1) }, column.fixed ? { "aria-readonly": "true" } : {}),
      headerCellAttrs: { "aria-colindex": String(at + 1) },
    }));
  }

  const rowHeight = root.dataset.density === "compact" ? 28 : 34;
  const grid = new Slick.Grid(host, { getLength: () => rows.length, getItem: rows.at }, definitions(), {
    enableCellNavigation: false, enableColumnReorder: true, enableHtmlRendering: false, editable: false,
    rowHeight, headerRowHeight: rowHeight, nonce: host.dataset.nonce, sanitizer: (text) => text,
    dataItemColumnValueExtractor: () => null, enableTextSelectionOnCells: false, syncColumnCellResize: false,
  });
  const canvas = grid.getCanvasNode();

  // ---- accessibility
  // The focus stays in one text box (grid_entry.js) that names the active cell, so that drawing rows anew never loses it.
  host.querySelectorAll("[tabindex]").forEach((part) => part.removeAttribute("tabindex"));
  host.setAttribute("aria-multiselectable", "true");
  host.setAttribute("aria-label", host.dataset.label);

  function count() {
    host.setAttribute("aria-rowcount", String(rows.length + 1));
    host.setAttribute("aria-colcount", String(columns.shown().length));
    const head = host.querySelector(".slick-header-columns-left");
    head.setAttribute("aria-rowindex", "1");
    host.querySelector(".slick-header-columns-right").setAttribute("role", "presentation");
    head.querySelectorAll(".slick-resizable-handle").forEach((handle) => { handle.removeAttribute("role"); handle.setAttribute("aria-hidden", "true"); });
    mark();
  }
  function mark() {
    host.querySelectorAll(".slick-header-column").forEach((head) => {
      if (head.dataset.id === sort.id) head.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  }
  const nodeOf = (line) => { const drawn = grid.getRowCache()[line]; return drawn && drawn.rowNode && drawn.rowNode[0]; };

  // New rows learn their number; picked cells and problems are marked where they are drawn.
  function dress(from, to) {
    const select = G.select;
    for (let line = Math.max(0, from); line <= to; line += 1) {
      const node = nodeOf(line);
      if (!node) continue;
      if (!node.hasAttribute("aria-rowindex")) node.setAttribute("aria-rowindex", String(line + 2));
      if (select && select.touches(line)) paint(node, line, select);
      if (G.stage.counts.bad) node.querySelectorAll(".k-bad").forEach((cell) => cell.setAttribute("aria-invalid", "true"));
    }
  }
  function paint(node, line, select) {
    for (const cell of node.children) {
      const at = Number(cell.getAttribute("aria-colindex")) - 1;
      const picked = select.holds(line, at), active = select.isActive(line, at);
      cell.classList.toggle("k-picked", picked && !select.single());
      cell.classList.toggle("k-active", active);
      cell.setAttribute("aria-selected", String(picked));
      if (active) { if (cell.id !== ACTIVE) cell.id = ACTIVE; } else if (cell.id) cell.removeAttribute("id");
      if (G.fill) G.fill.dress(cell, line, at);
    }
  }
  // All drawn rows anew, after the selection has moved.
  function paintAll() {
    Object.keys(grid.getRowCache()).forEach((line) => { const node = nodeOf(line); if (node) paint(node, Number(line), G.select); });
  }

  // ---- drawing
  grid.onRendered.subscribe((event, drawn) => dress(drawn.startRow, drawn.endRow));
  grid.onViewportChanged.subscribe(look);
  function look() {
    const seen = grid.getRenderedRange();
    rows.ensure(seen.top, seen.bottom + 60);
  }
  // All rows on screen anew: they are some forty, whatever has changed.
  function redraw() {
    grid.invalidateAllRows();
    grid.render();
  }
  G.on("staged", redraw);
  G.on("rows", ({ from, to }) => {
    const seen = grid.getRenderedRange(), lines = [];
    for (let line = Math.max(from, seen.top); line <= Math.min(to, seen.bottom); line += 1) lines.push(line);
    grid.invalidateRows(lines);
    grid.render();
    look();
  });
  G.on("columns", () => { grid.setColumns(definitions()); first(); count(); if (G.select) G.select.clamp(); });
  grid.onColumnsReordered.subscribe(() => columns.choose(grid.getColumns().map((one) => one.id)));
  grid.onColumnsResized.subscribe((event, what) => {
    grid.getColumns().forEach((one, at) => { if (one.width !== widthOf(one.ours, at)) columns.resize(one.id, one.width); });
    first();
  });

  // The first column stays in sight; cells that the arrows reach must not lie beneath it.
  function first() {
    const { width } = grid.getColumns()[0];
    host.style.setProperty("--k-first", width + "px");
    return width;
  }
  function reveal(line, at) {
    grid.scrollCellIntoView(line, at, false);
    const width = first(), box = grid.getCellNodeBox(line, at), view = grid.getViewportNode();
    if (at > 0 && box && box.left < view.scrollLeft + width) view.scrollLeft = Math.max(0, box.left - width);
  }

  grid.onSort.subscribe((event, { columnId, sortAsc }) => sortBy(columnId, !sortAsc));
  function sortBy(id, down) {
    sort = { id, down };
    if (id) grid.setSortColumn(id, !down); else grid.setSortColumns([]);
    mark();
    G.emit("sort", (down ? "-" : "") + id);
  }

  // A new order of rows is there.
  function reload() {
    grid.invalidateAllRows();
    grid.updateRowCount();
    grid.scrollRowToTop(0);
    grid.render();
    count();
    look();
  }
  function fit() {
    const top = host.getBoundingClientRect().top + window.scrollY;
    host.style.height = Math.max(260, window.innerHeight - top - (window.innerWidth < NARROW ? 84 : 64)) + "px";
    grid.resizeCanvas();
    first();
  }
  const sizes = new ResizeObserver(fit);
  [host.parentElement, ...G.box.querySelectorAll(".k-grid-head, .k-grid-tools")].forEach((part) => sizes.observe(part));
  window.addEventListener("resize", fit);

  const kept = (facts.sort || "").match(/^(-?)(.+)$/);
  if (kept && columns.byId.has(kept[2])) { sort = { id: kept[2], down: kept[1] === "-" }; grid.setSortColumn(sort.id, !sort.down); }
  fit();

  G.view = {
    grid, host, canvas, ACTIVE, redraw, reload, reveal, paintAll, sortBy, fit, nodeOf,
    columnAt: (at) => columns.shown()[at],
    get sort() { return (sort.down ? "-" : "") + sort.id; },
    get page() { return Math.max(1, Math.floor(grid.getViewportNode().clientHeight / rowHeight) - 1); },
  };
})();
