// The bulk form shows what each chosen change needs, and adds and removes changes.
(function () {
  "use strict";
  const { all, one } = window.kuaidan;
  const form = one("[data-bulk-form]");
  if (!form) return;

  const box = (change, name) => one(`[data-box="${name}"]`, change);
  const words = (text) => (text || "").split(" ").filter(Boolean);

  function show(part, wanted) {
    part.hidden = !wanted;
    all("input, select, textarea", part).forEach((field) => { field.disabled = !wanted; });
  }

  // Only the ways that fit the kind of field can be chosen; the first of them stands in for one that does not fit.
  function offerHows(change, kind) {
    const how = box(change, "how");
    all("option", how).forEach((option) => {
      const fits = !option.value || words(option.dataset.kinds).includes(kind);
      option.hidden = option.disabled = !fits;
    });
    if (!how.selectedOptions[0] || how.selectedOptions[0].disabled) {
      how.value = (all("option", how).find((option) => option.value && !option.disabled) || { value: "" }).value;
    }
    return how.value;
  }

  function fit(change) {
    const field = box(change, "field"), kind = field.selectedOptions[0].dataset.kind || "";
    const how = offerHows(change, kind), rounding = box(change, "rounding").value;
    all("[data-kinds]:not(option)", change).forEach((part) => {
      const wanted = words(part.dataset.kinds).includes(kind)
        && (!part.dataset.hows || words(part.dataset.hows).includes(how))
        && (!part.dataset.rounding || part.dataset.rounding === rounding);
      show(part, wanted);
    });
  }

  function fitAll() {
    const changes = all("[data-change]", form);
    changes.forEach(fit);
    const stock = changes.some((change) => box(change, "field").value === "stock_on_hand");
    all("[data-when-stock]", form).forEach((part) => show(part, stock));
    const later = form.elements.when.value === "later";
    all("[data-when-later]", form).forEach((part) => show(part, later));
    all("[data-change-remove]", form).forEach((button) => { button.hidden = changes.length === 1; });
    one("[data-change-add]", form).hidden = changes.length >= Number(form.dataset.most);
  }

  function add() {
    const changes = one("[data-changes]", form), blank = one("[data-change-blank]");
    const numbers = all("[data-change]", changes).map((change) => Number(change.dataset.change));
    const holder = document.createElement("div");
    holder.innerHTML = blank.innerHTML.replaceAll("__n__", String(Math.max(...numbers) + 1));
    const change = holder.firstElementChild;
    changes.append(change);
    fitAll();
    box(change, "field").focus();
  }

  function remove(button) {
    button.closest("[data-change]").remove();
    fitAll();
    one("[data-change-add]", form).focus();
    form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  form.addEventListener("change", fitAll);
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && button.dataset.changeAdd !== undefined) add();
    if (button && button.dataset.changeRemove !== undefined) remove(button);
  });
  document.addEventListener("keydown", (event) => {  // as everywhere a form is sent from any field
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  fitAll();
})();
