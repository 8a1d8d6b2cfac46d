"""Where a channel may call, and what every call is bounded by."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from app.payments.channels import hosts, verdicts, wire
from app.payments.channels.verdicts import Verdict


@pytest.mark.parametrize(
    "url",
    [
        "https://api.mch.weixin.qq.com/v3/x",
        "https://openapi.alipay.com/gateway.do",
        "https://gateway.95516.com/gateway/api/queryTrans.do",
        "https://api.stripe.com:443/v1/refunds",
        "https://gateway.test.95516.com/gateway/api/queryTrans.do",
    ],
)
def test_gateways_may_be_called(url: str) -> None:
    assert hosts.is_allowed(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.stripe.com/v1/refunds",
        "https://api.stripe.com.evil.example/v1",
        "https://evil.example/?api.stripe.com",
        "https://api.stripe.com@evil.example/",
        "https://api.stripe.com:8443/",
        "https://evil.example\\@api.stripe.com/",
        "http://127.0.0.1:8190/stripe",
        "http://169.254.169.254/latest",
        "ftp://api.stripe.com/",
        "",
    ],
)
def test_nobody_else_may_be_called(url: str) -> None:
    assert not hosts.is_allowed(url)
    assert wire.send(wire.Call("x", "GET", url)).problem == "host"


def test_a_sandbox_may_be_called_while_it_is_open() -> None:
    hosts.open_sandbox("http://127.0.0.1:9")
    assert hosts.is_allowed("http://127.0.0.1:9/stripe/v1") and not hosts.is_allowed("http://127.0.0.1:99/stripe")
    assert wire.send(wire.Call("x", "GET", "http://127.0.0.1:9/")).problem == "unreachable"
    hosts.close_sandbox("http://127.0.0.1:9")
    assert not hosts.is_allowed("http://127.0.0.1:9/stripe/v1")


def test_a_form_may_go_to_its_gateway_and_on_to_the_gateways_other_hosts() -> None:
    assert hosts.form_target("https://gateway.95516.com/gateway/api/frontTransReq.do") == "https://*.95516.com"
    assert hosts.form_target("http://127.0.0.1:8190/unionpay/x") == "http://127.0.0.1:8190"


def test_an_answer_that_trickles_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(wire, "READ_SECONDS", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=_trickle, args=(server,), daemon=True).start()
        hosts.open_sandbox(url)
        started = time.monotonic()
        answer = wire.send(wire.Call("x", "GET", url + "/"))
        hosts.close_sandbox(url)
    assert answer.problem == "timeout" and time.monotonic() - started < 2


def _trickle(server: socket.socket) -> None:
    connection, _ = server.accept()
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        try:
            connection.sendall(b"x")
        except OSError:
            return
        time.sleep(0.1)


def test_an_answer_larger_than_allowed_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=_flood, args=(server,), daemon=True).start()
        hosts.open_sandbox(url)
        answer = wire.send(wire.Call("x", "GET", url + "/", most_bytes=1000))
        hosts.close_sandbox(url)
    assert (answer.problem, answer.body) == ("too_large", b"")


def _flood(server: socket.socket) -> None:
    connection, _ = server.accept()
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000)
    connection.close()


def test_what_is_not_known_is_asked_about() -> None:
    for channel in ("wechat", "alipay", "unionpay", "stripe"):
        assert verdicts.of(channel, "NEVER_HEARD_OF") is Verdict.ASK
        assert verdicts.of(channel, "timeout") is Verdict.ASK
        assert verdicts.of(channel, "unreachable") is Verdict.RETRY
