// Copy buttons: [data-copy="#id"] copies the value of that field, or selects it where the browser does not let us.
(function () {
  "use strict";
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.querySelector(button.dataset.copy);
    field.focus();
    field.select();
    try { await navigator.clipboard.writeText(field.value); } catch (refused) { document.execCommand("copy"); }
    const label = button.querySelector("[data-copy-label]");
    label.textContent = button.dataset.copied;
    label.setAttribute("role", "status");
  });
})();
