"""The proof: every counter recounted from its rows, what differs named, and the fix that makes counters follow rows."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, text

from app.catalog.models import Sku
from app.events import StockCounterFixed
from app.kit import clock, context, jobs, journal
from app.kit.db import db
from app.kit.errors import NotFound
from app.kit.jobs import Job
from app.kit.shop_wall import assert_in_scope
from app.shops.models import Shop
from app.stock import ledger, levels
from app.stock.ledger import Entry, Why
from app.stock.models import Counter, MovementKind, StockFinding
from app.stock.movements import following_off

KIND = "prove_stock"
REASON = "proof"
HOUR = 3
"""The nightly proof runs in this hour of the shop's day."""


def prove(shop_id: int) -> int:
    """Recount every counter of the shop, at one moment; what differs replaces what was open. Gives how many."""
    open_ones = (StockFinding.shop_id == assert_in_scope(shop_id), StockFinding.fixed_at.is_(None))
    db.session.execute(delete(StockFinding).where(*open_ones), execution_options={"synchronize_session": "fetch"})
    found = db.session.execute(text(_COMPARE), {"shop_id": shop_id}).all()
    moment = clock.now()
    db.session.add_all(
        StockFinding(
            shop_id=shop_id,
            sku_id=row.sku_id,
            warehouse_id=row.warehouse_id,
            counter=Counter(row.counter),
            expected=int(row.expected),
            found=int(row.found),
            found_at=moment,
        )
        for row in found
    )
    db.session.flush()
    return len(found)


def fix(finding_id: int) -> StockFinding:
    """Set the counter to what its rows add up to now; journalled. A second time is a no-op. Raises NotFound.

    The sum is taken again under lock, so that what has moved since the proof is not lost.
    """
    query = select(StockFinding).where(StockFinding.id == finding_id)
    finding = db.session.scalars(query.with_for_update()).first()
    if finding is None:
        raise NotFound("not_found")
    if finding.fixed_at is not None:
        return finding
    levels.lock_skus(finding.shop_id, [finding.sku_id])
    levels.lock(finding.shop_id, [finding.sku_id])
    found, expected = _recount(finding)
    if found != expected:
        _write(finding, found, expected)
    finding.fixed_at, finding.fixed_by = clock.now(), str(context.actor())
    db.session.flush()
    levels.forget([finding.sku_id])
    return finding


def _recount(finding: StockFinding) -> tuple[int, int]:
    sql = _COUNTS[finding.counter]
    values = {"sku_id": finding.sku_id, "warehouse_id": finding.warehouse_id}
    row = db.session.execute(text(sql), values).one()
    return int(row.found), int(row.expected)


def _write(finding: StockFinding, found: int, expected: int) -> None:
    values = {"sku_id": finding.sku_id, "warehouse_id": finding.warehouse_id, "value": expected, "now": clock.now()}
    with following_off():
        db.session.execute(text(_FIXES[finding.counter]), values)
    if finding.warehouse_id is not None:
        note = f"{finding.counter.value}: {found} → {expected}"
        entry = Entry(finding.sku_id, finding.warehouse_id)
        ledger.write(finding.shop_id, MovementKind.PROVED, [entry], Why(reason=REASON, note=note))
    journal.record(StockCounterFixed(finding.shop_id, finding.sku_id, finding.counter.value, found, expected))


def fix_all(shop_id: int) -> int:
    """Fix all that is open in the shop, levels before totals; gives how many."""
    open_ones = (StockFinding.shop_id == assert_in_scope(shop_id), StockFinding.fixed_at.is_(None))
    ids = db.session.scalars(
        select(StockFinding.id).where(*open_ones).order_by(StockFinding.sku_id, StockFinding.warehouse_id)
    ).all()
    for finding_id in ids:
        fix(finding_id)
    return len(ids)


def open_findings(shop_id: int, limit: int = 200) -> list[tuple[StockFinding, str]]:
    """What the last proof has found and nobody has fixed, each with the code of its SKU."""
    query = (
        select(StockFinding, Sku.code)
        .join(Sku, Sku.id == StockFinding.sku_id)
        .where(StockFinding.shop_id == shop_id, StockFinding.fixed_at.is_(None))
        .order_by(Sku.code, StockFinding.id)
    )
    return [(row[0], row[1]) for row in db.session.execute(query.limit(limit))]


