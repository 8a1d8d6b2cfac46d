"""Fetching from typed addresses: public addresses only at every hop, bounded in size, time and redirects."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.kit import outgoing
from app.kit.outgoing import FetchFailed, fetch, is_public, public_address


class Shop(BaseHTTPRequestHandler):
    """A picture, redirects, and answers that do not end."""

    def do_GET(self) -> None:
        seen.append(dict(self.headers))
        port = self.server.server_address[1]
        if self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(200):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.1)
        elif self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path[4:].replace("PORT", str(port)))
            self.end_headers()
        else:
            self.send_response(404 if self.path == "/gone" else 200)
            self.end_headers()
            self.wfile.write(b"picture" * (1 if self.path == "/small" else 10_000))

    def log_message(self, *args) -> None:
        pass


seen: list[dict[str, str]] = []


@pytest.fixture(scope="module")
def port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


def resolve(host, port):
    """pictures.test is the shop's server; any other name goes the real way."""
    return "127.0.0.1" if host == "pictures.test" else public_address(host, port)


def code(url, most=1_000, by=resolve):
    with pytest.raises(FetchFailed) as failed:
        fetch(url, most, by)
    return failed.value.code


def test_a_picture_comes_over_one_redirect_under_its_own_name(port) -> None:
    seen.clear()

    assert fetch(f"http://pictures.test:{port}/to//small", 1_000, resolve) == b"picture"
    assert {one["Host"] for one in seen} == {f"pictures.test:{port}"}
    assert not any("Cookie" in one or "Authorization" in one for one in seen)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:PORT/small",
        "http://localhost:PORT/small",
        "http://[::1]:PORT/small",
        "http://2130706433:PORT/small",
        "http://0x7f.1:PORT/small",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "ftp://example.com/x.jpg",
        "file:///etc/passwd",
        "gopher://example.com/",
        "http://user:secret@pictures.test:PORT/small",
        "http://pictures.test:22/",
        "http://pictures.test:PORT/a\r\nHost: x",
        "http:///x",
        "pictures.test/x.jpg",
        "http://pictures.test:99999/",
    ],
)
def test_addresses_that_nobody_may_ask_for_are_refused(port, url) -> None:
    seen.clear()

    assert code(url.replace("PORT", str(port))) == "bad_address"
    assert seen == []


@pytest.mark.parametrize("target", ["http://127.0.0.1:PORT/small", "http://localhost:PORT/small", "file:///etc/passwd"])
def test_a_redirect_is_checked_like_an_address_of_its_own(port, target) -> None:
    seen.clear()

    assert code(f"http://pictures.test:{port}/to/{target}") == "bad_address"
    assert len(seen) == 1


def test_a_name_that_changes_its_mind_leads_nowhere(port) -> None:
    asked = []

    def turning(host, at):
        asked.append(host)
        if len(asked) > 1:
            return public_address("localhost", at)
        return "127.0.0.1"

    assert code(f"http://pictures.test:{port}/to//small", by=turning) == "bad_address"
    assert len(asked) == 2  # once a hop: what was checked is what was connected to


def test_what_is_too_large_or_gone_or_turns_in_circles_is_said(port) -> None:
    assert code(f"http://pictures.test:{port}/large") == "too_large"
    assert code(f"http://pictures.test:{port}/gone") == "unreachable"
    loop = "/to/" * 5 + "/small"
    assert code(f"http://pictures.test:{port}{loop}") == "unreachable"
    assert code("http://no-such-host.invalid/") == "unreachable"


def test_a_trickle_of_bytes_ends_at_the_deadline(port, monkeypatch) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 1)
    began = time.monotonic()

    assert code(f"http://pictures.test:{port}/endless") == "unreachable"
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("64:ff9b::808:808", True),
    ],
)
def test_which_addresses_are_public(address, public) -> None:
    assert is_public(address) is public
