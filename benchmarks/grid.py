"""The grid beside SlickGrid's bare spreadsheet demo: first render, a paste of 1,000 × 5, scrolling.

The same library draws the same 100,000 rows in both. The bare page has them all in memory as a plain array and checks
nothing; ours fetches them by window from the server, and judges, stages and keeps each pasted cell. Headless Chromium,
software rendering, one page at a time, round-robin. Real clicks and a real Ctrl-V.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import create_engine, text

from benchmarks.database import PASSWORD, ROOT, USER, Bench, Scale, ready
from benchmarks.measure import keep, quantiles
from benchmarks.servers import running

FULL, QUICK = Scale("grid", 2_000, 100_000, 2_000), Scale("grid_quick", 2_000, 5_000, 2_000)
JUMPS, JUMP_PX = 240, 1_600
PASTE_ROWS, PASTE_COLUMNS = 1_000, 5
VIEW = {"width": 1440, "height": 900}
BARE_WAIT_MS = 100
"""CellExternalCopyManager waits so long for its text box before it reads the clipboard; its time is told without."""
GOALS = {"first render": "≤ 1,500 ms", "paste": "≤ 1.3×", "scroll": "≤ 1.3×"}

NOTICE_SHOWN = """
(() => {
  const look = () => {
    const cell = document.querySelector(".slick-row .slick-cell:nth-child(2)");
    if (cell && cell.textContent.trim()) requestAnimationFrame(() => { window.shownAt = Date.now(); });
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  document.addEventListener("click", () => sessionStorage.setItem("clicked", Date.now()), true);
})();
"""
SCROLL = """
([jumps, px]) => new Promise((resolve) => {
  const port = document.querySelector(".slick-viewport-top.slick-viewport-left");
  const frames = []; let last = 0, blank = 0;
  const step = (now) => {
    if (last) frames.push(now - last);
    if (port.querySelector(".slick-row.loading")) blank += 1;
    last = now;
    if (frames.length === jumps) { resolve({ frames, blank }); return; }
    port.scrollTop += px;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})
"""
WATCH_PASTE = """
() => {
  if (window.kuaidanGrid) kuaidanGrid.on("staged", () => { window.pasted = true; });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === "v") window.pressedAt = performance.now();
  }, true);
}
"""
UNTIL_PASTED = """
() => new Promise((resolve) => {
  const look = () => {
    if (!window.pasted) requestAnimationFrame(look);
    else requestAnimationFrame(() => resolve(performance.now() - pressedAt));
  };
  look();
})
"""
SHAPE = """
() => { const g = kuaidanGrid.view.grid, host = document.querySelector("[data-grid-host]");
  return { width: host.clientWidth, height: host.clientHeight, rowHeight: g.getOptions().rowHeight,
    columns: g.getColumns().map((c) => [c.id.replace(":", "_"), c.name, c.width]) }; }
"""
ROWS = """
select json_agg(json_build_object('code', s.code, 'title', p.title, 'price_minor', s.price_minor / 100.0,
  'compare_at_minor', s.compare_at_minor / 100.0, 'cost_minor', s.cost_minor / 100.0, 'stock_on_hand', s.stock_on_hand,
  'low_stock_limit', s.low_stock_limit, 'barcode', s.barcode, 'status', p.status, 'category_id', p.category_id)
  order by s.product_id, s.id)::text from sku s join product p on p.id = s.product_id"""


class Site:
    """One of the two pages; each measure gives milliseconds."""

    name: str
    price: int
    """The position of the first column that a paste goes to."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.context = browser.new_context(base_url=base, viewport=VIEW, locale="en-GB")
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.context.add_init_script(NOTICE_SHOWN)

    def from_click(self) -> Page:
        """A fresh page that has just followed the link to the grid."""
        raise NotImplementedError

    def first_render(self) -> tuple[Page, float]:
        """From the click until the first rows are on screen, network and scripts included."""
        page = self.from_click()
        shown = 0
        while not shown:
            shown = page.evaluate("window.shownAt || 0")
        return page, shown - int(page.evaluate("sessionStorage.getItem('clicked')"))

    def paste(self, page: Page, block: str) -> float:
        """From the key press until the last cell is checked, staged and drawn."""
        page.evaluate("text => navigator.clipboard.writeText(text)", block)
        page.evaluate(WATCH_PASTE)
        self.to_first_price(page)
        page.keyboard.press("Control+v")
        return float(page.evaluate(UNTIL_PASTED))

    def to_first_price(self, page: Page) -> None:
        page.locator(f".slick-row >> nth=0 >> .slick-cell.l{self.price}").click()

    def scroll(self, page: Page) -> dict[str, Any]:
        return page.evaluate(SCROLL, [JUMPS, JUMP_PX])


