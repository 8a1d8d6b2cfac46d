"""All emulated gateways behind one address, with books that outlive a restart: what `make run` offers to newcomers.

/wechat, /alipay, /unionpay and, since Stripe sends webhooks to an account and not to a trade, /stripe/<shop id>.
The folder holds keys, `merchant.json` (what a merchant enters), `webhooks.json` (written by the product: shop id →
address) and the books.
"""

from __future__ import annotations

import copy
import http.client
import json
import pickle
import queue
import re
import threading
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from tests.gateways import pages, signing
from tests.gateways.alipay import AlipayGateway
from tests.gateways.gateway import Gateway, Notice
from tests.gateways.stripe import StripeGateway
from tests.gateways.unionpay import UnionPayGateway
from tests.gateways.wechat import WeChatGateway

_PATH = re.compile(r"/(wechat|alipay|unionpay|stripe/\d{1,18})(/.*)")
_PAUSES = (0, 1, 5, 15, 30, 180, 600)
REFUND_AFTER = timedelta(seconds=3)
MOST_STRIPES = 50


class Sandbox:
    """The gateways, their addresses, and the thread that tells the shop what happened."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        (folder / "keys").mkdir(parents=True, exist_ok=True)
        signing.keep_in(folder / "keys")
        self._stripe = StripeGateway(live=False)
        self._books = self._read_books()
        _open(self._stripe, self._books.get("stripe", {}))
        self.gateways: dict[str, Gateway] = {}
        for prefix, one in (("wechat", WeChatGateway()), ("alipay", AlipayGateway()), ("unionpay", UnionPayGateway())):
            self._add(prefix, one)
        for prefix in [name for name in self._books if name.startswith("stripe/")]:
            self._gateway(prefix)
        self._waiting: queue.Queue[tuple[float, int, Notice]] = queue.Queue()
        self._write_merchant()

    def _add(self, prefix: str, one: Gateway) -> Gateway:
        one.url = f"{self.url}/{prefix}"
        _open(one, self._books.get(prefix, {}))
        one.deliver = lambda notice: self._deliver(prefix, notice)
        self.gateways[prefix] = one
        return one

    def _gateway(self, prefix: str) -> Gateway | None:
        if prefix not in self.gateways and prefix.startswith("stripe/") and len(self.gateways) < MOST_STRIPES:
            one = StripeGateway(live=False)
            one.secret_key, one.webhook_secret = self._stripe.secret_key, self._stripe.webhook_secret
            self._add(prefix, one)
        return self.gateways.get(prefix)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        found = _PATH.fullmatch(environ["PATH_INFO"])
        gateway = self._gateway(found[1]) if found else None
        if found is None or gateway is None:
            here = environ["PATH_INFO"] == "/"
            answer = pages.index(self.gateways) if here else Response("not found", 404)
            return answer(environ, start_response)
        environ = {**environ, "SCRIPT_NAME": f"/{found[1]}", "PATH_INFO": found[2]}
        if found[2].startswith("/pay/"):
            return pages.buyer(gateway, Request(environ))(environ, start_response)
        return gateway(environ, start_response)

    def _deliver(self, prefix: str, notice: Notice) -> None:
        url = notice.url or self._webhook(prefix)
        if url.startswith("http"):
            self._waiting.put((time.monotonic(), 0, Notice(url, notice.body, notice.headers)))

    def _webhook(self, prefix: str) -> str:
        try:
            known = json.loads((self.folder / "webhooks.json").read_text("utf-8"))
        except (OSError, ValueError):
            return ""
        return str(known.get(prefix.rpartition("/")[2], ""))

    def work(self) -> None:
        """Send notices until the shop takes them, end refunds, keep the books; for ever."""
        kept = b""
        while True:
            with suppress(queue.Empty):
                self._send(*self._waiting.get(timeout=0.5))
            for gateway in list(self.gateways.values()):
                _end_refunds(gateway)
            kept = self._keep_books(kept)

    def _send(self, due: float, tries: int, notice: Notice) -> None:
        if due > time.monotonic():
            time.sleep(0.05)
            self._waiting.put((due, tries, notice))
        elif not post(notice) and tries + 1 < len(_PAUSES):
            self._waiting.put((time.monotonic() + _PAUSES[tries + 1], tries + 1, notice))

    def _keep_books(self, before: bytes) -> bytes:
        whole = {prefix: _books_of(one) for prefix, one in self.gateways.items()} | {"stripe": _books_of(self._stripe)}
        now = pickle.dumps(whole)
        if now != before:
            part = self.folder / ".books"
            part.write_bytes(now)
            part.chmod(0o600)
            part.replace(self.folder / "books.pickle")
        return now

    def _read_books(self) -> dict[str, dict[str, Any]]:
        try:
            found = pickle.loads((self.folder / "books.pickle").read_bytes())  # noqa: S301 - our own file
        except Exception:  # noqa: BLE001 - books of an older version: the sandbox begins anew
            return {}
        return found if isinstance(found, dict) else {}

    def _write_merchant(self) -> None:
        named = {**{prefix: one.credentials() for prefix, one in self.gateways.items() if "/" not in prefix}}
        facts = {"url": self.url, "channels": {**named, "stripe": self._stripe.credentials()}}
        self._keep_books(b"")  # the keys just given out must be those of the next start
        part = self.folder / ".merchant"
        part.write_text(json.dumps(facts, indent=1), "utf-8")
        part.chmod(0o600)
        part.replace(self.folder / "merchant.json")


def _open(gateway: Gateway, books: dict[str, Any]) -> None:
    for name in gateway.books:
        if name in books:
            setattr(gateway, name, books[name])


def _books_of(gateway: Gateway) -> dict[str, Any]:
    with gateway.lock:
        return {name: copy.deepcopy(getattr(gateway, name)) for name in gateway.books}


def _end_refunds(gateway: Gateway) -> None:
    with gateway.lock:
        for number, made_at in gateway.waiting_refunds():
            if gateway.now() - made_at > REFUND_AFTER:
                gateway.settle_refund(number)


def post(notice: Notice) -> bool:
    """Whether the shop took a notice."""
    parts = urlsplit(notice.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request(
            "POST", f"{parts.path}{'?' if parts.query else ''}{parts.query}", notice.body, notice.headers
        )
        return connection.getresponse().status in (200, 204)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def start_work(sandbox: Sandbox) -> None:
    """Let it tell the shop, on a thread of its own."""
    threading.Thread(target=sandbox.work, daemon=True).start()
