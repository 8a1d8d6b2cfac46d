"""How a page is looked at: when it has settled, what axe-core says of it, whether it fits; in which dresses."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Error, Locator, Page

from tools.styles import left_out

ROOT = Path(__file__).resolve().parents[2]
Look = tuple[str, str, int]
"""Language, theme and width."""
Dealt = list[tuple[str, str, list[Look]]]
"""Pages: name, address and the looks in which each is tried, as `tests.lengths.dealt` gives them."""
LOOKS = [("zh", "light", 1440), ("en", "dark", 1440), ("zh", "dark", 390), ("en", "light", 390)]
"""Each pair of their values once."""
TWO_LOOKS = [("zh", "light", 1440), ("en", "dark", 390)]
"""Each value once, and the longer language on the narrower screen."""
OTHER_TWO_LOOKS = [("en", "light", 1440), ("zh", "dark", 390)]
"""Each value once, the other way round."""
WATCH = """(() => {
  let asked = 0;
  const end = () => { asked -= 1; };
  const { fetch } = window, { send } = XMLHttpRequest.prototype;
  window.fetch = (...about) => { asked += 1; const answer = fetch(...about); answer.then(end, end); return answer; };
  XMLHttpRequest.prototype.send = function (...body) {
    asked += 1;
    this.addEventListener("loadend", end, { once: true });
    return send.apply(this, body);
  };
  const frame = () => new Promise((go) => { requestAnimationFrame(() => setTimeout(go)); setTimeout(go, 100); });
  const calm = () => document.readyState === "complete" && !asked && !document.querySelector(".htmx-request");
  window.settledForTests = async () => {
    const end = Date.now() + 8000;
    for (let quiet = 0; quiet < 3; quiet = calm() ? quiet + 1 : 0) {
      if (Date.now() > end) throw new Error(`${location.pathname} does not settle: ${asked} answers are missing`);
      await frame();
    }
    await document.fonts.ready;
    const styled = Array.from(document.querySelectorAll("[class]"), (one) => Array.from(one.classList));
    return Array.from(new Set(styled.flat()));
  };
})()"""
"""Put into each page before its own scripts: counts what it asks of the server, to know when it has its answers."""

AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_bytes()
AXE_PATH = "/axe-core-for-tests.js"
"""Where the tests' server has it: the browser keeps it from page to page, compiled; a page's policy allows it."""
_LOAD = """(address) => new Promise((loaded, failed) => {
  const script = Object.assign(document.createElement("script"), { src: address, onload: loaded, onerror: failed });
  document.head.append(script);
  script.remove();
})"""
_RUN = """async (whole) => {
  const { rules, tagExclude } = axe._audit;  // a finding's impact is its rule's: those of a plain run that are grave
  const grave = rules.filter((r) => r.enabled && ["serious", "critical"].includes(r.impact)
    && !r.tags.some((tag) => tagExclude.includes(tag))).map((r) => r.id);
  const about = { runOnly: grave, resultTypes: ["violations"], selectors: false, preload: false };
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const seen = {};
  const part = (e) => [e.tagName, e.className, ...e.getAttributeNames(), e.children.length || !!e.textContent.trim()];
  const shape = (row) => [row, ...row.querySelectorAll(":not(svg *)")].map(part).join();
  const alike = (row) => (seen[shape(row)] = (seen[shape(row)] || 0) + 1) > 2;
  const known = whole ? [] : all(".k-sidebar:not(.show), .k-topbar:not(:has(.show))");
  const left = [...known, ...all("main tbody > tr").filter(alike)];
  const found = await axe.run(left.length ? { exclude: left } : document, about);
  return [grave.length, found.violations.flatMap((one) => one.nodes.slice(0, 4).map((node) =>
    `${one.impact} ${one.id}: ${node.html.slice(0, 160)} | ${node.failureSummary.slice(0, 300)}`))];
}"""


def settled(page: Page) -> None:
    """Wait until the page is loaded, nothing it asked for is under way, its fonts are there and it has been painted.

    It looks again after three frames: for what a page asks for by itself, not for what a click has yet to begin.
    No class on it may be one that Tabler styles and that `make styles` has left out.
    """
    page.wait_for_load_state()
    try:
        classes = page.evaluate("window.settledForTests()")
    except Error as gone:
        if "context was destroyed" not in str(gone):
            raise
        settled(page)  # the page went on to another one
    else:
        assert left_out().isdisjoint(classes), f"no style for {left_out().intersection(classes)} on {page.url}"


def press(button: Locator) -> None:
    """Click what sends a form; wait for the page that answers it, at whatever address, until it has settled."""
    with button.page.expect_navigation():
        button.click()
    settled(button.page)


def read_again(page: Page) -> None:
    """Load a page anew. One that follows a job does so by itself when the job ends: that will do, and stops ours."""
    try:
        page.reload()
    except Error as overtaken:
        if "ERR_ABORTED" not in str(overtaken):
            raise
    settled(page)


def grave_findings(page: Page, whole: bool = False) -> list[str]:
    """axe-core's serious and critical findings.

    Left out are rows of a table with the same tags, classes and attributes as two above, and, but for a `whole` page,
    the menu and the bar on top while nothing of them is open: they are the same on each page.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(_LOAD, AXE_PATH)
    rules, told = page.evaluate(_RUN, whole)
    assert rules > 50, "axe-core keeps its rules elsewhere: none were tried"
    return told


def shorten(page: Page, cards: int) -> None:
    """Leave the first cards of a page of many like parts, each of which costs the same to look at."""
    page.evaluate(
        "(n) => document.querySelectorAll('main .card').forEach((card, at) => at < n || card.remove())", cards
    )


def by_language(pages: Dealt) -> dict[str, Dealt]:
    """The pages to load in each language, with their looks in it; those that look alike one after the other."""
    languages = dict.fromkeys(look[0] for _, _, looks in pages for look in looks)
    return {language: sorted(_spoken(pages, language), key=lambda load: load[2][0]) for language in languages}


def _spoken(pages: Dealt, language: str) -> Dealt:
    own = [(name, path, [look for look in looks if look[0] == language]) for name, path, looks in pages]
    return [load for load in own if load[2]]


def dress(page: Page, look: Look) -> None:
    """Give a page the theme and the width of a look, as the reader's system and window would, if it has others."""
    _, theme, width = look
    size = {"width": width, "height": 900}
    if page.viewport_size == size and page.evaluate(f"matchMedia('(prefers-color-scheme: {theme})').matches"):
        return
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.set_viewport_size(size)  # type: ignore[arg-type]
    settled(page)
    assert page.evaluate("document.documentElement.dataset.bsTheme || 'own'") in (theme, "own")


def fits(page: Page) -> bool:
    """Whether the page itself need not be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")
