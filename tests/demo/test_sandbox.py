"""The payment sandbox: a newcomer pays a demo order on an emulator's page, with every channel."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from werkzeug.serving import make_server

import config
from app.demo import sandbox as demo_sandbox
from app.kit import context
from app.kit.db import db, transaction
from app.orders.models import OrderStatus
from app.payments import accounts, callbacks, starting
from app.payments.channels import channel_of, hosts
from app.payments.models import ChannelAccount, Payment, PaymentStatus
from app.payments.providers import Scene
from launcher import ports
from tests import factories as make
from tests.gateways import signing
from tests.gateways.sandbox import Sandbox
from tests.payments.channels.stages import arrived, post_form

CHANNELS = ("wechat", "alipay", "unionpay", "stripe")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Sandbox]:
    """The emulators behind one address; their notices are kept instead of posted."""
    port = ports.any_free_port()
    one = Sandbox(f"http://127.0.0.1:{port}", tmp_path)
    server = make_server("127.0.0.1", port, one, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    hosts.open_sandbox(one.url)
    yield one
    hosts.close_sandbox(one.url)
    signing._folder.clear()
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(app: Any, running: Sandbox, tmp_path: Path) -> Iterator[Any]:
    """A demo shop, connected."""
    one = make.shop(code="kuaile")
    assert demo_sandbox.connect(tmp_path, "http://127.0.0.1:8000") == 1
    with context.shops([one.id]):
        yield one


def _http(method: str, url: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request(method, f"{parts.path}?{parts.query}", urlencode(form or {}), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.getheader("Location", "") or "", text


@pytest.mark.parametrize("code", CHANNELS)
def test_an_order_is_paid_on_the_emulators_page(shop: Any, running: Sandbox, code: str) -> None:
    order = make.order(shop, ("S1", 1, 5_000), status=OrderStatus.PENDING_PAYMENT)
    account = db.session.query(ChannelAccount).filter_by(shop_id=shop.id, channel=code).one()
    ask = starting.Ask(channel_of(code).scenes[0], "http://127.0.0.1:8000/pay/back")
    payment = starting.get(starting.begin(order.id, account.id, ask, transaction))
    if payment.scene is Scene.FORM:
        assert post_form(payment.shown["url"], payment.shown["form"]) == 303
    page = hosts.sandbox_page(account.gateway_url, payment.channel_trade_no or payment.number)
    status, _, text = _http("GET", page)
    assert status == 200 and "没有真钱" in text and "50.00" in text and "<script" not in text

    prefix = urlsplit(page).path.split("/pay/")[0].strip("/")
    told: list[Any] = []
    running.gateways[prefix].deliver = told.append
    status, back, _ = _http("POST", page, {"act": "pay", "back": "http://127.0.0.1:8000/pay/back"})
    assert (status, back) == (307 if code == "unionpay" else 303, "http://127.0.0.1:8000/pay/back")
    assert len(told) == 1
    assert callbacks.receive(account.id, arrived(told[0])).code == "settled"
    db.session.expire_all()
    assert db.session.get_one(Payment, payment.id).state is PaymentStatus.SUCCEEDED
    assert "已付款 paid" in _http("GET", running.url + "/")[2]


def test_connecting_again_changes_nothing_and_a_new_key_is_taken_over(shop: Any, running: Sandbox) -> None:
    before = {one.channel: (one.id, one.callback_token) for one in db.session.query(ChannelAccount)}
    path = running.folder / "merchant.json"
    facts = json.loads(path.read_text())
    facts["channels"]["wechat"]["apiv3_key"] = "f" * 32
    path.write_text(json.dumps(facts))
    demo_sandbox.connect(running.folder, "http://127.0.0.1:8001")
    db.session.expire_all()
    after = {one.channel: (one.id, one.callback_token) for one in db.session.query(ChannelAccount)}
    assert after == before and set(after) == set(CHANNELS)
    wechat = db.session.get_one(ChannelAccount, after["wechat"][0])
    assert accounts.credentials_of(wechat)["apiv3_key"] == "f" * 32
    webhooks = json.loads((running.folder / "webhooks.json").read_text())
    assert webhooks == {str(shop.id): f"http://127.0.0.1:8001/pay/callback/{after['stripe'][1]}"}


def test_disconnecting_switches_off_the_emulators_and_nothing_else(shop: Any) -> None:
    with transaction():
        own = accounts.make(shop.id, "manual", accounts.Wish("Cash", enabled=True))
    assert demo_sandbox.disconnect() == 4
    db.session.expire_all()
    assert [one.id for one in db.session.query(ChannelAccount).filter_by(enabled=True)] == [own.id]


def test_notices_are_posted_until_the_shop_takes_them(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from werkzeug.wrappers import Request, Response

    from tests.gateways import sandbox as module
    from tests.gateways.gateway import Notice

    seen: list[bytes] = []

    def shop(environ: Any, start_response: Any) -> Any:
        seen.append(Request(environ).get_data())
        return Response("no" if len(seen) < 3 else "ok", 500 if len(seen) < 3 else 200)(environ, start_response)

    monkeypatch.setattr(module, "_PAUSES", (0, 0, 0, 0))
    server = make_server("127.0.0.1", 0, shop, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    running._deliver("wechat", Notice(f"http://127.0.0.1:{server.server_port}/pay/callback/x", b"paid"))
    while not running._waiting.empty():
        running._send(*running._waiting.get())
    server.shutdown()
    server.server_close()
    assert seen == [b"paid"] * 3


def test_keys_and_books_outlive_a_restart(running: Sandbox) -> None:
    from tests.gateways.signing import certificate_pem

    merchant = (running.folder / "merchant.json").read_text()
    running.gateways["wechat"].balance = 5
    again = Sandbox(running.url, running.folder)
    assert (running.folder / "merchant.json").read_text() == merchant
    leaf, other = running.gateways["unionpay"], again.gateways["unionpay"]
    assert certificate_pem(leaf.leaf) == certificate_pem(other.leaf)  # type: ignore[attr-defined]


def test_production_refuses_a_sandbox() -> None:
    values = {"DATABASE_URL": "x", "REDIS_URL": "x", "SECRET_KEY": "x" * 40, "KUAIDAN_ENV": "production"}
    config.read(values)
    with pytest.raises(config.SettingsError, match="real gateways only"):
        config.read({**values, "KUAIDAN_SANDBOX_URL": "http://127.0.0.1:8190"})


def test_an_account_with_an_address_that_nobody_may_call_is_refused(shop: Any) -> None:
    from app.kit.errors import RuleViolation

    wish = accounts.Wish("x", True, True, "http://169.254.169.254/", {"secret_key": "sk_test_1", "webhook_secret": "w"})
    with pytest.raises(RuleViolation, match="gateway_refused"), transaction():
        accounts.make(shop.id, "stripe", wish)
    broken = {"app_id": "1", "seller_id": "2", "private_key": "no key", "alipay_public_key": "none"}
    with pytest.raises(RuleViolation, match="key_unreadable"), transaction():
        accounts.make(shop.id, "alipay", accounts.Wish("x", True, True, "", broken))
