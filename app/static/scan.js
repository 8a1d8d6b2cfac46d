// A column of numbers: Enter, which scanners send after each, goes to the next; a pasted column fills downwards.
(function () {
  "use strict";
  const { one, all } = window.kuaidan;
  const form = one("[data-scan]");
  if (!form) return;
  const fields = all(".k-scan", form), button = one("button:not([type=button])", form);

  form.addEventListener("keydown", (event) => {
    const place = fields.indexOf(event.target);
    if (place < 0 || event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = fields[place + 1] || button;
    next.focus();
    if (next.select) next.select();
  });
  form.addEventListener("paste", (event) => {
    const place = fields.indexOf(event.target);
    const lines = event.clipboardData.getData("text").replace(/[\r\n]+$/, "").split(/\r?\n/);
    if (place < 0 || lines.length < 2) return;
    event.preventDefault();
    lines.slice(0, fields.length - place).forEach((line, by) => { fields[place + by].value = line.trim(); });
    (fields[place + lines.length] || button).focus();
  });
})();
