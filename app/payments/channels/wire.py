"""One call to a gateway: bounded in time and size, no redirects, no proxies, allowed hosts only; secrets stay out.

`kit/outgoing.py` fetches what people typed (GET, public addresses, redirects). Gateways are the other case: their
hosts are listed in `hosts.py`, calls are POST, a redirect is never right, and the sandbox lives on loopback.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.payments.channels import hosts
from app.payments.providers import Exchange

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
MOST_BYTES = 2 * 1024 * 1024
MOST_BILL_BYTES = 64 * 1024 * 1024
SHOWN_CHARACTERS = 8_000
"""So much of a request or an answer goes into its Exchange."""
_CHUNK = 64 * 1024
_PERSONAL = re.compile(
    r"""("(?:customer_details|billing_details|shipping_details|payer)"\s*:\s*)\{(?:[^{}]|\{[^{}]*\})*\}
    |("(?:openid|email|phone|receipt_email|buyer_\w+|user_received_account|payer_client_ip)"\s*:\s*)"[^"]*"
    |(\baccNo=)[^&]*""",
    re.VERBOSE,
)
"""What answers say about the buyer, and nobody needs to see again."""


@dataclass(frozen=True)
class Call:
    """What is to be sent. `headers` may hold secrets and are never shown; `body` is shown."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""
    most_bytes: int = MOST_BYTES


@dataclass(frozen=True)
class Answer:
    """What came back. `problem` is host, unreachable, timeout, cut or too_large when nothing whole came."""

    exchange: Exchange
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    problem: str = ""


def send(call: Call) -> Answer:
    """The answer to one call; never raises for what host or network do."""
    started = time.monotonic()
    try:
        hosts.check(call.url)
        answer = _exchange(call)
    except hosts.HostRefused:
        return Answer(_shown(call, started), problem="host")
    except TimeoutError:
        return Answer(_shown(call, started, response="timeout"), problem="timeout")
    except (ConnectionRefusedError, socket.gaierror, ssl.SSLError) as error:
        return Answer(_shown(call, started, response=type(error).__name__), problem="unreachable")
    except _TooLarge:
        return Answer(_shown(call, started, response="too large"), problem="too_large")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(_shown(call, started, response=type(error).__name__), problem="cut")
    status, headers, body = answer
    return Answer(_shown(call, started, status, _text(body)), status, headers, body)


class _TooLarge(Exception):
    """More came than the call allows."""


def _exchange(call: Call) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(call.url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=CONNECT_SECONDS)
    late = _Deadline(connection, CONNECT_SECONDS + READ_SECONDS)
    try:
        connection.connect()
        late.watch(connection.sock)
        connection.sock.settimeout(READ_SECONDS)
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection.request(call.method, target, body=call.body or None, headers=_headers(call))
        response = connection.getresponse()
        body = _read(response, call.most_bytes)
        return response.status, {name.lower(): value for name, value in response.getheaders()}, body
    except (OSError, http.client.HTTPException) as error:
        if late.is_over:
            raise TimeoutError from error
        raise
    finally:
        late.cancel()
        connection.close()


def _headers(call: Call) -> dict[str, str]:
    plain = {"User-Agent": "Kuaidan/1.0", "Accept-Encoding": "identity", "Connection": "close"}
    return {**plain, **call.headers}


def _read(response: http.client.HTTPResponse, most_bytes: int) -> bytes:
    body = bytearray()
    while chunk := response.read(_CHUNK):
        body += chunk
        if len(body) > most_bytes:
            raise _TooLarge
    if response.length:  # it promised more than it sent
        raise http.client.IncompleteRead(bytes(body), response.length)
    return bytes(body)


class _Deadline:
    """Ends a call that trickles: each byte in time, the whole too late."""

    def __init__(self, connection: http.client.HTTPConnection, seconds: float) -> None:
        self.is_over = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, opened: socket.socket) -> None:
        self._socket = opened

    def cancel(self) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.is_over = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _shown(call: Call, started: float, status: int = 0, response: str = "") -> Exchange:
    return Exchange(
        operation=call.operation,
        url=call.url[:SHOWN_CHARACTERS],
        request=_text(call.body),
        status=status,
        response=response,
        millis=round((time.monotonic() - started) * 1000),
    )


def _text(body: bytes) -> str:
    if b"\0" in body[:SHOWN_CHARACTERS] or body[:2] in (b"PK", b"\x1f\x8b"):
        return f"({len(body)} bytes)"
    text = body[:SHOWN_CHARACTERS].decode("utf-8", "replace")
    return _PERSONAL.sub(lambda found: f'{found[1] or found[2] or found[3]}"…"', text)
