"""A real Chromium on the real app: a server thread on the test database, sign-in, axe, screenshots.

Tests here are marked `browser` and `commits`; what they need in the database is made within `committed()`.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_login.utils import _create_identifier
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from tests.browser.looking import (
    AXE,
    AXE_PATH,
    Dealt,
    by_language,
    dress,
    fits,
    grave_findings,
    settled,
    shorten,
)
from tests.browser.windows import AGENT, Windows

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "var/screens"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
"""The shell is the same engine without the window's machinery; it takes a third of the processor time."""
LEFT_OUT = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "PreconnectToSearch"),
    "RenderDocument",
)
"""What Playwright leaves out, whose list this replaces, and a new frame, surface and compositor for each page."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-site-isolation-trials", "--renderer-process-limit=1"]
FLAGS += ["--in-process-gpu"]  # it draws in software here: a process of its own costs more, and adds nothing
FLAGS += ["--js-flags=--no-opt,--no-maglev"]  # a page lives for seconds: to optimize its code costs more than it saves
FLAGS += [f"--disable-features={','.join(LEFT_OUT)}"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; without one the test is skipped loudly, or fails where a browser is required."""
    path = os.environ.get("KUAIDAN_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        message = "NO CHROMIUM FOUND: the browser tests were not run (set KUAIDAN_CHROMIUM, or install chromium)"
        if os.environ.get("KUAIDAN_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def _server(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, _with_axe(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)


def _with_axe(app: Flask) -> Callable[..., Iterable[bytes]]:
    headers = [("Content-Type", "text/javascript"), ("Cache-Control", "max-age=3600, immutable")]

    def answer(environ: Any, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != AXE_PATH:
            return app(environ, start_response)
        start_response("200 OK", [*headers, ("Content-Length", str(len(AXE)))])
        return [AXE]

    return answer


@pytest.fixture
def live(app: Flask, _server: str) -> Iterator[str]:
    """The address of the running app, with CSRF protection as in production."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield _server
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def committed(app: Flask) -> Callable[[], Any]:
    """`with committed():` makes rows, over all shops, and commits them."""
    from app.kit import context
    from app.kit.db import transaction

    @contextmanager
    def block() -> Iterator[None]:
        with app.app_context(), context.every_shop("browser test"), transaction():
            yield

    return block


@pytest.fixture(scope="session")
def _windows(browser: Browser, _server: str) -> Windows:
    return Windows(browser, _server)


@pytest.fixture
def open_page(app: Flask, _windows: Windows, live: str) -> Iterator[Callable[..., Page]]:
    """`open_page("/orders/", user_id, locale="zh", theme="dark", width=390)`: a page of that person, or of nobody.

    Nothing is remembered from pages opened before; no two share cookies. At the end no script error, failed request
    or breach of the content security policy may have been seen.
    """
    taken: list[tuple[str, BrowserContext]] = []
    problems: list[str] = []

    def open_it(
        path: str, user_id: int | None = None, *, locale: str = "en", theme: str = "light", width: int = 1440
    ) -> Page:
        context = _windows.take(locale)
        taken.append((locale, context))
        if user_id is not None:
            context.add_cookies([_session(app, live, user_id, locale)])
        page = context.new_page()
        page.on("console", lambda m: problems.append(f"{m.type}: {m.text}") if _is_problem(m, page) else None)
        page.on("pageerror", lambda error: problems.append(f"script: {error}"))
        dress(page, (locale, theme, width))
        page.goto(path)
        settled(page)
        return page

    yield open_it
    for locale, context in taken:
        _windows.give_back(locale, context)
    assert problems == []


def _is_problem(message: Any, page: Page) -> bool:
    """An error in the console, but for the page's own status: a page of an error is a page, too.

    What htmx was still asking when the page was left is no fault; what the server refuses or a broken wire ends has
    a message of its own.
    """
    own_status = message.text.startswith("Failed to load resource") and message.location.get("url") == page.url
    left_early = message.text.startswith(("htmx:afterRequest", "htmx:sendAbort", "htmx:sendError"))
    return message.type == "error" and not own_status and not left_early


def _session(app: Flask, live: str, user_id: int, locale: str) -> Any:
    """The cookie that sign-in would have given to this browser at this address."""
    with app.test_request_context(environ_base={"REMOTE_ADDR": "127.0.0.1"}, headers={"User-Agent": AGENT}):
        bound_to = _create_identifier()
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    values = {"_user_id": str(user_id), "_id": bound_to, "_fresh": True, "locale": locale}
    return {"name": app.config["SESSION_COOKIE_NAME"], "value": serializer.dumps(values), "url": live}


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """`axe(page)`: axe-core's serious and critical findings, of which there must be none."""

    def check(page: Page, whole: bool = False) -> None:
        settled(page)
        assert grave_findings(page, whole) == [], page.url

    return check


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """`shoot(page, "orders-zh-dark-390")`: a picture in var/screens, to be looked at, with KUAIDAN_SCREENS=1."""

    def take(page: Page, name: str) -> None:
        if os.environ.get("KUAIDAN_SCREENS") == "1":
            SCREENS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENS / f"{name}.png")

    return take


@pytest.fixture
def sound(open_page: Any, axe: Any, shoot: Any) -> Callable[..., None]:
    """`sound("stock", dealt({"list": "/stock/"}, LOOKS), user_id)`: each page is accessible and fits its screens.

    A page is loaded once for each language, and then given the other themes and widths. `also(page)` asserts what
    else has to hold in each look; of a page of many like parts the first `cards` are read; `whole` reads what each
    page has, too.
    """

    def inspect(page: Page, name: str, cards: int, whole: bool) -> None:
        assert fits(page), f"{name}: {page.url} must not scroll sideways"
        shoot(page, name)
        shorten(page, cards)
        axe(page, whole)

    def check(
        prefix: str,
        pages: Dealt,
        user_id: int | None = None,
        *,
        also: Callable[[Page], None] = lambda page: None,
        cards: int = 100,
        whole: bool = False,
    ) -> None:
        for language, loads in by_language(pages).items():
            page = open_page("/livez", user_id, locale=language)
            for name, path, looks in loads:
                dress(page, looks[0])
                page.goto(path.format(locale=language))
                settled(page)
                for look in looks:
                    dress(page, look)
                    also(page)
                    inspect(page, "-".join((prefix, name, *map(str, look))), cards, whole)
            page.close()

    return check
