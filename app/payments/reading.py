"""What the pages show of payments and refunds: their raw exchanges, callbacks, and the card on an order's page."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select

from app.kit import people
from app.kit.db import db
from app.orders import channel_money
from app.orders.models import Order, OrderKind
from app.payments import accounts, exchanges
from app.payments.models import Callback, ChannelAccount, ChannelExchange, Payment, Refund
from app.shops.models import ShopMember

MOST = 50


@dataclass(frozen=True)
class Received:
    """A callback as people may read it."""

    row: Callback
    headers: str
    body: str


@dataclass(frozen=True)
class OrderCard:
    """Payments and refunds of one order; `payable` when a buyer can be sent the payment link."""

    payments: list[Payment]
    refunds: list[Refund]
    payable: bool


def of_order(order: Order) -> OrderCard | None:
    """The card of a sale; None for other documents."""
    if order.kind is not OrderKind.SALE:
        return None
    payments = list(db.session.scalars(select(Payment).where(Payment.order_id == order.id).order_by(Payment.id)))
    refunds = list(db.session.scalars(select(Refund).where(Refund.order_id == order.id).order_by(Refund.id)))
    return OrderCard(payments, refunds, channel_money.takes_money(order))


def order_of(row: Payment | Refund) -> Order:
    """The order that a payment or refund is about."""
    return db.session.get_one(Order, row.order_id)


def exchanges_of(row: Payment | Refund) -> list[ChannelExchange]:
    """The newest calls to the channel about it, newest first."""
    about = ChannelExchange.payment_id == row.id if isinstance(row, Payment) else ChannelExchange.refund_id == row.id
    return list(
        db.session.scalars(select(ChannelExchange).where(about).order_by(ChannelExchange.id.desc()).limit(MOST))
    )


def callbacks_of(row: Payment | Refund, account: ChannelAccount | None) -> list[Received]:
    """The newest callbacks about it, secrets masked, newest first."""
    about = Callback.payment_id == row.id if isinstance(row, Payment) else Callback.refund_id == row.id
    rows = db.session.scalars(select(Callback).where(about).order_by(Callback.id.desc()).limit(MOST))
    hidden = accounts.secrets_of(account) if account else ()
    return [_readable(one, hidden) for one in rows]


def _readable(row: Callback, hidden: tuple[str, ...]) -> Received:
    headers = exchanges.masked(json.dumps(row.headers, indent=1, ensure_ascii=False), hidden)
    return Received(row, headers, exchanges.masked(row.body.decode("utf-8", "replace"), hidden))


def refunds_of(payment: Payment) -> list[Refund]:
    """The refunds of one payment, oldest first."""
    return list(db.session.scalars(select(Refund).where(Refund.payment_id == payment.id).order_by(Refund.id)))


def members(shop_id: int) -> dict[int, str]:
    """The names of a shop's staff, by id."""
    ids = list(db.session.scalars(select(ShopMember.user_id).where(ShopMember.shop_id == shop_id)))
    told = people.names(f"staff:{user_id}" for user_id in ids)
    return dict(sorted(((one, told[f"staff:{one}"]) for one in ids), key=lambda pair: pair[1]))
