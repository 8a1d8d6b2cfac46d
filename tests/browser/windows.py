"""Browser contexts that tests share, one after the other: with a process and a cache that last, handed out empty."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, CDPSession

from tests.browser.looking import WATCH

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome Kuaidan-tests"
KEPT = 2
"""So many of each language wait for the next test; a test that has more windows open makes its own."""


class Windows:
    """The contexts of a browser at one address.

    Each has a process of its own, and reads every script and style anew: most of what a short test would cost.
    """

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address
        self._free: dict[str, list[BrowserContext]] = {"zh": [], "en": []}
        self._keepers: dict[BrowserContext, CDPSession] = {}
        """Of the blank page that keeps the process alive between two tests."""

    def take(self, language: str) -> BrowserContext:
        """A context of this language that remembers nothing."""
        return self._free[language].pop() if self._free[language] else self._made(language)

    def give_back(self, language: str, context: BrowserContext) -> None:
        """Close its pages; forget its cookies, its permissions and whatever pages have kept."""
        if len(self._free[language]) >= KEPT:
            del self._keepers[context]
            context.close()
            return
        for page in context.pages[1:]:
            page.close()
        context.clear_cookies()
        context.clear_permissions()
        self._keepers[context].send("Storage.clearDataForOrigin", {"origin": self._address, "storageTypes": "all"})
        self._free[language].append(context)

    def _made(self, language: str) -> BrowserContext:
        context = self._browser.new_context(
            base_url=self._address,
            user_agent=AGENT,
            viewport={"width": 1440, "height": 900},
            locale="zh-CN" if language == "zh" else "en-GB",
            reduced_motion="reduce",
        )
        context.add_init_script(WATCH)
        context.set_default_timeout(8000)
        self._keepers[context] = context.new_cdp_session(context.new_page())
        return context
