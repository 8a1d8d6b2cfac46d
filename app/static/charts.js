// Charts of reports: fetches the figures, draws them in the page's colours, follows the theme; print; date fields.
(function () {
  "use strict";
  const page = document.querySelector("[data-charts]");
  const drawn = new Map();

  // A variable of the page as a colour that plotly reads; light-dark() is settled by the browser.
  function colour(name, fallback) {
    const probe = document.createElement("span");
    probe.style.color = "var(" + name + ", " + fallback + ")";
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return /^rgb/.test(value) ? value : fallback;
  }

  function dressed(layout, narrow) {
    const text = colour("--tblr-body-color", "#1d2027"), line = colour("--k-line", "#e4e5e9"), soft = colour("--k-soft", "#f3f4f7");
    const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, tickcolor: line };
    const dress = Object.assign({}, layout, {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, color: text, size: 12 },
      hoverlabel: { bgcolor: colour("--k-surface", "#ffffff"), bordercolor: line, font: { color: text } },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("--k-quiet", "#5b606e"), activecolor: text },
    });
    ["xaxis", "yaxis"].forEach((name) => { dress[name] = Object.assign({}, layout[name], axis); });
    if (dress.xaxis.rangeselector) dress.xaxis.rangeselector = Object.assign({}, dress.xaxis.rangeselector, { bgcolor: soft, activecolor: line, bordercolor: line, font: { color: text }, x: 0, y: 1.02, yanchor: "bottom" });
    if (dress.xaxis.rangeslider) dress.xaxis.rangeslider = Object.assign({}, dress.xaxis.rangeslider, { bgcolor: soft });
    if (narrow) { // no room beside each other: the legend goes below, the slider away
      dress.legend = Object.assign({}, layout.legend, { y: -0.15, yanchor: "top", x: 0, xanchor: "left" });
      dress.margin = Object.assign({}, layout.margin, { l: 44, b: 64 });
      dress.yaxis.title = dress.yaxis.title && { text: "" };
      if (dress.xaxis.rangeslider) dress.xaxis.rangeslider = { visible: false };
    }
    return dress;
  }

  // The picture is for the eye; the sentence beneath it and the table say the same to everybody.
  async function draw(box, figure) {
    drawn.set(box, figure);
    await window.Plotly.react(box, figure.data, dressed(figure.layout, box.clientWidth < 560), {
      locale: page.dataset.locale, responsive: true, displaylogo: false, displayModeBar: "hover",
      modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
      toImageButtonOptions: { format: "png", filename: box.dataset.name, scale: 2, width: 1200, height: 560 },
    });
    box.querySelectorAll(".main-svg").forEach((svg) => svg.setAttribute("aria-hidden", "true"));
  }

  async function load() {
    const boxes = Array.from(page.querySelectorAll("[data-chart]"));
    try {
      const answer = await fetch(page.dataset.charts, { credentials: "same-origin", headers: { Accept: "application/json", ...window.kuaidan.ofShop() } });
      if (!answer.ok) throw new Error(String(answer.status));
      const figures = await answer.json();
      for (const box of boxes) await draw(box, figures[box.dataset.chart]);
      page.dataset.drawn = "yes";
    } catch (failure) {
      boxes.filter((box) => !drawn.has(box)).forEach((box) => { box.classList.add("k-lost"); box.textContent = page.dataset.lost; });
    }
  }

  if (page) {
    // The locale file is a CommonJS module and runs after this script: it finds a `module` to export to.
    window.module = {};
    document.addEventListener("DOMContentLoaded", () => {
      if (window.module.exports) window.Plotly.register(window.module.exports);
      delete window.module;
      load();
    });
    document.addEventListener("kuaidan:theme", () => drawn.forEach((figure, box) => draw(box, figure)));
    const refit = () => drawn.forEach((figure, box) => window.Plotly.Plots.resize(box));
    window.addEventListener("beforeprint", refit);
    window.addEventListener("afterprint", refit);
  }
  document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
  document.querySelectorAll("[data-chooses]").forEach((field) => {
    field.addEventListener("input", () => { document.getElementById(field.dataset.chooses).checked = true; });
  });
})();
