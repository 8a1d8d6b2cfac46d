"""A5, on real threads and real commits: fifty people want the last ten; two carts cross; a key comes twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from app.kit import clock, context
from app.kit.db import db, transaction
from app.kit.errors import DomainError
from app.stock import holds, movements
from tests import factories as make
from tests.stock.conftest import numbers, wrong

pytestmark = pytest.mark.commits


def at_once(app: Any, shop_id: int, deeds: list[Callable[[], Any]]) -> list[str]:
    """Do them all at the same moment, each in a thread, a session and a transaction of its own."""
    gate = threading.Barrier(len(deeds))

    def one(deed: Callable[[], Any]) -> str:
        with app.app_context(), context.acting(context.Actor("api", "1")), context.shops([shop_id]):
            gate.wait(30)
            try:
                with transaction():
                    deed()
            except DomainError as refused:
                return refused.code
            finally:
                db.session.remove()
        return "done"

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


def test_fifty_buyers_of_ten_units(app) -> None:
    with app.app_context(), context.every_shop("test"):
        shop = make.shop("live")
        cup = make.sku(shop, code="CUP", stock_on_hand=10)
        shop_id, sku_id = shop.id, cup.id

        def buy(number: int) -> Callable[[], Any]:
            return lambda: holds.place(shop_id, {sku_id: 1}, f"order:{number}", 900, f"checkout-{number}")

        outcomes = at_once(app, shop_id, [buy(number) for number in range(50)])
        assert Counter(outcomes) == {"done": 10, "insufficient_stock": 40}
        assert numbers(sku_id) == (10, 10, 0, 0)

        buyers = [number for number, outcome in enumerate(outcomes) if outcome == "done"]
        with transaction():
            for number in buyers[:7]:
                holds.confirm(shop_id, f"order:{number}")
        with clock.frozen(clock.now() + timedelta(seconds=901)), transaction():
            assert holds.expire_due() == 3
        assert numbers(sku_id) == (10, 7, 0, 3)

        ship = [lambda n=n: movements.ship(shop_id, f"order:{n}", {sku_id: 1}, f"parcel-{n}", n) for n in buyers[:7]]
        assert Counter(at_once(app, shop_id, ship)) == {"done": 7}
        assert numbers(sku_id) == (3, 0, 0, 3)
        assert wrong() == []


def test_one_key_sent_by_twenty_at_once_holds_once(app) -> None:
    with app.app_context(), context.every_shop("test"):
        shop = make.shop("live")
        cup, lamp = make.sku(shop, stock_on_hand=100), make.sku(shop, stock_on_hand=100)
        shop_id, ids = shop.id, (cup.id, lamp.id)

        one = [lambda: holds.place(shop_id, {ids[0]: 3}, "order:1", 900, "k1")] * 10
        two = [lambda: holds.place(shop_id, dict.fromkeys(ids, 2), "order:2", 900, "k2")] * 10
        assert Counter(at_once(app, shop_id, [*one, *two])) == {"done": 20}

        assert (numbers(ids[0])[1], numbers(ids[1])[1]) == (5, 2)
        assert wrong() == []


def test_carts_and_edits_in_opposite_order_do_not_deadlock(app) -> None:
    with app.app_context(), context.every_shop("test"):
        shop = make.shop("live")
        ids = [make.sku(shop, stock_on_hand=500).id for _ in range(4)]
        shop_id = shop.id

        def cart(number: int) -> Callable[[], Any]:
            lines = dict.fromkeys(ids if number % 2 else reversed(ids), 1)

            def deed() -> None:
                holds.place(shop_id, lines, f"order:{number}", None)
                if number % 3 == 0:
                    holds.release(shop_id, f"order:{number}")

            return deed

        def edit(number: int) -> Callable[[], Any]:
            from sqlalchemy import text

            if number % 2:
                return lambda: movements.receive(movements.StockAt(shop_id, ids[number % 4]), 1)
            statement = text("update sku set stock_on_hand = stock_on_hand + 1 where shop_id = :s")
            lock = text("select id from sku where shop_id = :s order by id for no key update")
            return lambda: [db.session.execute(one, {"s": shop_id}) for one in (lock, statement)]

        deeds = [cart(number) for number in range(16)] + [edit(number) for number in range(8)]
        assert Counter(at_once(app, shop_id, deeds)) == {"done": 24}

        assert [numbers(sku_id)[1] for sku_id in ids] == [10] * 4
        assert wrong() == []
