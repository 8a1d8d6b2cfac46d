"""One emulator a test, and the product's channel connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kit import clock
from app.kit.money import Money
from app.payments.channels import hosts, wire
from app.payments.providers import (
    Account,
    CallbackRequest,
    Channel,
    Charge,
    Provider,
    RefundRef,
    Scene,
    TradeRef,
)
from tests.gateways.gateway import Gateway, Notice

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
        headers = {name.lower(): value for name, value in notice.headers.items()}
        return CallbackRequest("POST", headers, "", notice.body, received_at or datetime.now(UTC))  # noqa: TID251


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bench]]:
    """`connect(gateway, channel)`: both running, with short time limits."""
    running: list[Gateway] = []
    monkeypatch.setattr(wire, "READ_SECONDS", 0.4)

    def make(gateway: Gateway, channel: Channel, *, is_test: bool = False, path: str = "") -> Bench:
        gateway.slow_seconds = 0.7
        url = gateway.start()
        running.append(gateway)
        hosts.open_sandbox(url)
        account = Account(1, gateway.credentials(), is_test, url + path)
        return Bench(gateway, channel.build(account), channel, account)

    yield make
    for one in running:
        hosts.close_sandbox(one.url)
        one.stop()


__all__ = ["Bench", "Scene", "connect"]
