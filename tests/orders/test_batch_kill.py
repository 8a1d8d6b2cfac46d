"""A worker killed in the middle of a bulk act: whoever goes on ends it as one clean run would have."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import func, select, text

from app.kit import clock, context, job_runs
from app.kit.db import db, transaction
from app.kit.jobs import Job
from app.kit.journal import JournalEntry
from app.orders import batches
from app.orders.batch_models import BatchRow, BatchState, Outcome
from app.orders.models import Order, OrderState
from tests import factories as make
from tests.killing import work
from tests.lengths import often
from tests.stock.conftest import wrong

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.commits, pytest.mark.slow, pytest.mark.soak]
ROWS, MOMENTS = 60, often(8, 2)
HOLD = """
insert into stock_hold (shop_id, sku_id, warehouse_id, quantity, holder, state, created_at)
select o.shop_id, l.sku_id, l.warehouse_id, 1, 'order:' || o.id, 'confirmed', now()
from orders o cross join stock_level l where o.shop_id = :shop_id and l.sku_id = :sku_id"""


def _wanted(shop_id: int, sku_id: int) -> tuple[int, int]:
    """Sixty orders that hold a unit each, to be cancelled; every tenth cannot be. The batch and its job."""
    with transaction() as session:
        for table in ("stock_hold", "orders"):
            session.execute(text(f"delete from {table}"))  # noqa: S608 - names of this line
        values = {"shop_id": shop_id, "rows": ROWS}
        session.execute(
            text("""insert into orders (shop_id, number, kind, status, order_state, payment_state, fulfilment_state,
                after_sale_state, placed_at, currency, total_minor, created_at, updated_at)
            select :shop_id, 'K' || n, 'sale', case when n % 10 = 0 then 'completed' else 'pending_shipment' end,
                case when n % 10 = 0 then 'completed' else 'open' end, 'paid',
                case when n % 10 = 0 then 'delivered' else 'unfulfilled' end, 'none', now(), 'CNY', 1000, now(), now()
            from generate_series(1, :rows) n"""),
            values,
        )
        session.execute(text("update stock_level set reserved = :rows where shop_id = :shop_id"), values)
        session.execute(text(HOLD), {"shop_id": shop_id, "sku_id": sku_id})
    with transaction():
        which = select(Order.id, Order.number).where(Order.shop_id == shop_id)
        batch = batches.propose_matching(shop_id, "cancel", which, {"cause": "staff"})
        return batch.id, batch.job_id


def _outcome(shop_id: int, batch_id: int) -> tuple[object, ...]:
    """State and counts of the batch, orders closed, moves told, units still held, rows refused; and it all adds up."""
    db.session.rollback()
    batch = batches.get(batch_id)
    closed = select(func.count()).where(Order.shop_id == shop_id, Order.order_state == OrderState.CLOSED)
    moves = (
        select(func.count())
        .select_from(JournalEntry)
        .join(Order, Order.id == JournalEntry.subject_id)
        .where(JournalEntry.event == "OrderMoved", Order.shop_id == shop_id)
    )
    held = text("select sum(reserved) from stock_level where shop_id = :s")
    rows = select(func.count()).where(BatchRow.batch_id == batch_id, BatchRow.outcome == Outcome.REFUSED)
    assert wrong() == []
    return (
        batch.state,
        (batch.done, batch.unchanged, batch.refused),
        db.session.scalar(closed),
        db.session.scalar(moves),
        db.session.scalar(held, {"s": shop_id}),
        db.session.scalar(rows),
    )


def test_kills_double_and_lose_nothing(app) -> None:
    with app.app_context(), context.every_shop("test"):
        shop = make.shop()
        shop_id, sku_id = shop.id, make.sku(shop, stock_on_hand=100).id
        batch_id, job_id = _wanted(shop_id, sku_id)
        how, statements = work(app, job_id, "batch")
        clean = _outcome(shop_id, batch_id)
        assert how == "done"
        assert clean == (BatchState.PARTLY, (54, 0, 6), 54, 54, 6, 6)

        for fatal in sorted(random.sample(range(1, statements + 1), MOMENTS)):
            batch_id, job_id = _wanted(shop_id, sku_id)
            assert work(app, job_id, "batch", fatal)[0] == "killed", fatal
            with transaction():
                db.session.get(Job, job_id).lease_until = clock.now()
            job_runs.perform(job_id)

            assert _outcome(shop_id, batch_id) == clean, fatal
