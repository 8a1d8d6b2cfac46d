"""A shop that sells and takes money through the simulator."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.kit import context
from app.kit.db import db, transaction
from app.orders.models import Order, OrderStatus
from app.payments import simulate, starting
from app.payments.channels.simulated import Gateway
from app.payments.models import ChannelAccount, Payment, Refund
from app.payments.providers import Scene
from tests import factories as make

BUYER = starting.Ask(Scene.QR, "https://shop.example.test/pay/x")


@pytest.fixture
def shop(app: Any) -> Iterator[Any]:
    """A shop whose rows the test may touch."""
    one = make.shop()
    with context.shops([one.id]):
        yield one


@pytest.fixture
def account(shop: Any) -> ChannelAccount:
    """Its account with the simulator."""
    with transaction():
        return simulate.account_of(shop.id)


@pytest.fixture
def unpaid(shop: Any) -> Callable[..., Order]:
    """`unpaid(5000)`: an open order over so much that nobody has paid."""

    def build(minor: int = 10_000) -> Order:
        return make.order(shop, ("S1", 1, minor), status=OrderStatus.PENDING_PAYMENT)

    return build


def started(order: Order, account: ChannelAccount, ask: starting.Ask = BUYER) -> Payment:
    """A payment of the order that the buyer can pay now."""
    return starting.get(starting.begin(order.id, account.id, ask, transaction))


def gateway(account: ChannelAccount) -> Gateway:
    """The simulator's own truth."""
    return Gateway(account.id)


def fresh(row: Any) -> Any:
    """The row as it is in the database now."""
    db.session.expire_all()
    return db.session.get_one(type(row), row.id)


def refunds_of(order: Order) -> list[Refund]:
    """All refunds of an order, the oldest first."""
    db.session.expire_all()
    return db.session.query(Refund).filter_by(order_id=order.id).order_by(Refund.id).all()


def apart(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call it so that a request within leaves the test's own shop scope as it is."""
    return contextvars.copy_context().run(call, *args, **options)


class Browser:
    """A client whose requests leave the test's own shop scope as it is."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, *args: Any, **options: Any) -> Any:
        return apart(self._client.get, *args, **options)

    def post(self, *args: Any, **options: Any) -> Any:
        return apart(self._client.post, *args, **options)
