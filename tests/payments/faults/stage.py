"""A shop with an account at an emulated gateway, all of the product between a payment link and the ledger."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update

from app.kit import clock, context
from app.kit.db import db, transaction
from app.orders.models import Order, OrderStatus
from app.payments import accounts, asking, callbacks, refund_sending, refunds, starting
from app.payments.channels import CHANNELS
from app.payments.models import Callback, Payment, Refund
from app.payments.providers import Scene
from tests import factories as make
from tests.gateways.gateway import Gateway, Notice
from tests.gateways.simulator import SimulatorGateway
from tests.payments.channels import stages

GATEWAYS: dict[str, Callable[[], Gateway]] = {"simulator": SimulatorGateway, **stages.GATEWAYS}
"""A channel plugs in by its emulator."""
MINOR = 12_345
_keys = itertools.count(1)


@dataclass
class Stage:
    """One channel's emulator and a shop that takes money through it."""

    app: Any
    gateway: Any
    shop_id: int
    account_id: int
    days_ago: Iterator[int] = field(default_factory=lambda: itertools.count(3, 3))
    """A day of its own for each bill; a channel gives bills of the last three months."""

    @property
    def code(self) -> str:
        return self.gateway.code

    def order(self) -> int:
        """An unpaid order in a currency of the channel."""
        currency = "USD" if self.code == "stripe" else "CNY"
        owner = db.session.get_one(make.Shop, self.shop_id)
        return make.order(owner, ("S1", 1, MINOR), status=OrderStatus.PENDING_PAYMENT, currency=currency).id

    def start(self, order_id: int | None = None) -> Payment:
        """A payment that the buyer sees; where a form leads to the channel, the buyer has followed it."""
        scene = CHANNELS[self.code].scenes[0]
        ask = starting.Ask(scene, "https://shop.example/pay/back", "203.0.113.9")
        payment = starting.get(starting.begin(order_id or self.order(), self.account_id, ask, transaction))
        if payment.shown.get("scene") == Scene.FORM:
            assert stages.post_form(payment.shown["url"], payment.shown["form"]) in (200, 303)
        return payment

    def paid(self) -> tuple[Payment, Notice]:
        """A payment that the buyer has made, of which we have heard nothing, and the notice about it."""
        payment = self.start()
        return payment, self.gateway.pay(payment.number)

    def hear(self, notice: Notice) -> str:
        """A notice arrives; what became of it."""
        return callbacks.receive(self.account_id, stages.arrived(notice)).code

    def hear_apart(self, notice: Notice) -> str:
        """The same on a thread and a session of its own."""
        with self.app.app_context(), context.shops([self.shop_id]):
            try:
                return self.hear(notice)
            finally:
                db.session.remove()

    def hear_at_once(self, notice: Notice, times: int) -> list[str]:
        """The same notice many times at the same moment."""
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(self.hear_apart, [notice] * times))

    def ask(self, payment: Payment, *, closes: bool = False) -> None:
        """The channel is asked now."""
        asking.ask_one(payment.id, transaction, closes=closes)

    def refund(self, payment: Payment, minor: int = 2_000) -> Refund:
        """Money is asked back and sent to the channel once."""
        with transaction():
            key = f"key-{next(_keys)}"
            (refund,) = refunds.ask(payment.order_id, minor, subject="test:1", key=key, reason="Broken")
        refund_sending.send_due(self.shop_id, transaction)
        return fresh(refund)

    def later(self) -> None:
        """The next rounds of the sweeps: everything that waits is due now."""
        for _ in range(2):
            with transaction() as session:
                session.execute(
                    update(Payment).where(Payment.next_query_at.is_not(None)).values(next_query_at=clock.now())
                )
                session.execute(update(Refund).where(Refund.next_try_at.is_not(None)).values(next_try_at=clock.now()))
                session.execute(
                    update(Callback).where(Callback.next_try_at.is_not(None)).values(next_try_at=clock.now())
                )
            asking.ask_due(self.shop_id, transaction)
            refund_sending.send_due(self.shop_id, transaction, most=20)
            callbacks.sweep(self.shop_id)

    def later_callbacks_only(self) -> None:
        """What was stored and not finished is taken up until something becomes of it."""
        for _ in range(callbacks.UNKNOWN_TRIES):
            with transaction() as session:
                session.execute(
                    update(Callback).where(Callback.next_try_at.is_not(None)).values(next_try_at=clock.now())
                )
            callbacks.sweep(self.shop_id)

    def money(self, payment: Payment) -> tuple[int, int]:
        """What the order has: paid and refunded, in minor units."""
        db.session.expire_all()
        order = db.session.get_one(Order, payment.order_id)
        return order.paid_minor, order.refunded_minor


def fresh(row: Any) -> Any:
    """The row as it is in the database now."""
    db.session.expire_all()
    return db.session.get_one(type(row), row.id)


@contextmanager
def on_stage(app: Any, code: str) -> Iterator[Stage]:
    """Everything running and connected."""
    gateway: Any = GATEWAYS[code]()
    with app.app_context(), context.every_shop("test"), stages.running(gateway) as bench:
        shop = make.shop()
        with context.shops([shop.id]):
            with transaction():
                wish = accounts.Wish(code, True, False, bench.account.gateway_url, gateway.credentials())
                account_id = accounts.make(shop.id, code, wish).id
            gateway.account, gateway.slow_seconds = account_id, 2.5
            yield Stage(app, gateway, shop.id, account_id)
