"""Calls to addresses that people typed, for a file or with a message: public ones only, bounded in size and time."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from flask import current_app

SECONDS = 10
MOST_REDIRECTS = 3
LONGEST_URL = 2_000
AGENT = "Kuaidan/1.0"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 64 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Resolve = Callable[[str, int], str]


class FetchFailed(Exception):
    """Why nothing came: `code` is bad_address, unreachable or too_large."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


def public_address(host: str, port: int) -> str:
    """The IP address to connect to. Raises FetchFailed when any of the host's addresses is not public."""
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise FetchFailed("unreachable", "name") from error
    if not found or not all(is_public(address) for address in found):
        raise FetchFailed("bad_address", "private")
    return min(found, key=lambda address: (":" in address, address))


def own_hosts() -> frozenset[str]:
    """Hosts in private networks that webhooks may go to, as KUAIDAN_WEBHOOK_HOSTS names them."""
    named = str(current_app.config.get("KUAIDAN_WEBHOOK_HOSTS") or "")
    return frozenset(host.strip().lower() for host in named.split(",") if host.strip())


def resolving(own: frozenset[str]) -> Resolve:
    """Like `public_address`, but hosts of our own may be private. Knows no settings, so that threads may use it."""

    def resolve(host: str, port: int) -> str:
        if host not in own:
            return public_address(host, port)
        try:
            return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
        except OSError as error:
            raise FetchFailed("unreachable", "name") from error

    return resolve


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, also where it carries another one inside."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def fetch(url: str, most_bytes: int, resolve: Resolve = public_address) -> bytes:
    """What the address answers, at most `most_bytes` in SECONDS and MOST_REDIRECTS. Raises FetchFailed.

    The name is resolved once a hop and the connection goes to that very address, so that a name which changes
    its mind in between leads nowhere. No cookies, no credentials, no proxy.
    """
    deadline = time.monotonic() + SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        parts = _checked(url)
        status, location, body = _get(parts, most_bytes, deadline, resolve)
        if status == http.client.OK:
            return body
        if status not in REDIRECTS or not location:
            raise FetchFailed("unreachable", str(status))
        url = urljoin(url, location)
    raise FetchFailed("unreachable", "redirects")


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the beginning of the body, and the header Retry-After."""

    status: int
    body: bytes
    retry_after: str


@dataclass(frozen=True)
class Bounds:
    """How much of an answer is read, and how long all of it may take."""

    most_bytes: int
    seconds: int = SECONDS


def post(
    url: str, body: bytes, headers: Mapping[str, str], bounds: Bounds, resolve: Resolve = public_address
) -> Answer:
    """Send a message and read the beginning of the answer; redirects are not followed. Raises FetchFailed."""
    deadline = time.monotonic() + bounds.seconds
    with _exchange(_checked(url), _Request("POST", body, headers), deadline, resolve) as answer:
        told = answer.read1(bounds.most_bytes) if answer.status not in REDIRECTS else b""
        return Answer(answer.status, told, answer.getheader("Retry-After", "") or "")


def check(url: str, resolve: Resolve = public_address) -> None:
    """Raise FetchFailed("bad_address") where no message may go; a name that is not known yet is no fault."""
    parts = _checked(url)
    try:
        resolve(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    except FetchFailed as failed:
        if failed.code != "unreachable":
            raise


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise FetchFailed("bad_address") from error
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    if not plain or parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise FetchFailed("bad_address")
    if port not in (80, 443) and port < 1024:
        raise FetchFailed("bad_address", "port")
    return parts


def _get(parts: SplitResult, most_bytes: int, deadline: float, resolve: Resolve) -> tuple[int, str, bytes]:
    with _exchange(parts, _Request("GET", None, {"Accept": "image/*"}), deadline, resolve) as answer:
        if answer.status != http.client.OK:
            return answer.status, answer.getheader("Location", "") or "", b""
        return answer.status, "", _read(answer, most_bytes, deadline)


@dataclass(frozen=True)
class _Request:
    method: str
    body: bytes | None
    headers: Mapping[str, str]


@contextmanager
def _exchange(
    parts: SplitResult, asked: _Request, deadline: float, resolve: Resolve
) -> Iterator[http.client.HTTPResponse]:
    """The answer to one request, to be read within the block. Raises FetchFailed."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = resolve(host, port)
    connection = _Pinned(host, port, address, parts.scheme == "https", _left(deadline))
    stop = threading.Timer(_left(deadline), connection.abort)  # a trickle of bytes never trips a socket's timeout
    stop.daemon = True
    stop.start()
    try:
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        headers = {"User-Agent": AGENT, "Accept-Encoding": "identity", "Connection": "close", **asked.headers}
        connection.request(asked.method, target, asked.body, headers)
        yield connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchFailed("unreachable", type(error).__name__) from error
    finally:
        stop.cancel()
        connection.close()


def _read(answer: http.client.HTTPResponse, most_bytes: int, deadline: float) -> bytes:
    if answer.length is not None and answer.length > most_bytes:
        raise FetchFailed("too_large")
    body = bytearray()
    while chunk := answer.read(_CHUNK):
        body += chunk
        if len(body) > most_bytes:
            raise FetchFailed("too_large")
        _left(deadline)
    _left(deadline)  # what was cut off at the deadline is no answer
    return bytes(body)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise FetchFailed("unreachable", "time")
    return left


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, under the host's name for TLS and the Host header."""

    def __init__(self, host: str, port: int, address: str, is_tls: bool, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self.default_port = 443 if is_tls else 80
        self._address, self._tls = address, is_tls
        self._opened: socket.socket | None = None

    def connect(self) -> None:
        self.sock = self._opened = socket.create_connection((self._address, self.port), self.timeout)
        if self._tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
            self._opened = self.sock

    def abort(self) -> None:
        """End whatever is under way; called from another thread, also when the answer holds the socket alone."""
        if self._opened is not None:
            with suppress(OSError):
                self._opened.shutdown(socket.SHUT_RDWR)
