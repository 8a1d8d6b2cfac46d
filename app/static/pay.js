// The buyer's page: asks every few seconds whether it would look different, and reloads then. Goes on when looked at again,
// and to the channel's own page right after the buyer has chosen it.
(function () {
  "use strict";
  const { state, mark, seconds, then } = document.currentScript.dataset;
  let failures = 0;
  if (new URLSearchParams(location.search).has("go")) {  // the buyer has just chosen: on to the channel, once
    history.replaceState(null, "", then);
    const link = document.querySelector("[data-pay-go]"), form = document.querySelector("[data-pay-form]");
    if (link) location.assign(link.href); else if (form) form.submit();
  }
  async function look() {
    if (!document.hidden) {
      try {
        const answer = await fetch(state, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (answer.status === 404 || answer.status === 410) { location.reload(); return; }
        const told = await answer.json();
        failures = 0;
        if (mark ? told.mark !== mark : told.stage === "paid" || told.stage === "over") { location.replace(then); return; }
      } catch (away) { failures += 1; }
    }
    setTimeout(look, 1000 * seconds * Math.min(1 + failures, 5));
  }
  setTimeout(look, 1000 * seconds);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); }, { once: true });
})();
