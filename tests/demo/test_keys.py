"""Foreign keys that are checked together: the same keys afterwards, and nothing slips in between."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.demo import keys
from app.kit import context
from app.kit.db import db, transaction
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
LINE = """
insert into order_line (shop_id, order_id, position, kind, code, title, quantity, unit_price_micros, amount_minor)
values (:shop, :order, 2, 'product', 'A', 'A', 1, 10000, 1)
"""


def _keys() -> list[Any]:
    return list(
        db.session.execute(
            text(
                "select conname, pg_get_constraintdef(oid), convalidated from pg_constraint "
                "where conrelid = 'order_line'::regclass and contype = 'f' order by conname"
            )
        )
    )


def test_the_keys_are_the_same_afterwards_and_gone_in_between() -> None:
    before = _keys()

    with transaction() as session, keys.checked_together(session, "order_line"):
        assert _keys() == []

    assert [row.conname for row in before] == [
        "order_line_order_id_fkey",
        "order_line_shop_id_fkey",
        "order_line_sku_id_fkey",
    ]
    assert _keys() == before


def test_a_line_of_no_order_is_refused_at_the_end() -> None:
    shop = make.shop()

    with pytest.raises(IntegrityError, match="order_line_order_id_fkey"), transaction() as session:
        with keys.checked_together(session, "order_line"):
            session.execute(text(LINE), {"shop": shop.id, "order": 999})


def test_keys_of_a_table_with_rows_stay_where_they_are() -> None:
    shop = make.shop()
    make.order(shop)

    with context.every_shop("test"), transaction() as session, keys.checked_together(session, "order_line"):
        assert len(_keys()) == 3
