"""What all emulators share: a server of their own, faults on order, notices to the merchant, a journal."""

from __future__ import annotations

import itertools
import secrets
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

BEIJING = timezone(timedelta(hours=8))


class Fault(StrEnum):
    """What can go wrong with one call; BEFORE: the gateway did nothing. AFTER: it did, and nobody hears of it."""

    SLOW_BEFORE = "slow answer, nothing done"
    SLOW_AFTER = "slow answer, done"
    CUT_BEFORE = "connection cut, nothing done"
    CUT_AFTER = "connection cut, done"
    ERROR_BEFORE = "HTTP 500, nothing done"
    ERROR_AFTER = "HTTP 500, done"
    RATE_LIMITED = "HTTP 429"
    TRUNCATED = "answer cut in half, done"
    MALFORMED = "answer is no message of the protocol, done"
    UNSIGNED = "answer signed by a stranger, done"
    STALE = "answer signed long ago, done"


class Lie(StrEnum):
    """What can be wrong with a notice."""

    TAMPERED = "a byte of the body changed"
    STRANGER = "signed by another key"
    SERIAL = "names an unknown key"
    TYPE = "names another kind of signature"
    PROBE = "a probe that must be refused"
    STALE = "signed ten minutes ago"
    FUTURE = "signed in ten minutes"
    AMOUNT = "another amount"
    CURRENCY = "another currency"
    APP = "another app"
    MERCHANT = "another merchant"
    NUMBER = "an order nobody knows"
    CHAIN = "a certificate that signs itself"
    NAME = "a genuine certificate of somebody else"
    MODE = "test money for a live account"


@dataclass(frozen=True)
class Notice:
    """What the gateway posts to the merchant."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """One request in the journal."""

    operation: str
    method: str
    path: str
    body: bytes
    status: int


@dataclass(frozen=True)
class Sale:
    """A trade as the buyer's page shows it; `key` is what stands in the page's address."""

    key: str
    number: str
    title: str
    amount: str
    made_at: datetime
    is_open: bool
    is_paid: bool
    back: str = ""


class Refused(Exception):
    """The gateway says no: an HTTP status, its code and a text."""

    def __init__(self, status: int, code: str, text: str = "") -> None:
        super().__init__(code, text)
        self.status, self.code, self.text = status, code, text


class Gateway:
    """One emulated gateway with one merchant. Thread-safe: every request holds the lock while it works."""

    code = ""
    books: tuple[str, ...] = ()
    """What outlives a restart of the sandbox."""
    lies: frozenset[Lie] = frozenset()
    """The lies that a notice of this gateway can tell."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.skew_seconds = 0.0
        """How far its clock is ahead of ours."""
        self.slow_seconds = 1.0
        self.journal: list[Seen] = []
        self.notices: list[Notice] = []
        self.deliver: Callable[[Notice], Any] | None = None
        """Gets each notice at once, on the thread that caused it; None keeps them in `notices` only."""
        self.pays_at_once = False
        """The buyer pays, and the notice goes out, before the merchant hears that the trade was made."""
        self.refunds_at_once = False
        """Refunds are settled, and their notices sent, before the merchant hears that they were accepted."""
        self.early_bills = True
        """Today's bill can be had today; the real ones take until tomorrow."""
        self._faults: dict[str, list[Fault]] = defaultdict(list)
        self._numbers = itertools.count(1)
        self._server: BaseWSGIServer | None = None
        self.url = ""

    def start(self, port: int = 0) -> str:
        """Listen on loopback; returns the address."""
        self._server = make_server("127.0.0.1", port, self, threaded=True, request_handler=_Quiet)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self.url

    def stop(self) -> None:
        """End the server."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def fail(self, operation: str, *faults: Fault) -> None:
        """The next calls of an operation (create, query, close, refund, query_refund, bill, download) go wrong."""
        self._faults[operation] += faults

    def now(self) -> datetime:
        """The gateway's time, in UTC."""
        return datetime.fromtimestamp(time.time() + self.skew_seconds, UTC)

    def unique(self, prefix: str) -> str:
        """A number of the gateway's own."""
        return f"{prefix}{self.now():%Y%m%d}{next(self._numbers):010d}{secrets.randbelow(10**6):06d}"

    def tell(self, notice: Notice) -> Notice:
        """Send a notice out."""
        self.notices.append(notice)
        if self.deliver is not None:
            self.deliver(notice)
        return notice

    def credentials(self) -> dict[str, str]:
        """What the merchant enters at the product."""
        raise NotImplementedError

    def sales(self) -> list[Sale]:
        """Every trade, for the buyer's page."""
        raise NotImplementedError

    def waiting_refunds(self) -> list[tuple[str, datetime]]:
        """Refunds that were accepted and are not done, with the time of their making."""
        raise NotImplementedError

    def operation_of(self, request: Request) -> str:
        """Which operation a request asks for."""
        raise NotImplementedError

    def answer(self, request: Request, fault: Fault | None) -> Response:
        """The whole answer to a request, signed; UNSIGNED and STALE faults are the subclass's."""
        raise NotImplementedError

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data(cache=True)
        operation = self.operation_of(request)
        with self.lock:
            waiting = self._faults[operation]
            fault = waiting.pop(0) if waiting else None
        response = self._before(fault, environ)
        if response is None:
            with self.lock:
                response = self.answer(request, fault)
            response = self._after(fault, environ, response)
        seen = Seen(operation, request.method, request.path, request.get_data(), response.status_code)
        self.journal.append(seen)
        return response(environ, start_response)

    def _before(self, fault: Fault | None, environ: dict[str, Any]) -> Response | None:
        if fault is Fault.SLOW_BEFORE:
            time.sleep(self.slow_seconds)
            return _cut(environ)
        if fault is Fault.CUT_BEFORE:
            return _cut(environ)
        if fault is Fault.ERROR_BEFORE:
            return Response("upstream", status=500)
        if fault is Fault.RATE_LIMITED:
            return Response("slow down", status=429)
        return None

    def _after(self, fault: Fault | None, environ: dict[str, Any], response: Response) -> Response:
        if fault is Fault.SLOW_AFTER:
            time.sleep(self.slow_seconds)
            return _cut(environ)
        if fault is Fault.CUT_AFTER:
            return _cut(environ)
        if fault is Fault.ERROR_AFTER:
            return Response("upstream", status=502)
        if fault is Fault.MALFORMED:
            return Response('{"half": ', status=200, content_type="application/json")
        if fault is Fault.TRUNCATED:
            whole = response.get_data()
            half = Response(whole[: len(whole) // 2], response.status_code, dict(response.headers))
            half.headers["Content-Length"] = str(len(whole) or 10)
            return half
        return response


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's own name
        """Nothing: the journal has it."""


def _cut(environ: dict[str, Any]) -> Response:
    with suppress(OSError, KeyError):
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Response(status=500)


def yuan(fen: int) -> str:
    """12345 → "123.45"."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def is_whole(value: Any) -> bool:
    """A JSON integer, not a truth value."""
    return isinstance(value, int) and not isinstance(value, bool)
