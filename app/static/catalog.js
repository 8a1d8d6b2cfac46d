// A form with one formula shows what the chosen way needs; the product form adds and removes SKU rows.
(function () {
  "use strict";
  const { all, one } = window.kuaidan;

  const formula = one("[data-formula-form]");
  function fit() {
    const how = formula.elements.how.value, rounding = formula.elements.rounding.value;
    all("[data-when-number]", formula).forEach((part) => {
      const byHow = !part.dataset.whenHow || part.dataset.whenHow.split(" ").includes(how);
      part.hidden = !(byHow && (!part.dataset.whenRounding || part.dataset.whenRounding === rounding));
    });
  }
  if (formula) { formula.addEventListener("change", fit); fit(); }

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
