// The columns: which there are, which are on screen and in what order (kept), and each one's value in a row.
// A row is an array: SKU id, its version, product id, its version, SKU code, product code, then the fields.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { facts, say, values } = G;
  const HEAD = { id: 0, version: 1, product: 2, productVersion: 3, code: 4, productCode: 5 };
  const WIDTHS = { title: 260, compare_at_minor: 126, low_stock_limit: 104, barcode: 130, money: 108, count: 88, status: 104, category: 140, tags: 140, freight: 140, text: 140 };
  const HIDDEN = ["product", "freight_template_id"];

  const named = (id, label, at) => ({ id, label, width: 128, at, fixed: true, field: { kind: "text" } });

  function ofField(field, position) {
    const label = field.kind === "money" ? field.label + " (" + values.symbol + ")" : field.label;
    const column = { id: field.name, label, at: facts.head + position, field, table: field.table };
    column.width = WIDTHS[field.name] || WIDTHS[field.kind] || 140;
    column.fixed = !values.editable(field);
    return column;
  }

  // Option values and attributes are one JSON object in the database and one column a name here.
  const members = { options: facts.options, attributes: facts.attributes };
  function ofMember(field, position, member) {
    const column = ofField(field, position);
    const its = { kind: "text", name: field.name, nullable: true, longest: facts.longest.member, label: member };
    return Object.assign(column, { id: field.name + ":" + member, label: member, width: 104, member, fixed: false, stored: field, field: its });
  }

  const every = [named("code", say("code"), HEAD.code), named("product", say("product"), HEAD.productCode)];
  facts.fields.forEach((field, position) => {
    if (field.name in members) members[field.name].forEach((member) => every.push(ofMember(field, position, member)));
    else every.push(ofField(field, position));
  });
  // Title and options stand beside the code, as people name a variant.
  const rank = (column) => (column.id === "code" ? 0 : column.id === "product" ? 1 : column.id === "title" ? 2 : column.member && column.table === "sku" ? 3 : 4);
  every.sort((a, b) => rank(a) - rank(b));
  const byId = new Map(every.map((column) => [column.id, column]));

  const key = "columns." + facts.shop + "." + facts.user;
  let kept = G.remember.get(key) || {};
  const widths = kept.widths || {};
  let shown = order(kept.order);

  function order(ids) {
    const known = (ids || []).filter((id) => byId.has(id) && id !== "code").map((id) => byId.get(id));
    return [byId.get("code"), ...(known.length ? known : every.filter((one) => one.id !== "code" && !HIDDEN.includes(one.id)))];
  }
  function keep() { G.remember.set(key, { order: shown.map((one) => one.id), widths }); }
  function choose(ids) { shown = order(ids); keep(); G.emit("columns"); }
  function resize(id, width) { widths[id] = width; keep(); }
  function reset() { Object.keys(widths).forEach((id) => delete widths[id]); shown = order(null); keep(); G.emit("columns"); }

  const rowId = (row, column) => (column.table === "product" ? row[HEAD.product] : row[HEAD.id]);
  const text = (value) => (value === null || value === undefined ? null : typeof value === "object" ? written(value) : String(value));
  // Keys in order, so that the same object is the same text however it came about.
  function written(value) {
    if (Array.isArray(value)) return JSON.stringify(value);
    return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
  }

  // The whole stored value in the database as this browser has seen it.
  const base = (row, column) => text(row[column.at]);

  function edit(row, column) {
    return column.table ? G.stage.get(column.table, rowId(row, column), column.field.name) : undefined;
  }
  const memberOf = (stored, name) => { const its = stored ? JSON.parse(stored)[name] : undefined; return its === undefined ? null : text(its); };

  // The value of one cell: staged if it is, else the database's.
  function value(row, column, staged) {
    const whole = staged && staged.value !== undefined ? staged.value : base(row, column);
    return column.member ? memberOf(whole, column.member) : whole;
  }
  const original = (row, column) => (column.member ? memberOf(base(row, column), column.member) : base(row, column));

  // The stored value of the whole field once this cell holds `next`, on top of what is staged already.
  function whole(row, column, next, staged) {
    if (!column.member) return next;
    const renewed = JSON.parse((staged && staged.value) || base(row, column) || "{}");
    if (next === original(row, column) && next !== null) renewed[column.member] = row[column.at][column.member];
    else if (next === null || next === "") delete renewed[column.member];
    else renewed[column.member] = next;
    return written(renewed);
  }

  const isOf = (staged, column) => !column.member || !staged.member || staged.member === column.member;
  function changed(row, column, staged) {
    return Boolean(staged) && (!column.member || memberOf(staged.value || staged.base, column.member) !== memberOf(staged.base, column.member));
  }

  // What a cell shows, what is copied from it, and why it cannot stay so.
  function look(row, column) {
    const staged = edit(row, column);
    const mine = staged && isOf(staged, column);
    if (mine && staged.problem && staged.typed !== undefined) return { text: staged.typed, plain: staged.typed, bad: staged.problem, staged };
    const held = value(row, column, staged);
    const seen = column.fixed && !column.table ? row[column.at] : values.shown(column.field, held);
    const why = mine ? G.stage.problem(staged, column) : "";
    return { text: seen === null ? "" : seen, plain: column.table ? values.plain(column.field, held) : row[column.at], bad: why, staged: changed(row, column, staged) ? staged : undefined };
  }

  G.columns = { HEAD, every, byId, choose, reset, resize, width: (one) => widths[one.id] || one.width, shown: () => shown, rowId, base, original, value, whole, edit, look };
})();
