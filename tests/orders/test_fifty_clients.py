"""Fifty real clients at once on the same few SKUs: they create, pay, send, cancel; nothing is oversold, all adds up."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from app.fulfilment import parcels
from app.fulfilment.wanted import Sending
from app.kit import context
from app.kit.db import db, transaction
from app.kit.errors import DomainError
from app.orders import creating, handling, paying
from app.orders.creating import Buyer, Delivery
from app.orders.drafts import Basket, WantedLine
from app.orders.models import Order, OrderState, OrderStatus
from app.shops.models import Shop
from app.stock.models import StockLevel
from tests import factories as make
from tests.orders.books import wrong_orders
from tests.stock.conftest import numbers

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.commits, pytest.mark.slow]
CLIENTS, ROUNDS, STOCK = 50, 3, 40


def _life(client: int, shop_id: int, skus: list[int]) -> Counter[str]:
    """What one client does: orders of one to three SKUs in any order of them, each paid, sent or cancelled."""
    luck, told = random.Random(client), Counter[str]()
    for number in range(ROUNDS):
        wanted = luck.sample(skus, luck.randint(1, 3))
        told[order_id if isinstance(order_id := _create(shop_id, wanted, luck), str) else "created"] += 1
        if isinstance(order_id, str):
            continue
        for deed in luck.sample(["pay", "send", "cancel", "pay"], 3):
            told[f"{deed} {_do(deed, order_id, f'SF{client:06d}{number:06d}')}"] += 1
    return told


def _create(shop_id: int, wanted: list[int], luck: random.Random) -> int | str:
    lines = tuple(WantedLine(sku_id, luck.randint(1, 2)) for sku_id in wanted)
    try:
        with transaction():
            shop = db.session.get_one(Shop, shop_id)
            return creating.create(shop, Basket(lines), Buyer(), Delivery("Li", "13900000000", "Street 1")).id
    except DomainError as refused:
        return refused.code


def _do(deed: str, order_id: int, number: str) -> str:
    deeds = {
        "pay": lambda: paying.record_rest(order_id),
        "send": lambda: parcels.send(order_id, Sending("sf", number)),
        "cancel": lambda: handling.cancel(order_id),
    }
    try:
        with transaction():
            deeds[deed]()
    except DomainError:
        return "refused"
    return "done"


def test_fifty_clients_oversell_nothing_and_every_book_closes(app) -> None:
    with app.app_context(), context.every_shop("test"):
        shop = make.shop("live")
        shop_id, skus = shop.id, [make.sku(shop, stock_on_hand=STOCK).id for _ in range(3)]
    gate = Barrier(CLIENTS)

    def client(number: int) -> Counter[str]:
        actor = context.Actor("api", str(number))
        with app.app_context(), context.acting(actor, f"client-{number:04d}"), context.shops([shop_id]):
            gate.wait(60)
            try:
                return _life(number, shop_id, skus)
            except OperationalError as fault:  # a deadlock would be a fault of ours: everybody locks in one order
                return Counter({f"fault {getattr(fault.orig, 'sqlstate', fault)}": 1})
            finally:
                db.session.remove()

    with ThreadPoolExecutor(CLIENTS) as pool:
        told: Counter[str] = sum(pool.map(client, range(CLIENTS)), Counter())

    assert not [outcome for outcome in told if outcome.startswith("fault")], told
    assert min(told["created"], told["insufficient_stock"], told["pay done"], told["send done"]) > 0, told
    assert told["cancel done"] > 0, told
    with app.app_context(), context.every_shop("test"):
        assert wrong_orders(shop_id) == []
        _units_are_conserved(shop_id, skus)


def _units_are_conserved(shop_id: int, skus: list[int]) -> None:
    """What is there, and what was sent, is what there was; never below zero."""
    rows: Any = db.session.execute(
        select(Order.status, func.count()).where(Order.shop_id == shop_id).group_by(Order.status)
    )
    by_status = dict(rows.all())
    assert set(by_status) <= {OrderStatus.PENDING_PAYMENT, OrderStatus.PENDING_SHIPMENT, OrderStatus.SHIPPED, "closed"}
    level = StockLevel.on_hand - StockLevel.reserved - StockLevel.unavailable
    assert db.session.scalar(select(func.min(level))) >= 0
    sent = select(func.sum(Order.units)).where(Order.shop_id == shop_id, Order.status == OrderStatus.SHIPPED)
    open_ones = select(func.sum(Order.units)).where(
        Order.shop_id == shop_id, Order.order_state == OrderState.OPEN, Order.status != OrderStatus.SHIPPED
    )
    on_hand, reserved = (sum(numbers(sku_id)[place] for sku_id in skus) for place in (0, 1))
    assert on_hand == STOCK * len(skus) - (db.session.scalar(sent) or 0)
    assert reserved == (db.session.scalar(open_ones) or 0)
