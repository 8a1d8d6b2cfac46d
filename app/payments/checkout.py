"""What a buyer sees of an order they can pay: the amount, the ways to pay, and how it went; nothing about a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from app.kit import clock
from app.kit.db import db
from app.kit.errors import NotFound
from app.orders import channel_money
from app.orders.models import LineKind, Order, OrderKind, OrderLine, OrderState, PaymentState
from app.orders.paying import outstanding
from app.payments import accounts, lifecycle
from app.payments.channels import channel_of, hosts
from app.payments.models import ChannelAccount, Payment, PaymentStatus
from app.payments.providers import Channel, Scene
from app.shops.models import Shop

_SHOWN_LINES = 20


class Stage(StrEnum):
    """What the page is about now."""

    CHOOSE = "choose"
    WAIT = "wait"
    UNCLEAR = "unclear"
    PAID = "paid"
    OVER = "over"


@dataclass(frozen=True)
class Way:
    """One way to pay: an account and how it is used on this device."""

    account: ChannelAccount
    channel: Channel
    scene: Scene


@dataclass(frozen=True)
class View:
    """Everything that the page shows. `failed` is the last attempt that came to nothing."""

    order: Order
    shop: Shop
    stage: Stage
    owed_minor: int
    lines: list[OrderLine]
    ways: list[Way]
    payment: Payment | None = None
    failed: Payment | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When the payment under way runs out."""
        return self.payment.expires_at if self.payment else None


def view(order_id: int, *, mobile: bool, choosing: bool = False) -> View:
    """The state of an order for its buyer; `choosing`: they want another way than the one under way.

    Raises NotFound.
    """
    order = db.session.scalars(select(Order).where(Order.id == order_id)).first()
    if order is None or order.kind is not OrderKind.SALE:
        raise NotFound("not_found")
    shop = db.session.get_one(Shop, order.shop_id)
    payments = list(db.session.scalars(select(Payment).where(Payment.order_id == order.id).order_by(Payment.id.desc())))
    now = clock.now()
    live = next((one for one in payments if one.state in lifecycle.OPEN and one.expires_at > now), None)
    failed = payments[0] if payments and payments[0].state in lifecycle.ENDED_UNPAID else None
    stage = _stage(order, live, choosing)
    ways = ways_of(order, mobile=mobile)
    shown = live if stage in (Stage.WAIT, Stage.UNCLEAR) else None
    return View(order, shop, stage, outstanding(order), _lines(order), ways, shown, failed)


def _stage(order: Order, live: Payment | None, choosing: bool) -> Stage:
    if order.payment_state in (PaymentState.PAID, PaymentState.PARTLY_REFUNDED, PaymentState.REFUNDED):
        return Stage.PAID
    if order.order_state is not OrderState.OPEN or not channel_money.takes_money(order):
        return Stage.OVER
    if live is None or choosing:
        return Stage.CHOOSE
    return Stage.WAIT if live.state is PaymentStatus.PENDING else Stage.UNCLEAR


def ways_of(order: Order, *, mobile: bool) -> list[Way]:
    """How this order can be paid on this device, in the shop's own order of channels."""
    found = []
    for account in accounts.of_shop(order.shop_id):
        channel = channel_of(account.channel)
        takes = channel.currencies is None or order.currency in channel.currencies
        usable = account.enabled and channel.for_buyers and takes and _is_reachable(account, channel)
        if usable and (scene := scene_of(channel, mobile)):
            found.append(Way(account, channel, scene))
    return found


def _is_reachable(account: ChannelAccount, channel: Channel) -> bool:
    """Not so when its gateway is an emulator of another installation, or of a run that had a sandbox."""
    return not account.gateway_url or channel.is_simulated or hosts.is_allowed(account.gateway_url)


_ON_PHONE = (Scene.REDIRECT, Scene.FORM, Scene.QR)
_ON_DESK = (Scene.QR, Scene.REDIRECT, Scene.FORM)


def scene_of(channel: Channel, mobile: bool) -> Scene | None:
    """The best scene of a channel for a device: a phone cannot scan its own screen.

    Never a script within an app: it needs the buyer's id there, which this page does not ask for.
    """
    return next((scene for scene in (_ON_PHONE if mobile else _ON_DESK) if scene in channel.scenes), None)


def way(order: Order, account_id: int, *, mobile: bool) -> Way:
    """The way that a buyer has chosen. Raises NotFound when it is not offered."""
    found = next((one for one in ways_of(order, mobile=mobile) if one.account.id == account_id), None)
    if found is None:
        raise NotFound("not_found")
    return found


def own_payment(order_id: int, payment_id: int) -> Payment:
    """A payment of this order. Raises NotFound."""
    query = select(Payment).where(Payment.id == payment_id, Payment.order_id == order_id)
    payment = db.session.scalars(query).first()
    if payment is None:
        raise NotFound("not_found")
    return payment


def _lines(order: Order) -> list[OrderLine]:
    query = select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.kind == LineKind.PRODUCT)
    return list(db.session.scalars(query.order_by(OrderLine.position).limit(_SHOWN_LINES)))


def fingerprint(seen: View) -> str:
    """Changes when the page would look different."""
    payment: Any = seen.payment or seen.failed
    return (
        f"{seen.stage.value}:{seen.owed_minor}:{payment.id if payment else 0}:{payment.state.value if payment else ''}"
    )
