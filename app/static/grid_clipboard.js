// Copy, cut and paste as spreadsheets do: text with tabs and lines, quoted where a cell holds either.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { say, many, rows, view, columns, entry, select, stage, edit } = G;

  // "a\tb\n" as Excel, LibreOffice and Google Sheets write it → [["a", "b"], …].
  function parse(text) {
    const lines = [];
    let line = [], at = 0;
    const end = text.length;
    while (at < end) {
      let cell;
      if (text[at] === '"') [cell, at] = quoted(text, at);
      if (cell === undefined) {
        let to = at;
        while (to < end && text[to] !== "\t" && text[to] !== "\n" && text[to] !== "\r") to += 1;
        cell = text.slice(at, to);
        at = to;
      }
      line.push(cell);
      if (text[at] === "\t") { at += 1; if (at === end) line.push(""); continue; }
      if (text[at] === "\r") at += 1;
      if (text[at] === "\n") at += 1;
      lines.push(line);
      line = [];
    }
    if (line.length) lines.push(line);
    return lines;
  }
  // A cell in quotes; a quote that is never closed, or goes on after its end, was meant as it stands.
  function quoted(text, from) {
    let at = from + 1, cell = "";
    for (;;) {
      const close = text.indexOf('"', at);
      if (close < 0) return [undefined, from];
      cell += text.slice(at, close);
      if (text[close + 1] === '"') { cell += '"'; at = close + 2; continue; }
      const after = text[close + 1];
      if (after === undefined || after === "\t" || after === "\n" || after === "\r") return [cell, close + 1];
      return [undefined, from];
    }
  }
  const written = (cell) => (/[\t\n\r"]/.test(cell) ? '"' + cell.replace(/"/g, '""') + '"' : cell);

  function blockText(block) {
    const lines = [];
    for (let line = block.top; line <= block.bottom; line += 1) {
      const row = rows.at(line), cells = [];
      for (let at = block.left; at <= block.right; at += 1) cells.push(written(String(columns.look(row, view.columnAt(at)).plain || "")));
      lines.push(cells.join("\t"));
    }
    return lines.join("\n");
  }

  const ours = () => entry.held && rows.length > 0;
  async function copy(event, then) {
    if (!ours()) return;
    event.preventDefault();
    const block = select.range();
    if (rows.has(block.top, block.bottom + 1)) {
      event.clipboardData.setData("text/plain", blockText(block));
    } else {
      // the clipboard is open only during the key press, and the rows are still to come
      try { await edit.need(block.top, block.bottom + 1); } catch (error) { return; }
      try { await navigator.clipboard.writeText(blockText(block)); } catch (refused) { G.emit("note", say("no_clipboard")); return; }
    }
    G.emit("note", many("n_cells", select.size()));
    if (then) then(block);
  }
  document.addEventListener("copy", (event) => copy(event));
  document.addEventListener("cut", (event) => copy(event, (block) => edit.empty(block)));
  document.addEventListener("paste", (event) => {
    if (!ours()) return;
    event.preventDefault();
    paste(parse(event.clipboardData.getData("text/plain"))).catch(() => undefined);
  });

  // Where a block lands: one cell fills the whole picked range, a block that fits it several times is repeated.
  function target(block) {
    const picked = select.range(), tall = block.length, wide = Math.max(...block.map((line) => line.length));
    const lines = picked.bottom - picked.top + 1, cells = picked.right - picked.left + 1;
    return {
      top: picked.top, left: picked.left,
      lines: lines > tall && lines % tall === 0 ? lines : tall,
      cells: cells > wide && cells % wide === 0 ? cells : wide,
      tall, wide,
    };
  }

  async function paste(block) {
    if (!block.length) return;
    const to = target(block), moves = select.moves;
    const over = { lines: Math.max(0, to.top + to.lines - rows.length), cells: Math.max(0, to.left + to.cells - columns.shown().length) };
    if (over.lines || over.cells) {
      const choice = await offer(to, over);
      if (choice === "higher") to.top = Math.max(0, to.top - over.lines);
      else if (choice !== "fits") { G.emit("note", say("cancelled")); return; }
    }
    to.lines = Math.min(to.lines, rows.length - to.top);
    to.cells = Math.min(to.cells, columns.shown().length - to.left);
    await edit.need(to.top, to.top + to.lines);
    lay(block, to, select.moves === moves);
  }
  function lay(block, to, pick) {
    const deed = stage.deed();
    for (let down = 0; down < to.lines; down += 1) {
      const row = rows.at(to.top + down), line = block[down % to.tall];
      for (let right = 0; right < to.cells; right += 1) {
        const typed = line[right % to.wide], column = view.columnAt(to.left + right);
        if (typed === undefined) continue; // a shorter line leaves the rest alone
        if (column.fixed && typed === columns.look(row, column).plain) continue;
        deed.set(row, column, typed);
      }
    }
    const told = deed.finish();
    if (pick) select.pick(to.top, to.left, to.top + to.lines - 1, to.left + to.cells - 1);
    edit.tell(told, many("n_pasted", told.cells));
  }

  // What does not fit is never cut off in silence.
  function offer(to, over) {
    const dialog = window.kuaidan.one("[data-overflow-dialog]");
    const words = [over.lines ? many("n_overflow_rows", over.lines) : "", over.cells ? many("n_overflow_columns", over.cells) : ""];
    window.kuaidan.one("[data-overflow-words]", dialog).textContent = words.filter(Boolean).join(" ");
    const higher = window.kuaidan.one('[value="higher"]', dialog);
    higher.hidden = !over.lines || over.cells > 0 || to.lines > rows.length;
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => dialog.addEventListener("close", () => { entry.focus(); resolve(dialog.returnValue); }, { once: true }));
  }

  G.clipboard = { parse, paste, blockText };
})();
