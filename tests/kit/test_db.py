"""`transaction()`: all or nothing, who did it, what runs afterwards."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from app.catalog.models import Product
from app.kit import context
from app.kit.audit import FieldChange
from app.kit.db import db, on_commit, only_read, transaction
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


def _title(product_id: int) -> str | None:
    with context.every_shop("test"):
        return db.session.scalar(select(Product.title).where(Product.id == product_id))


def test_an_exception_takes_everything_back_and_drops_what_was_to_follow() -> None:
    product = make.product(make.shop(), "Cup")
    ran: list[str] = []

    with pytest.raises(RuntimeError, match="no"), context.every_shop("test"), transaction():
        product.title = "Mug"
        on_commit(lambda: ran.append("after"))
        raise RuntimeError("no")

    assert (_title(product.id), ran) == ("Cup", [])


def test_a_nested_transaction_joins_the_outer_one() -> None:
    product = make.product(make.shop(), "Cup")
    ran: list[str] = []

    with pytest.raises(RuntimeError, match="no"), context.every_shop("test"), transaction():
        with transaction():
            product.title = "Mug"
            on_commit(lambda: ran.append("after"))
        assert ran == []
        raise RuntimeError("no")

    assert (_title(product.id), ran) == ("Cup", [])


def test_what_is_to_follow_runs_after_the_commit() -> None:
    product = make.product(make.shop(), "Cup")
    seen: list[str | None] = []

    with context.every_shop("test"), transaction():
        product.title = "Mug"
        on_commit(lambda: seen.append(_title(product.id)))

    assert seen == ["Mug"]


def test_on_commit_needs_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        on_commit(lambda: None)


@pytest.mark.parametrize("early", [False, True])
def test_the_history_names_the_actor_even_of_a_row_changed_before_the_transaction_opened(early: bool) -> None:
    shop = make.shop()
    product = make.product(shop, "Cup")

    with context.acting(context.Actor("staff", "5"), "request-80"), context.every_shop("test"):
        product.title = "Mug"
        if early:
            db.session.scalars(select(Product)).all()  # flushes
        with transaction():
            pass

    with context.every_shop("test"):
        (change,) = db.session.scalars(select(FieldChange).where(FieldChange.row_id == product.id))
    assert (change.actor, change.request_id, change.changes) == ("staff:5", "request-80", {"title": ["Cup", "Mug"]})


def test_a_request_that_only_reads_can_neither_open_a_transaction_nor_flush() -> None:
    shop = make.shop()
    product = make.product(shop, "Cup")
    only_read()

    with pytest.raises(RuntimeError, match="only reads"), context.every_shop("test"), transaction():
        pass
    product.title = "Mug"
    with pytest.raises(RuntimeError, match="only reads"), context.every_shop("test"):
        db.session.flush()
    db.session.rollback()
    db.session.info.clear()

    assert _title(product.id) == "Cup"


@pytest.mark.commits
def test_reading_alone_leaves_no_transaction_behind(app) -> None:
    with app.app_context():
        only_read()
        answer = db.session.scalar(
            text("select pg_current_xact_id_if_assigned() is null and now() = statement_timestamp()")
        )
        status = db.session.connection().connection.driver_connection.info.transaction_status
        db.session.remove()
        after = db.session.connection().connection.driver_connection.autocommit

    assert (answer, status.name, after) == (True, "IDLE", False)
