"""Two people press "send" at the same moment: one parcel leaves, and a number goes to one address."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import text

from app.fulfilment import parcels
from app.fulfilment.wanted import Sending
from app.kit import clock, context
from app.kit.db import db, transaction
from app.kit.errors import DomainError
from app.orders import reserving
from tests import factories as make

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.commits]


def _orders(count: int) -> tuple[int, list[int]]:
    """Paid orders to different addresses that hold one unit each."""
    shop = make.shop("alpha")
    sku = make.sku(shop, code="CUP", stock_on_hand=10)
    ids = []
    for n in range(count):
        order = make.order(shop, ("CUP", 1, 1000), address=f"Road {n}", paid_at=clock.now())
        with context.shops([shop.id]), transaction() as session:
            session.execute(
                text("update order_line set sku_id = :sku where order_id = :id"), {"sku": sku.id, "id": order.id}
            )
            reserving.place(order)
            reserving.confirm(order)
        ids.append(order.id)
    return shop.id, ids


def _at_once(app: Any, shop_id: int, wanted: list[tuple[int, str]]) -> list[str]:
    """What each of them is told: "sent" or the code of the refusal."""
    together, told = threading.Barrier(len(wanted)), [""] * len(wanted)

    def one(place: int, order_id: int, number: str) -> None:
        with app.app_context(), context.shops([shop_id]):
            together.wait()
            try:
                with transaction():
                    parcels.send(order_id, Sending("zto", number))
                told[place] = "sent"
            except DomainError as refused:
                told[place] = refused.code

    threads = [threading.Thread(target=one, args=(n, *each)) for n, each in enumerate(wanted)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)


def _counts() -> tuple[int, int, int]:
    row = db.session.execute(text("select (select count(*) from parcel), (select sum(quantity) from parcel_line), "
                                  "(select on_hand from stock_level)")).one()  # fmt: skip
    return tuple(int(value) for value in row)  # type: ignore[return-value]


def test_one_order_leaves_once_whoever_presses(app) -> None:
    with app.app_context():
        shop_id, (order_id,) = _orders(1)
        told = _at_once(app, shop_id, [(order_id, f"75312345678901{n}") for n in range(4)])

        assert told == ["sent", *["shipped_with_other_number"] * 3]
        assert _counts() == (1, 1, 9)


def test_one_number_goes_to_one_address(app) -> None:
    with app.app_context():
        shop_id, ids = _orders(4)
        told = _at_once(app, shop_id, [(order_id, "753123456789011") for order_id in ids])

        assert told.count("sent") == 1
        assert set(told) <= {"sent", "in_progress", "tracking_two_addresses"}
        assert _counts() == (1, 1, 9)
