// Values as stored, as shown and as typed. What is typed is read by the same rules as in the forms (catalog/amounts.py),
// and a refusal is the same sentence. Stored values are text, as in change sets: money in minor units, null for empty.
(function () {
  "use strict";
  const G = window.kuaidanGrid;
  if (!G) return;
  const { facts, say } = G;
  const digits = facts.currency.digits;
  const symbol = facts.currency.zero.replace(/[\d.,]/g, "");
  const statuses = new Map(facts.statuses);
  const categories = new Map(facts.categories.map(([id, name, path]) => [String(id), { name, path }]));
  const freights = new Map(facts.freight.map(([id, name]) => [String(id), name]));
  const PLAIN = /^-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$/;
  const SIGNS = { "，": ",", "．": ".", "。": ".", "－": "-", "−": "-", "￥": "¥" };

  const ok = (value) => ({ value });
  const bad = (key, values) => ({ problem: say(key, values) });

  function clean(typed) {
    const plain = typed.replace(/[，．。－−￥]/g, (sign) => SIGNS[sign]).replace(/[０-９]/g, (d) => String.fromCharCode(d.charCodeAt(0) - 65248));
    return plain.replace(/[\u00a0 ]/g, "").trim();
  }

  function money(field, typed) {
    const plain = clean(typed).replace(/^-?\s*[¥£$€]|[¥£$€]$/g, (found) => (found.includes("-") ? "-" : ""));
    if (!PLAIN.test(plain)) return bad("not_amount", { typed, example: "12.50" });
    const [whole, part = ""] = plain.replace(/,/g, "").split(".");
    if (/[1-9]/.test(part.slice(digits))) return { problem: say("too_fine") };
    return bounded(BigInt(whole + part.slice(0, digits).padEnd(digits, "0")), whole.startsWith("-"), "largest_money");
  }

  function count(field, typed) {
    const plain = clean(typed);
    if (!PLAIN.test(plain) || plain.includes(".")) return bad("not_whole", { typed });
    return bounded(BigInt(plain.replace(/,/g, "")), plain.startsWith("-"), "largest_count");
  }

  function bounded(amount, minus, largest) {
    const size = amount < 0n ? -amount : amount;
    if (size > BigInt(facts.largest)) return bad("too_large", { largest: facts.words[largest] });
    if (minus && size) return bad("negative");
    return ok(String(size));
  }

  function text(field, typed) {
    const plain = typed.replace(/\s*[\r\n\t]+\s*/g, " ").trim();
    if (!plain && field.name === "title") return bad("needed");
    const length = Array.from(plain).length;
    if (field.longest && length > field.longest) return bad("too_long", { length, longest: field.longest });
    return ok(plain);
  }

  function status(field, typed, before) {
    const wanted = typed.trim().toLowerCase();
    const found = facts.statuses.find(([value, label]) => value === wanted || label.toLowerCase() === wanted);
    if (!found) return bad("no_status", { typed, choices: facts.statuses.map(([, label]) => label).join(", ") });
    if (before && before !== found[0] && !facts.moves[before].includes(found[0])) {
      return bad("illegal_move", { before: statuses.get(before), after: found[1] });
    }
    return ok(found[0]);
  }

  const asPath = (typed) => typed.split(/[>＞›]/).map((part) => part.trim()).join(" > ");
  function category(field, typed) {
    const path = asPath(typed);
    const whole = facts.categories.filter((one) => one[2] === path);
    if (whole.length === 1) return ok(String(whole[0][0]));
    const named = facts.categories.filter((one) => one[1] === typed.trim());
    if (named.length > 1) return bad("which_category", { typed: typed.trim(), example: named[0][2] });
    return named.length ? ok(String(named[0][0])) : bad("no_category", { typed: typed.trim() });
  }

  function tags(field, typed) {
    const found = [...new Set(typed.split(/[,，]/).map((tag) => tag.trim()).filter(Boolean))].sort();
    const { tag: most, tags: count } = facts.longest;
    const long = found.find((tag) => Array.from(tag).length > most || /[\u0000-\u001f\u007f]/.test(tag));
    if (long !== undefined) return bad("bad_tag", { tag: long.slice(0, 60), most });
    return found.length > count ? bad("many_tags", { most: count }) : ok(JSON.stringify(found));
  }

  function freight(field, typed) {
    const found = facts.freight.find(([, name]) => name === typed.trim());
    return found ? ok(String(found[0])) : bad("no_freight", { typed: typed.trim() });
  }

  const READ = { money, count, text, status, category, freight, tags };

  // Reads what was typed or pasted: {value} as stored text (null empties), or {problem}.
  // `before` is the value in the database, for moves of a status.
  function read(field, typed, before) {
    if (typed.trim() === "" && field.kind !== "text" && field.kind !== "tags") return field.nullable ? ok(null) : bad("needed");
    return READ[field.kind](field, typed, before);
  }

  function decimal(stored) {
    const minus = stored.startsWith("-"), size = (minus ? stored.slice(1) : stored).padStart(digits + 1, "0");
    const whole = size.slice(0, size.length - digits), part = digits ? "." + size.slice(-digits) : "";
    return { minus, whole, part };
  }
  const grouped = (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ",");

  // As one copies it and edits it: without symbol and grouping, so that every spreadsheet reads it.
  function plain(field, stored) {
    if (stored === null || stored === undefined) return "";
    switch (field.kind) {
      case "money": { const { minus, whole, part } = decimal(stored); return (minus ? "-" : "") + whole + part; }
      case "status": return statuses.get(stored) || stored;
      case "category": return categories.has(stored) ? unique(categories.get(stored)) : "#" + stored;
      case "freight": return freights.get(stored) || "#" + stored;
      case "tags": return list(stored).join(", ");
      default: return stored;
    }
  }
  const names = new Map();
  facts.categories.forEach(([, name]) => names.set(name, (names.get(name) || 0) + 1));
  const unique = (one) => (names.get(one.name) > 1 ? one.path : one.name);
  function list(stored) { try { return JSON.parse(stored); } catch (broken) { return [stored]; } }

  // As it is shown in the cell; the currency stands in the head of the column.
  function shown(field, stored) {
    if (stored === null || stored === undefined) return "";
    if (field.kind === "money") {
      const { minus, whole, part } = decimal(stored);
      return (minus ? "−" : "") + grouped(whole) + part;
    }
    if (field.kind === "count") return grouped(stored);
    return plain(field, stored);
  }

  // What a fill handle can go on with: only amounts make a series.
  const isNumber = (field) => field.kind === "money" || field.kind === "count";

  G.values = { read, plain, shown, symbol, isNumber, editable: (field) => field.kind in READ };
})();