def last_job(shop_id: int) -> Job | None:
    """The newest proof that was wanted in this shop."""
    query = select(Job).where(Job.shop_id == shop_id, Job.kind == KIND).order_by(Job.id.desc())
    return db.session.scalars(query.limit(1)).first()


def want(shop_id: int) -> Job:
    """Want a proof of the shop, one at a time."""
    return jobs.enqueue(KIND, assert_in_scope(shop_id), key=f"{KIND}:{shop_id}")


def want_due() -> int:
    """Want the nightly proof of every shop whose night it is and that has had none today. For the ticker."""
    moment, count = clock.now(), 0
    for shop in db.session.scalars(select(Shop).order_by(Shop.id)):
        if moment.astimezone(ZoneInfo(shop.time_zone)).hour != HOUR:
            continue
        last = last_job(shop.id)
        if last is None or last.created_at < moment - timedelta(hours=20):
            want(shop.id)
            count += 1
    return count


def _sum(of: str, table: str, more: str = "") -> str:
    return (
        f"select sku_id, warehouse_id, sum({of}) as value from {table} "  # noqa: S608 - names are ours
        f"where shop_id = :shop_id {more} group by sku_id, warehouse_id"
    )


_LEDGERED = ("on_hand", "unavailable", "incoming")
_HELD = "and state in ('live', 'confirmed')"
_SUMS = ", ".join(f"sum({name}_delta) as {name}" for name in _LEDGERED)
_COMPARE = f"""
with ledger as materialized (
    select sku_id, warehouse_id, {_SUMS} from stock_movement where shop_id = :shop_id group by sku_id, warehouse_id
), held as materialized ({_sum("quantity", "stock_hold", _HELD)}),
compared as (
    select l.*, coalesce(m.on_hand, 0) as m_on_hand, coalesce(m.unavailable, 0) as m_unavailable,
        coalesce(m.incoming, 0) as m_incoming, coalesce(h.value, 0) as m_reserved
    from stock_level l left join ledger m using (sku_id, warehouse_id) left join held h using (sku_id, warehouse_id)
    where l.shop_id = :shop_id
), totals as (select sku_id, sum(on_hand) as value from stock_level where shop_id = :shop_id group by sku_id)
select c.sku_id, c.warehouse_id, d.counter, d.expected, d.found from compared c, lateral (values
    ('on_hand', c.m_on_hand, c.on_hand), ('reserved', c.m_reserved, c.reserved),
    ('unavailable', c.m_unavailable, c.unavailable), ('incoming', c.m_incoming, c.incoming)
) as d(counter, expected, found) where d.expected <> d.found
union all
select k.id, null, 'total', coalesce(t.value, 0), k.stock_on_hand
from sku k left join totals t on t.sku_id = k.id
where k.shop_id = :shop_id and k.stock_on_hand <> coalesce(t.value, 0)
order by 1, 2"""  # noqa: S608 - names are ours

_AT = "sku_id = :sku_id and warehouse_id = :warehouse_id"


def _count_sql(counter: str, rows: str) -> str:
    return (
        f"select {counter} as found, ({rows}) as expected from stock_level "  # noqa: S608 - names are ours
        f"where {_AT}"
    )


_COUNTS: dict[Counter, str] = {
    **{
        Counter(name): _count_sql(name, f"select coalesce(sum({name}_delta), 0) from stock_movement where {_AT}")  # noqa: S608 - names are ours
        for name in _LEDGERED
    },
    Counter.RESERVED: _count_sql("reserved", f"select coalesce(sum(quantity), 0) from stock_hold where {_AT} {_HELD}"),  # noqa: S608 - names are ours
    Counter.TOTAL: "select stock_on_hand as found, (select coalesce(sum(on_hand), 0) from stock_level "
    "where sku_id = :sku_id) as expected from sku where id = :sku_id",
}
_FIXES: dict[Counter, str] = {
    **{
        Counter(name): f"update stock_level set {name} = :value where {_AT}"  # noqa: S608 - names are ours
        for name in (*_LEDGERED, "reserved")
    },
    Counter.TOTAL: "update sku set stock_on_hand = :value, version = version + 1, updated_at = :now where id = :sku_id",
}
