// The bulk form shows what the chosen rule needs; the product form adds and removes SKU rows.
(function () {
  "use strict";
  const { all, one } = window.kuaidan;

  const bulk = one("[data-bulk-form]");
  function fit() {
    const field = bulk.elements.field.value, how = bulk.elements.how.value, rounding = bulk.elements.rounding.value;
    const numeric = field !== "category_id";
    all("[data-when-number]", bulk).forEach((part) => {
      const byHow = !part.dataset.whenHow || part.dataset.whenHow.split(" ").includes(how);
      const byRounding = !part.dataset.whenRounding || part.dataset.whenRounding === rounding;
      part.hidden = !(numeric && byHow && byRounding);
    });
    all("[data-when-field]", bulk).forEach((part) => { part.hidden = part.dataset.whenField !== field; });
  }
  if (bulk) { bulk.addEventListener("change", fit); fit(); }

  const form = one("[data-product-form]");
  function addRow() {
    const rows = one("[data-sku-rows]", form), blank = one("[data-sku-blank]", form);
    const taken = all("[name^='sku-']", rows).map((box) => Number(box.name.split("-")[1]));
    const box = document.createElement("tbody");
    box.innerHTML = blank.innerHTML.replaceAll("__n__", String(Math.max(-1, ...taken) + 1));
    const row = box.firstElementChild;
    rows.append(row);
    one("input:not([type=hidden]):not([type=checkbox])", row).focus();
  }
  function mark(event) {
    if (event.target.dataset.skuRemoved === undefined) return;
    event.target.closest("tr").classList.toggle("opacity-50", event.target.checked);
  }
  if (form) { one("[data-sku-add]", form).addEventListener("click", addRow); form.addEventListener("change", mark); }
})();
