"""A gateway with the product's channel connected to it, and messages between them, true and false."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from hypothesis import strategies as st

from app.kit import clock
from app.kit.money import Money
from app.payments.channels import CHANNELS, hosts, wire
from app.payments.providers import Account, CallbackRequest, Channel, Charge, Provider, RefundRef, TradeRef
from tests.gateways.alipay import AlipayGateway
from tests.gateways.gateway import Fault, Gateway, Notice
from tests.gateways.stripe import StripeGateway
from tests.gateways.unionpay import UnionPayGateway
from tests.gateways.wechat import WeChatGateway

GATEWAYS: dict[str, Callable[[], Gateway]] = {
    "wechat": WeChatGateway,
    "alipay": AlipayGateway,
    "unionpay": UnionPayGateway,
    "stripe": StripeGateway,
}
PATHS = {"alipay": "/gateway.do"}
NOTIFY_URL = "https://shop.example/pay/notify/token"


@dataclass
class Bench:
    """A gateway, the product's provider for it, and short ways to say what a test wants."""

    gateway: Any
    provider: Provider
    channel: Channel
    account: Account
    started_at: datetime = field(default_factory=lambda: clock.now().replace(microsecond=0))

    def charge(self, number: str = "P000000001", minor: int = 12_345, **other: Any) -> Charge:
        """What a buyer shall pay."""
        facts: dict[str, Any] = {
            "number": number,
            "amount": Money(minor, other.pop("currency", "CNY")),
            "title": "快单 “tea”, two boxes",
            "started_at": self.started_at,
            "expires_at": self.started_at + timedelta(minutes=30),
            "notify_url": NOTIFY_URL,
            "return_url": "https://shop.example/pay/back",
            "scene": self.channel.scenes[0],
        }
        return Charge(**{**facts, **other})

    def ref(self, number: str = "P000000001", minor: int = 12_345, **other: Any) -> TradeRef:
        """The payment as it is asked about."""
        amount = Money(minor, other.pop("currency", "CNY"))
        expires_at = self.started_at + timedelta(minutes=30)
        return TradeRef(number, amount, self.started_at, other.pop("channel_trade_no", ""), expires_at)

    def refund_ref(self, trade: TradeRef, number: str = "R000000001", minor: int = 12_345) -> RefundRef:
        """A refund of it."""
        money = Money(minor, trade.amount.currency)
        return RefundRef(number, trade, money, "not wanted", self.started_at, NOTIFY_URL)

    def arrived(self, notice: Notice, received_at: datetime | None = None) -> CallbackRequest:
        """A notice as the web edge hands it on."""
        return arrived(notice, received_at)

    @contextmanager
    def failing(self, operation: str, fault: Fault) -> Iterator[None]:
        """Within, the next call of the operation goes wrong; an answer that will not come is not waited for long."""
        self.gateway.fail(operation, fault)
        patience = wire.READ_SECONDS
        wire.READ_SECONDS = 0.3 if fault in (Fault.SLOW_BEFORE, Fault.SLOW_AFTER) else patience
        try:
            yield
        finally:
            wire.READ_SECONDS = patience


def arrived(notice: Notice, received_at: datetime | None = None) -> CallbackRequest:
    """A notice as the web edge hands it on."""
    headers = {name.lower(): value for name, value in notice.headers.items()}
    return CallbackRequest("POST", headers, "", notice.body, received_at or datetime.now(UTC))  # noqa: TID251


@contextmanager
def running(gateway: Gateway, *, is_test: bool = False) -> Iterator[Bench]:
    """A gateway that listens, and the product connected to it."""
    gateway.slow_seconds = 2.0
    url = gateway.start()
    hosts.open_sandbox(url)
    channel = CHANNELS[gateway.code]
    account = Account(1, gateway.credentials(), is_test, url + PATHS.get(gateway.code, ""))
    try:
        yield Bench(gateway, channel.build(account), channel, account)
    finally:
        hosts.close_sandbox(url)
        gateway.stop()


def post_form(url: str, form: Any) -> int:
    """What the buyer's browser does with a form; the status of the answer."""
    import http.client
    from urllib.parse import urlencode, urlsplit

    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", parts.path, urlencode(form), headers)
    status = connection.getresponse().status
    connection.close()
    return status


def make_trade(bench: Bench, number: str = "P000000001") -> TradeRef:
    """A trade that the gateway knows, ready to be paid."""
    currency = "USD" if bench.channel.code == "stripe" else "CNY"
    started = bench.provider.create(bench.charge(number, currency=currency))
    if started.form:
        assert post_form(started.url, started.form) == 303
    return bench.ref(number, currency=currency, channel_trade_no=started.channel_trade_no)


SIGNED_HEADERS = {
    "wechat": [
        "wechatpay-timestamp",
        "wechatpay-nonce",
        "wechatpay-signature",
        "wechatpay-serial",
        "wechatpay-signature-type",
    ],
    "stripe": ["stripe-signature"],
    "alipay": [],
    "unionpay": [],
}


def means_the_same(code: str, body: bytes, other: bytes) -> bool:
    """Whether two bodies say the same: forms may spell one text in several ways, and Alipay signs no empty field."""
    if code not in ("alipay", "unionpay"):
        return body == other
    return _fields(code, body) == _fields(code, other)


def _fields(code: str, body: bytes) -> list[tuple[str, str]]:
    pairs = sorted(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return [pair for pair in pairs if pair[1]] if code == "alipay" else pairs


@st.composite
def altered_bytes(draw: st.DrawFn, body: bytes) -> bytes:
    """A body with one thing changed anywhere."""
    at = draw(st.integers(0, len(body) - 1))
    kind = draw(st.sampled_from(["flip", "drop", "add", "cut", "swap", "twice"]))
    if kind == "flip":
        return body[:at] + bytes([body[at] ^ 1 << draw(st.integers(0, 7))]) + body[at + 1 :]
    if kind == "drop":
        return body[:at] + body[at + 1 :]
    if kind == "add":
        return body[:at] + draw(st.binary(min_size=1, max_size=3)) + body[at:]
    if kind == "cut":
        return body[:at]
    if kind == "twice":
        return body + body[at:]
    other = draw(st.integers(0, len(body) - 1))
    swapped = bytearray(body)
    swapped[at], swapped[other] = swapped[other], swapped[at]
    return bytes(swapped)


@st.composite
def altered(draw: st.DrawFn, code: str, genuine: CallbackRequest) -> CallbackRequest:
    """A genuine callback with its body or one of its signed headers changed."""
    names = SIGNED_HEADERS[code]
    if not names or draw(st.booleans()):
        return replace(genuine, body=draw(altered_bytes(genuine.body)))
    name = draw(st.sampled_from(names))
    value = genuine.headers[name].split(",v0=")[0]  # Stripe's v0 is nobody's business
    return replace(genuine, headers={**genuine.headers, name: draw(_altered_text(value))})


def _altered_text(value: str) -> st.SearchStrategy[str]:
    characters = st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=",= ")
    changed = st.tuples(st.integers(0, len(value) - 1), characters).map(
        lambda pick: value[: pick[0]] + pick[1] + value[pick[0] + 1 :]
    )
    dropped = st.integers(0, len(value) - 1).map(lambda at: value[:at] + value[at + 1 :])
    return st.one_of(changed, dropped, st.just("")).filter(lambda text: text != value)
