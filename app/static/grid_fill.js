// Filling: Ctrl-D and Ctrl-R copy the edge of the range into it, the handle at its corner goes on with it.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { rows, view, columns, entry, select, stage, edit } = G;
  const { host } = view;
  const handle = document.createElement("span");
  handle.className = "k-fill";
  handle.dataset.fill = "";
  handle.setAttribute("aria-hidden", "true");
  let wanted = null;

  // The handle sits in the lower right cell of the range; drawn rows come and go, so it is put there each time.
  function dress(cell, line, at) {
    const block = select.range();
    if (line === block.bottom && at === block.right) { if (handle.parentNode !== cell) cell.append(handle); }
    else if (handle.parentNode === cell) handle.remove();
    cell.classList.toggle("k-to-fill", Boolean(wanted) && inside(wanted, line, at) && !inside(block, line, at));
  }
  const inside = (block, line, at) => line >= block.top && line <= block.bottom && at >= block.left && at <= block.right;

  // The range the drag reaches: along one axis, the longer one.
  function reach(from, to) {
    const down = to.line > from.bottom ? to.line - from.bottom : to.line < from.top ? to.line - from.top : 0;
    const right = to.at > from.right ? to.at - from.right : to.at < from.left ? to.at - from.left : 0;
    const whole = Object.assign({}, from);
    if (Math.abs(down) >= Math.abs(right)) { if (down > 0) whole.bottom += down; else whole.top += down; }
    else if (right > 0) whole.right += right; else whole.left += right;
    return whole;
  }

  host.addEventListener("mousedown", (event) => {
    if (!event.target.closest("[data-fill]") || event.button) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const from = select.range();
    select.follow((to) => { wanted = reach(from, to); view.reveal(to.line, to.at); view.paintAll(); }, () => {
      const to = wanted;
      wanted = null;
      if (to) fill(from, to).catch(() => undefined);
      view.paintAll();
    });
  }, true);

  // Whole numbers at equal steps; null when the cells are no such series.
  function series(cells, column) {
    if (cells.length < 2 || !G.values.isNumber(column.field)) return null;
    const amounts = cells.map((stored) => (stored === null ? null : BigInt(stored)));
    if (amounts.includes(null)) return null;
    const step = amounts[1] - amounts[0];
    return amounts.every((amount, i) => i === 0 || amount - amounts[i - 1] === step) ? { step, amounts } : null;
  }

  // Fills `to` from the block `from` inside it: a number series goes on, anything else is repeated.
  async function fill(from, to) {
    const moves = select.moves;
    await edit.need(to.top, to.bottom + 1);
    const deed = stage.deed();
    const vertical = to.left === from.left && to.right === from.right;
    if (vertical) for (let at = from.left; at <= from.right; at += 1) runDown(deed, from, to, at);
    else for (let line = from.top; line <= from.bottom; line += 1) runAcross(deed, from, to, line);
    const told = deed.finish();
    if (select.moves === moves) select.pick(to.top, to.left, to.bottom, to.right);
    edit.tell(told);
  }
  function runDown(deed, from, to, at) {
    const column = view.columnAt(at), source = [], size = from.bottom - from.top + 1;
    for (let line = from.top; line <= from.bottom; line += 1) source.push(cell(line, column));
    const found = series(source.map((one) => one.held), column);
    for (let line = to.top; line <= to.bottom; line += 1) {
      if (line >= from.top && line <= from.bottom) continue;
      deed.set(rows.at(line), column, continued(source, found, column, line - from.top, size));
    }
  }
  function runAcross(deed, from, to, line) {
    const source = [], size = from.right - from.left + 1;
    for (let at = from.left; at <= from.right; at += 1) source.push(cell(line, view.columnAt(at)));
    for (let at = to.left; at <= to.right; at += 1) {
      if (at < from.left || at > from.right) deed.set(rows.at(line), view.columnAt(at), continued(source, null, null, at - from.left, size));
    }
  }
  function cell(line, column) {
    const row = rows.at(line), staged = columns.edit(row, column);
    return { held: staged && staged.problem ? null : columns.value(row, column, staged), plain: columns.look(row, column).plain || "" };
  }
  function continued(source, found, column, offset, size) {
    if (!found) return source[((offset % size) + size) % size].plain;
    return G.values.plain(column.field, String(found.amounts[0] + found.step * BigInt(offset)));
  }

  function downOrRight(key) {
    const block = select.range();
    const edge = Object.assign({}, block, key === "d" ? { bottom: block.top } : { right: block.left });
    const alone = key === "d" ? block.top === block.bottom : block.left === block.right;
    if (!alone) { fill(edge, block).catch(() => undefined); return; }
    // a single line takes what stands above it, a single column what stands to its left
    if (key === "d" && block.top > 0) fill(shift(block, -1, 0), Object.assign({}, block, { top: block.top - 1 })).then(() => select.pick(block.top, block.left, block.bottom, block.right), () => undefined);
    if (key === "r" && block.left > 0) fill(shift(block, 0, -1), Object.assign({}, block, { left: block.left - 1 })).then(() => select.pick(block.top, block.left, block.bottom, block.right), () => undefined);
  }
  const shift = (block, lines, cells) => ({ top: block.top + lines, bottom: block.bottom + lines, left: block.left + cells, right: block.right + cells });

  entry.box.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (!entry.resting(event) || !(event.ctrlKey || event.metaKey) || (key !== "d" && key !== "r") || event.shiftKey || !rows.length) return;
    event.preventDefault();
    downOrRight(key);
  });

  G.fill = { dress, fill };
})();
