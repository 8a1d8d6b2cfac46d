"""A real Chromium on the real app: a server thread on the test database, sign-in, axe, screenshots.

Tests here are marked `browser` and `commits`; what they need in the database is made within `committed()`.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_login.utils import _create_identifier
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from tests.browser.looking import BY_LOOK, TWO_LOOKS, WATCH, dress, fits, grave_findings, settled

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "var/screens"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome Kuaidan-tests"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
"""The shell is the same engine without the window's machinery; it takes a third of the processor time."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-site-isolation-trials", "--renderer-process-limit=1"]


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
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)


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


@pytest.fixture
def open_page(app: Flask, browser: Browser, live: str) -> Iterator[Callable[..., Page]]:
    """`open_page("/orders/", user_id, locale="zh", theme="dark", width=390)`: a page of that person, or of nobody.

    At the end no script error, failed request or breach of the content security policy may have been seen.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_it(
        path: str, user_id: int | None = None, *, locale: str = "en", theme: str = "light", width: int = 1440
    ) -> Page:
        context = browser.new_context(
            base_url=live,
            user_agent=AGENT,
            viewport={"width": width, "height": 900},
            locale="zh-CN" if locale == "zh" else "en-GB",
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        context.add_init_script(WATCH)
        context.set_default_timeout(8000)
        contexts.append(context)
        if user_id is not None:
            context.add_cookies([_session(app, live, user_id, locale)])
        page = context.new_page()
        page.on("console", lambda m: problems.append(f"{m.type}: {m.text}") if _is_problem(m, page) else None)
        page.on("pageerror", lambda error: problems.append(f"script: {error}"))
        page.goto(path)
        settled(page)
        return page

    yield open_it
    for context in contexts:
        context.close()
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

    def check(page: Page, only: tuple[str, ...] = ()) -> None:
        settled(page)
        assert grave_findings(page, only) == [], page.url

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
    """`sound("stock", {"list": "/stock/"}, user_id)`: each page is accessible and fits the screen in every look.

    A page is loaded once for each language, and then given the other themes and widths. `also(page)` asserts what
    else has to hold in each look; `large` names a page of many like parts: all of it is tried in its first look only.
    """

    def inspect(page: Page, name: str, also: Callable[[Page], None] | None, only: tuple[str, ...]) -> None:
        if also:
            also(page)
        axe(page, only)
        assert fits(page), f"{name}: {page.url} must not scroll sideways"
        shoot(page, name)

    def check(
        prefix: str,
        paths: dict[str, str],
        user_id: int | None = None,
        *,
        looks: Sequence[tuple[str, str, int]] = TWO_LOOKS,
        also: Callable[[Page], None] | None = None,
        large: str = "",
    ) -> None:
        for language in dict.fromkeys(locale for locale, _, _ in looks):
            dresses = [(theme, width) for locale, theme, width in looks if locale == language]
            theme, width = dresses[0]
            page = open_page("/livez", user_id, locale=language, theme=theme, width=width)
            for name, path in paths.items():
                dress(page, *dresses[0])
                page.goto(path.format(locale=language))
                settled(page)
                for dressed in dresses:
                    dress(page, *dressed)
                    again = name == large and (language, *dressed) != looks[0]
                    look = "-".join((prefix, name, language, *map(str, dressed)))
                    inspect(page, look, also, BY_LOOK if again else ())
            page.context.close()

    return check
