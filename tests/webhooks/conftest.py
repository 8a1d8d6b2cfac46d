"""Receivers on this machine that check what they get as a stranger would, and short ways to make events."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.kit import context, journal
from app.kit.db import db, transaction
from app.order_events import OrderMoved
from app.webhooks import endpoints, outbox, sending
from app.webhooks.endpoints import Wish
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests import factories as make

Answer = tuple[int, str, dict[str, str]]


def verify(headers: dict[str, str], body: bytes, secret: str, now: float | None = None) -> Any:
    """The check as the specification of Standard Webhooks describes it, written apart from ours. Raises ValueError."""
    low = {name.lower(): value for name, value in headers.items()}
    sent = int(low["webhook-timestamp"])
    if abs((now or time.time()) - sent) > 300:
        raise ValueError("too old or too new")
    key = base64.b64decode(secret.split("_", 1)[1])
    expected = hmac.new(key, f"{low['webhook-id']}.{sent}.{body.decode()}".encode(), hashlib.sha256)
    for one in low["webhook-signature"].split(" "):
        version, _, given = one.partition(",")
        if version == "v1" and hmac.compare_digest(base64.b64decode(given), expected.digest()):
            return json.loads(body)
    raise ValueError("no signature fits")


@dataclass
class Receiver:
    """What has come in; `answer(n, path)` says what the n-th message gets, `slow` how long that takes in seconds."""

    port: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[int, dict[str, Any]], Answer] = lambda number, told: (200, "ok", {})
    slow: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?shop=tea"

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    @property
    def ids(self) -> list[str]:
        return [one["id"] for one in self.told]


@pytest.fixture
def receive(app: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Receiver]]:
    """`receive()`: a new receiver on this machine, which the app may send to."""
    monkeypatch.setitem(app.config, "KUAIDAN_WEBHOOK_HOSTS", "127.0.0.1")
    servers: list[ThreadingHTTPServer] = []

    def start() -> Receiver:
        receiver = Receiver()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.lock:
                    receiver.got.append((dict(self.headers), body))
                    number = len(receiver.got)
                time.sleep(receiver.slow)
                status, text, headers = receiver.answer(number, json.loads(body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        receiver.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return receiver

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def new_shop(code: str | None = None) -> Any:
    """A shop that stays readable when the worker has put the session away."""
    shop = make.shop(code)
    db.session.refresh(shop)
    db.session.expunge(shop)
    return shop


def endpoint(shop: Any, url: str, *events: str) -> tuple[int, str]:
    """An endpoint of the shop that hears of orders, by number, and its secret."""
    wish = Wish("ERP", url, frozenset(events or ("OrderMoved", "OrderCreated", "OrderPaid")))
    with context.every_shop("test"), transaction():
        row, secret = endpoints.make(shop.id, wish)
        return row.id, secret


def happen(shop: Any, order_id: int = 7, cause: str = "staff") -> int:
    """An order moves; gives the number of the journal entry."""
    with context.every_shop("test"), transaction():
        moved = OrderMoved(
            shop.id, order_id, "pending_payment", "pending_shipment", "payment_state", "unpaid", "paid", cause
        )
        entry = journal.record(moved)
        db.session.flush()
        return entry.id


def send() -> int:
    """One round of the worker; gives the number of tries."""
    return sending.work_off(10)


def deliveries() -> list[WebhookDelivery]:
    """All of them, by number."""
    from sqlalchemy import select

    with context.every_shop("test"):
        query = select(WebhookDelivery).order_by(WebhookDelivery.id)
        return list(db.session.scalars(query.execution_options(populate_existing=True)))


def known(row_id: int) -> WebhookEndpoint:
    """The endpoint as it is now."""
    with context.every_shop("test"):
        return endpoints.get(row_id)


__all__ = ["Receiver", "deliveries", "endpoint", "happen", "known", "outbox", "receive", "send", "verify"]
