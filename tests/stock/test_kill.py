"""A connection that is cut in the middle of shipping or placing leaves nothing of it, and the same key goes on."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.kit import context
from app.kit.db import db, transaction
from app.stock import holds, movements
from tests import factories as make
from tests.stock.conftest import numbers, wrong

pytestmark = pytest.mark.commits


def cut_after(deed) -> None:
    """Do it, and lose the connection before the commit."""
    with pytest.raises(OperationalError), transaction() as session:
        deed()
        own = session.scalar(text("select pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text("select pg_terminate_backend(:pid)"), {"pid": own})
        session.execute(text("select 1"))
    db.session.remove()


def test_a_cut_connection_loses_and_doubles_nothing(app) -> None:
    with app.app_context(), context.every_shop("test"):
        shop = make.shop("live")
        shop_id, sku_id = shop.id, make.sku(shop, stock_on_hand=10).id

        def place() -> list[holds.Held]:
            return holds.place(shop_id, {sku_id: 4}, "order:1", 900, "checkout-1")

        def ship() -> list[object]:
            return list(movements.ship(shop_id, "order:1", {sku_id: 3}, "parcel-1", 1))

        cut_after(place)
        assert numbers(sku_id) == (10, 0, 0, 10)
        for _ in range(2):
            with transaction():
                place()
        assert numbers(sku_id) == (10, 4, 0, 6)

        cut_after(ship)
        assert numbers(sku_id) == (10, 4, 0, 6)
        for _ in range(2):
            with transaction():
                ship()
        assert numbers(sku_id) == (7, 1, 0, 6)
        assert wrong() == []
