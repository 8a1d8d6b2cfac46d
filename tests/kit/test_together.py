"""Many rows by few statements: the same versions, history and refusals as if each had been written alone."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm.exc import StaleDataError

from app.kit import context, together
from app.kit.audit import FieldChange
from app.kit.db import db, transaction
from app.kit.errors import Forbidden
from app.orders import handling
from app.orders.models import Order
from tests import factories as make


@pytest.fixture
def shop(app):
    one = make.shop()
    with context.shops([one.id]):
        yield one


@pytest.fixture
def orders(shop) -> list[Order]:
    """Three, read anew after their commit."""
    rows = [make.order(shop, ("S1", 1, 1_000)) for _ in range(3)]
    assert [one.refunded_minor for one in rows] == [0, 0, 0]
    return rows


def test_rows_are_written_by_one_statement_with_versions_and_history(orders, count_sql) -> None:
    before = {one.id: one.version for one in orders}
    with transaction(), count_sql() as statements:
        for units, order in enumerate(orders, 1):
            order.refunded_minor = 100 * units
        orders[0].staff_note = "for one of them only"
        together.write(orders)
        assert [one.split()[0] for one in statements] == ["update"]

    db.session.expire_all()
    assert [one.refunded_minor for one in orders] == [100, 200, 300]
    assert [one.staff_note for one in orders] == ["for one of them only", "", ""]
    assert {one.id: one.version for one in orders} == {pk: version + 1 for pk, version in before.items()}
    told = {row.row_id: row.changes for row in db.session.query(FieldChange).filter_by(table_name="orders")}
    assert {pk: told[pk]["refunded_minor"] for pk in before} == {
        order.id: [0, 100 * units] for units, order in enumerate(orders, 1)
    }


def test_rows_without_a_change_are_left_alone(orders, count_sql) -> None:
    with transaction(), count_sql() as statements:
        orders[0].refunded_minor = orders[0].refunded_minor
        together.write(orders)
        assert statements == []


def test_a_row_that_somebody_else_has_written_is_refused(orders) -> None:
    with pytest.raises(StaleDataError, match="2 of 3 rows of orders"), transaction() as session:
        for order in orders:
            order.refunded_minor = 7
        session.connection().execute(
            text("update orders set version = version + 1 where id = :id"), {"id": orders[1].id}
        )
        together.write(orders)
    db.session.expire_all()
    assert [one.refunded_minor for one in orders] == [0, 0, 0]


def test_rows_of_another_shop_are_refused(orders) -> None:
    other = make.shop()
    assert [one.refunded_minor for one in orders] == [0, 0, 0]
    with context.shops([other.id]), pytest.raises(Forbidden, match="other_shop"), transaction():
        orders[0].refunded_minor = 7
        together.write(orders)
    assert [one.refunded_minor for one in orders] == [0, 0, 0]


def test_a_locked_row_is_locked_once_while_rows_are_kept(orders, count_sql) -> None:
    with transaction(), count_sql() as statements:
        with together.keeping():
            assert set(together.lock(Order, [one.id for one in orders])) == {one.id for one in orders}
            assert handling.locked(orders[0].id) is handling.locked(orders[0].id) is orders[0]
            assert len(statements) == 1
        handling.locked(orders[0].id)
        assert len(statements) == 2, "what was kept is kept no longer"


def test_nothing_is_kept_under_a_savepoint_that_may_let_go_of_the_lock(orders, count_sql) -> None:
    with transaction() as session, together.keeping():
        with session.begin_nested():
            handling.locked(orders[0].id)
        assert together.kept(Order, orders[0].id) is None


def test_what_nobody_has_looked_for_is_not_said_to_lack(orders) -> None:
    first, second, third = (one.id for one in orders)
    with transaction():
        with together.keeping():
            together.note_lack("a thing", [first, second], [second])
            assert [together.lacks("a thing", pk) for pk in (first, second, third)] == [True, False, False]
            assert not together.lacks("another thing", first)
        assert not together.lacks("a thing", first)
    with pytest.raises(RuntimeError, match="open transaction"), together.keeping():
        pass
