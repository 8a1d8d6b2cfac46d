// The upload page: drop a file, refuse one that is too large before it is sent, say that it is on its way.
(function () {
  "use strict";
  const form = document.querySelector("[data-upload]");
  if (!form) return;
  const zone = form.querySelector("[data-drop]");
  const input = zone.querySelector("input[type=file]");
  const fault = zone.querySelector("[data-drop-error]");
  const state = form.querySelector("[data-upload-state]");

  function isTooLarge() {
    const file = input.files[0];
    const bad = Boolean(file) && file.size > Number(input.dataset.limitMb) * 1024 * 1024;
    fault.textContent = bad ? input.dataset.tooLarge : "";
    return bad;
  }

  ["dragenter", "dragover"].forEach((name) => zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("k-drop-over");
  }));
  ["dragleave", "drop"].forEach((name) => zone.addEventListener(name, () => zone.classList.remove("k-drop-over")));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    isTooLarge();
  });
  input.addEventListener("change", isTooLarge);
  form.addEventListener("submit", (event) => {
    if (isTooLarge()) event.preventDefault();
    else state.textContent = state.dataset.words;
  });
})();