class Ours(Site):
    """`/products/grid/`, from the button of the product list."""

    name, price = "kuaidan", 2

    def __init__(self, browser: Browser, base: str) -> None:
        super().__init__(browser, base)
        page = self.context.new_page()
        page.goto("/login/")
        page.get_by_label("User name").fill(USER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/login" not in url)
        page.close()

    def from_click(self) -> Page:
        page = self.context.new_page()
        page.goto("/products/")
        page.get_by_role("link", name="Grid").click()
        return page


class Bare(Site):
    """The demo page; all rows come with it as a script."""

    name, price = "slickgrid", 2
    shape: dict[str, Any]

    def from_click(self) -> Page:
        page = self.context.new_page()
        page.goto("/start.html")
        page.evaluate(
            "href => { document.querySelector('a').href = href; }", f"index.html?shape={quote(json.dumps(self.shape))}"
        )
        page.get_by_role("link").click()
        return page

    def paste(self, page: Page, block: str) -> float:
        return super().paste(page, block) - BARE_WAIT_MS


@contextmanager
def served(bench: Bench) -> Iterator[str]:
    """The bare page, the library and the rows on a port of their own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copy(ROOT / "benchmarks/peers/slickgrid/index.html", home)
        for package in ("slickgrid", "sortablejs"):
            (home / package).symlink_to((ROOT / "node_modules" / package).resolve())
        (home / "start.html").write_text("<!DOCTYPE html><title>start</title><a href='#'>grid</a>")
        engine = create_engine(bench.admin_url)
        with engine.connect() as connection:
            (home / "rows.js").write_text("const rows = " + str(connection.scalar(text(ROWS))))
        engine.dispose()
        handler = functools.partial(_Quiet, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Nothing: requests are not news here."""


def block(salt: int) -> str:
    """1,000 × 5 good values, other ones each round."""
    return "\n".join(
        "\t".join(
            f"{1000 + salt + row * column}.{column}5" if column < 3 else str(salt + row + column) for column in range(5)
        )
        for row in range(PASTE_ROWS)
    )


def measure(sites: list[Site], rounds: int) -> dict[str, dict[str, list[float]]]:
    """All figures by kind and page; another page begins each round."""
    found: dict[str, dict[str, list[float]]] = {}
    for number in range(rounds + 1):
        for site in sites[number % 2 :] + sites[: number % 2]:
            page, shown = site.first_render()
            pasted = site.paste(page, block(number * 7 + 1))
            page.close()
            page, _ = site.first_render()
            cold = site.scroll(page)
            page.evaluate("document.querySelector('.slick-viewport-top.slick-viewport-left').scrollTop = 0")
            page.wait_for_timeout(300)
            warm = site.scroll(page)
            page.close()
            if number:  # the first round warms caches of both
                kinds = {
                    "first render": [shown],
                    "paste": [pasted],
                    "scroll": cold["frames"],
                    "scroll again": warm["frames"],
                }
                kinds["frames with rows to come"] = [cold["blank"]]
                for kind, values in kinds.items():
                    found.setdefault(kind, {}).setdefault(site.name, []).extend(values)
        print(".", end="", flush=True)
    print()
    return found


def report(found: dict[str, dict[str, list[float]]]) -> None:
    """Medians and 95th percentiles side by side, and the ratios that the goals speak of."""
    print(f"{'ms':26}{'kuaidan p50 / p95':>22}{'slickgrid p50 / p95':>22}{'ratio':>16}  goal")
    for kind, by_site in found.items():
        ours, bare = (quantiles(by_site[name]) for name in ("kuaidan", "slickgrid"))
        ratio = " / ".join(f"{a / b:.2f}×" if b else "–" for a, b in zip(ours, bare, strict=True))
        cells = [f"{p50:,.0f} / {p95:,.0f}" for p50, p95 in (ours, bare)]
        print(f"{kind:26}{cells[0]:>22}{cells[1]:>22}{ratio:>16}  {GOALS.get(kind, '')}")


def main() -> int:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="5,000 rows, one round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    chromium = os.environ.get("KUAIDAN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium found: set KUAIDAN_CHROMIUM", file=sys.stderr)
        return 1
    scale = QUICK if options.quick else FULL
    with (
        ready(scale) as bench,
        running(bench, ("kuaidan",)) as ports,
        served(bench) as bare,
        sync_playwright() as tools,
    ):
        browser = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        ours, theirs = Ours(browser, f"http://127.0.0.1:{ports['kuaidan']}"), Bare(browser, bare)
        page, _ = ours.first_render()
        theirs.shape = page.evaluate(SHAPE)
        page.close()
        print(f"{scale.products:,} rows; Chromium {browser.version}, headless, software rendering")
        times = measure([ours, theirs], 1 if options.quick else options.rounds)
        report(times)
        keep("grid", {"rows": scale.products, "chromium": browser.version, "samples": times})
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
