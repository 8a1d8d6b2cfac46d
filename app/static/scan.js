// A column of numbers: Enter, which scanners send after each, goes to the next empty one; a pasted column fills
// downwards; what is packed together gets the number of its first.
(function () {
  "use strict";
  const { one, all } = window.kuaidan;
  const form = one("[data-scan]");
  if (!form) return;
  const fields = all(".k-scan", form), button = one("button:not([type=button])", form);

  function together(field) {
    const group = field.dataset.group;
    if (group && field.value) fields.forEach((other) => { if (other.dataset.group === group && !other.value) other.value = field.value; });
  }
  form.addEventListener("change", (event) => { if (fields.includes(event.target)) together(event.target); });
  form.addEventListener("keydown", (event) => {
    const place = fields.indexOf(event.target);
    if (place < 0 || event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    together(event.target);
    const next = fields.slice(place + 1).find((field) => !field.value) || button;
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
