"""A worker killed while it ships: after it is taken up again every parcel has left once, and none is lost."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import text

from app.fulfilment import batch_acts
from app.fulfilment.wanted import Sending
from app.kit import context
from app.kit.db import db, transaction
from app.orders import batch_work, batches
from tests import factories as make
from tests.killing import work
from tests.lengths import often

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.commits, pytest.mark.slow, pytest.mark.soak]
ROWS, CHUNK, MOMENTS = 300, 60, often(6, 2)
FILL = (
    """insert into orders (shop_id, number, kind, status, placed_at, currency, units, items_minor, total_minor,
        paid_minor, paid_at, address, version, created_at, updated_at, order_state, payment_state, fulfilment_state)
    select :shop, 'K' || n, 'sale', 'pending_shipment', now(), 'CNY', 2, 1000, 1000, 1000, now(), 'Road ' || n, 1,
        now(), now(), 'open', 'paid', 'unfulfilled' from generate_series(1, :rows) n""",
    """insert into order_line (shop_id, order_id, position, kind, sku_id, code, title, quantity, unit_price_micros,
        amount_minor) select :shop, id, 1, 'product', :sku, 'CUP', 'Cup', 2, 5000000, 1000 from orders""",
    """insert into stock_hold (shop_id, sku_id, warehouse_id, quantity, holder, state, position, created_at)
    select :shop, :sku, w.id, 2, 'order:' || o.id, 'confirmed', 0, now() from orders o, warehouse w
    where w.shop_id = :shop and w.is_default""",
    "update stock_level set reserved = 2 * :rows where sku_id = :sku",
)
PROOF = """
select (select count(*) from parcel), (select sum(quantity) from parcel_line),
       (select -sum(on_hand_delta) from stock_movement where kind = 'shipped'),
       (select sum(quantity) from stock_hold where state = 'consumed'), (select sum(reserved) from stock_level),
       (select count(*) from journal_entry where event = 'ParcelSent'),
       (select count(*) from orders where status = 'shipped'), (select count(*) from batch_row where outcome = 'done')
"""


def _wanted() -> tuple[int, int]:
    """The batch of all orders, and its job."""
    shop = make.shop("alpha")
    sku = make.sku(shop, code="CUP", stock_on_hand=10_000)
    with context.shops([shop.id]), transaction() as session:
        for statement in FILL:
            session.execute(text(statement), {"shop": shop.id, "sku": sku.id, "rows": ROWS})
        ids = session.execute(text("select id, number from orders order by id")).all()
        rows = [batches.Row(one.id, one.number, batch_acts.given(Sending("zto", f"75{one.id:013d}"))) for one in ids]
        batch = batches.propose(shop.id, batch_acts.SHIP, rows, {})
        return batch.id, batch.job_id or 0


@pytest.fixture(autouse=True)
def _in_app(app):
    with app.app_context():
        yield
        db.session.remove()


def test_killed_in_the_middle_of_shipping_nothing_is_lost_or_sent_twice(app, monkeypatch) -> None:
    batch_id, job_id = _wanted()
    monkeypatch.setattr(batch_work, "CHUNK_OF_SETS", CHUNK)
    chance, killed = random.Random(7), 0
    for _ in range(MOMENTS):
        how, _ = work(app, job_id, "batch", chance.randint(12, 60))
        killed += how == "killed"
        with transaction() as session:  # its lease has run out
            session.execute(text("update job set state = 'queued', lease_until = null, attempt = 0 where id = :id "
                                 "and state = 'running'"), {"id": job_id})  # fmt: skip
    assert work(app, job_id, "batch")[0] == "done"

    units = 2 * ROWS
    found = [int(value or 0) for value in db.session.execute(text(PROOF)).one()]
    assert found == [ROWS, units, units, units, 0, ROWS, ROWS, ROWS]
    assert killed >= often(4, 1)
    with context.every_shop("test"):
        batch = batches.get(batch_id)
    assert (batch.done, batch.refused, batch.state) == (ROWS, 0, "done")
