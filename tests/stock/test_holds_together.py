"""Holds placed and confirmed several at a time are those that `holds` would have placed and confirmed one by one."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.kit import clock, context
from app.kit.db import db, transaction
from app.kit.errors import DomainError, Forbidden, RuleViolation
from app.stock import holds, holds_together
from app.stock.holds_together import Line, Wanted
from app.stock.models import StockHold
from tests import factories as make
from tests.stock.conftest import numbers, wrong

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def place(shop_id: int, *wanted: tuple[str, str, int]) -> dict[int, Line]:
    """Of (holder, SKU code, units), numbered from 0."""
    rows = {number: Wanted(*one, seconds=900) for number, one in enumerate(wanted)}
    with transaction():
        return holds_together.place(shop_id, rows)


def confirm(shop_id: int, *holders: str) -> dict[str, list[Line]]:
    with transaction():
        return holds_together.confirm(shop_id, holders)


def stored() -> list[tuple[Any, ...]]:
    return [
        (row.holder, row.quantity, row.state.value)
        for row in db.session.scalars(select(StockHold).order_by(StockHold.id))
    ]


def test_what_fits_beside_all_before_it_is_held_and_told(shop, cup) -> None:
    lamp = make.sku(shop, code="LAMP", stock_on_hand=3)
    with clock.frozen(NOON):
        held = place(shop.id, ("a", "CUP", 6), ("b", "LAMP", 3), ("c", "CUP", 4), ("d", "CUP", 1), ("e", "LAMP", 1))

    until = NOON + timedelta(seconds=900)
    assert {number: (one.sku_code, one.quantity, one.expires_at) for number, one in held.items()} == {
        0: ("CUP", 6, until),
        1: ("LAMP", 3, until),
        2: ("CUP", 4, until),
    }
    assert stored() == [("a", 6, "live"), ("b", 3, "live"), ("c", 4, "live")]
    assert (numbers(cup.id)[1:], numbers(lamp.id)[1:]) == ((10, 0, 0), (3, 0, 0))
    assert wrong() == []


def test_what_is_not_plain_is_left_out_and_nothing_of_it_is_written(shop, cup, warehouse) -> None:
    far = make.sku(shop, code="FAR", stock_on_hand=0)
    from app.stock import movements

    with transaction():
        movements.receive(movements.StockAt(shop.id, far.id, warehouse("EAST").id), 5)
        holds.place(shop.id, {cup.id: 1}, "known", 900)
    make.sku(make.shop("other"), code="THEIRS", stock_on_hand=5)

    assert place(shop.id, ("known", "CUP", 1), ("a", "FAR", 1), ("b", "NONE", 1), ("c", "THEIRS", 1)) == {}
    assert stored() == [("known", 1, "live")]
    assert wrong() == []


def test_a_holder_is_confirmed_when_all_that_it_ever_held_can_still_expire(shop, cup) -> None:
    lamp = make.sku(shop, code="LAMP", stock_on_hand=3)
    with transaction():
        holds.place(shop.id, {cup.id: 1, lamp.id: 2}, "two", 900)
        for holder in ("part", "kept", "gone"):
            holds.place(shop.id, {cup.id: 2}, holder, 900)
        holds.release(shop.id, "part", {cup.id: 1})
        holds.release(shop.id, "gone")
        holds.confirm(shop.id, "kept")
    before = numbers(cup.id)

    told = confirm(shop.id, "two", "part", "kept", "gone", "nobody")

    assert {
        holder: [(one.sku_code, one.quantity, one.expires_at) for one in lines] for holder, lines in told.items()
    } == {"two": [("CUP", 1, None), ("LAMP", 2, None)]}
    assert sorted(stored()) == [
        ("gone", 2, "released"),
        ("kept", 2, "confirmed"),
        ("part", 1, "live"),
        ("part", 1, "released"),
        ("two", 1, "confirmed"),
        ("two", 2, "confirmed"),
    ]
    assert numbers(cup.id) == before


def test_another_shop_is_out_of_reach(shop, cup) -> None:
    other = make.shop("other")
    place(shop.id, ("a", "CUP", 1))
    with context.shops([other.id]):
        with pytest.raises(Forbidden):
            place(shop.id, ("b", "CUP", 1))
        with pytest.raises(Forbidden):
            confirm(shop.id, "a")
        assert confirm(other.id, "a") == {}

    assert stored() == [("a", 1, "live")]


def test_a_quantity_that_is_none_is_refused(shop, cup) -> None:
    with pytest.raises(RuleViolation, match="stock_quantity"):
        place(shop.id, ("a", "CUP", 1), ("b", "CUP", 0))
    assert stored() == []


@pytest.mark.commits
def test_groups_and_single_holds_at_once_give_exactly_what_is_there(app) -> None:
    """Eight threads: most place groups on two SKUs, others single carts on both, releases, and edits between them."""
    with app.app_context(), context.every_shop("test"):
        shop = make.shop("live")
        ids = [make.sku(shop, code=code, stock_on_hand=100).id for code in ("A", "B")]
        shop_id = shop.id
        db.session.remove()
    gate = threading.Barrier(8)

    def deed(thread: int) -> int:
        luck, units = random.Random(thread), 0
        with app.app_context(), context.shops([shop_id]):
            gate.wait(30)
            for step in range(25):
                name = f"{thread}-{step}"
                if thread < 6:
                    wanted = [(f"{name}-{n}", luck.choice("AB"), luck.randint(1, 2)) for n in range(4)]
                    held = place(shop_id, *wanted)
                    units += sum(line.quantity for line in held.values())
                    confirm(shop_id, *(wanted[number][0] for number in held))
                else:
                    units += _single(shop_id, ids, name, release=step % 5 == 0)
            db.session.remove()
        return units

    with ThreadPoolExecutor(8) as pool:
        given = sum(pool.map(deed, range(8)))

    with app.app_context(), context.every_shop("test"):
        left = [numbers(sku_id)[3] for sku_id in ids]
        assert min(left) >= 0
        assert given + sum(left) == 200
        held = db.session.scalar(text("select sum(quantity) from stock_hold where state in ('live', 'confirmed')"))
        assert held == given
        assert wrong() == []
        db.session.remove()


def _single(shop_id: int, ids: list[int], holder: str, *, release: bool) -> int:
    deeds: list[Callable[[], Any]] = [lambda: holds.place(shop_id, dict.fromkeys(ids, 1), holder, 900)]
    if release:
        deeds.append(lambda: holds.release(shop_id, holder))
    try:
        for one in deeds:
            with transaction():
                one()
    except DomainError as refused:
        assert refused.code == "insufficient_stock"
        return 0
    return 0 if release else 2
