"""The lock of an order: one at a time changes it, and rows that name it can be written meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from app.kit import clock, context
from app.kit.db import db, transaction
from app.orders import handling
from app.orders.models import Order
from app.orders.side_models import OrderComment
from tests import factories as make

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.commits]
TOGETHER = 4


def comment(order: Order) -> OrderComment:
    return OrderComment(shop_id=order.shop_id, order_id=order.id, body="Hi", author="staff:1", created_at=clock.now())


def test_a_locked_order_can_be_named_and_not_be_locked_again(app) -> None:
    with app.app_context(), context.every_shop("test"):
        order_id = make.order(make.shop()).id
        with transaction(), db.engine.connect() as other:
            handling.locked(order_id)
            named = text("select 1 from orders where id = :id for key share nowait")  # as a foreign key does
            assert other.scalar(named, {"id": order_id}) == 1
            with pytest.raises(OperationalError, match="could not obtain lock"):
                other.scalar(text("select 1 from orders where id = :id for no key update nowait"), {"id": order_id})


def test_those_who_have_named_an_order_lock_it_one_after_the_other(app) -> None:
    """Under a lock against foreign keys, too, each would wait for what the others have named: a deadlock."""
    with app.app_context(), context.every_shop("test"):
        order_id = make.order(make.shop()).id
        db.session.rollback()
        all_have_named_it = Barrier(TOGETHER)

        def change(_: int) -> int:
            with app.app_context(), context.every_shop("test"):
                try:
                    with transaction() as session:
                        session.add(comment(session.get_one(Order, order_id)))
                        session.flush()
                        all_have_named_it.wait(timeout=30)
                        order = handling.locked(order_id)
                        order.refunded_minor += 1
                    return 1
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(TOGETHER) as pool:
            assert list(pool.map(change, range(TOGETHER))) == [1] * TOGETHER

        assert db.session.scalar(select(func.count(OrderComment.id)).where(OrderComment.order_id == order_id)) == 4
        assert db.session.get_one(Order, order_id).refunded_minor == 4
