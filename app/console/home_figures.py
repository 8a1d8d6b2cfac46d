"""The figures of the home page: a fortnight of sales by shop day, and what waits for somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select, text

from app.after_sale.listing import waits_for_shop
from app.after_sale.models import AfterSaleCase
from app.catalog import product_search
from app.catalog.change_models import ChangeSet, ChangeState
from app.catalog.models import Product
from app.catalog.price_window_models import PriceWindow, WindowState
from app.console.lists import COUNT_CAP
from app.insights import metrics
from app.kit import clock, people
from app.kit.db import db, planned_anew
from app.kit.jobs import Job, JobState
from app.kit.shop_wall import assert_in_scope
from app.orders.models import Order, OrderKind, OrderStatus
from app.payments.matter_models import MoneyMatter
from app.shops.models import Shop

DAYS = 14
STILL_LIVE = timedelta(days=7)
"""A shop whose newest order is older shows its last day with orders instead of an empty today."""


def _sql(name: str) -> str:
    """A statement beside this module, with the reports' rule on which documents count."""
    counts = (metrics.SQL / "counts.sql").read_text(encoding="utf-8")
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8").replace("{counts}", counts)


_DAYS, _NEWEST = text(_sql("home_days")), text(_sql("home_newest"))


class Day(NamedTuple):
    """One shop day; refunds are negative, `_early` counts up to the same clock time as today."""

    day: date
    orders: int = 0
    gross_minor: int = 0
    notes: int = 0
    refunds_minor: int = 0
    orders_early: int = 0
    gross_early: int = 0
    notes_early: int = 0
    refunds_early: int = 0


@dataclass(frozen=True)
class Glance:
    """A fortnight that ends with `day`; `live` when that is today."""

    day: date
    live: bool
    days: list[Day]

    @property
    def now(self) -> Day:
        """The last day."""
        return self.days[-1]

    @property
    def week_ago(self) -> Day:
        """The same weekday of the week before, as far as today has come."""
        then = self.days[-8]
        return Day(then.day, then.orders_early, then.gross_early, then.notes_early, then.refunds_early)


def newest_sale(shop_id: int) -> datetime | None:
    """When the newest sale that counts was placed."""
    return db.session.connection().scalar(_NEWEST, {"shop_id": assert_in_scope(shop_id)})


def glance(shop: Shop) -> Glance | None:
    """The fortnight up to today, or up to the last day with orders of a shop that rests; None without any sale."""
    newest = newest_sale(shop.id)
    if newest is None:
        return None
    moment = clock.now()
    live = moment - newest <= STILL_LIVE
    last = clock.day_of(moment if live else newest, shop.time_zone)
    return Glance(last, live, _days(shop, last, moment - timedelta(days=7) if live else moment))


def _days(shop: Shop, last: date, cut: datetime) -> list[Day]:
    first = last - timedelta(days=DAYS - 1)
    shop_id = assert_in_scope(shop.id)
    values = {"shop_id": shop_id, "zone": shop.time_zone, "first_day": first, "last_day": last, "cut": cut}
    rows = db.session.connection().execute(_DAYS, values)
    found = {row[0]: Day(row[0], *(int(value or 0) for value in row[1:])) for row in rows}
    days = [first + timedelta(days=offset) for offset in range(DAYS)]
    return [found.get(day) or Day(day) for day in days]


def waiting(asked: Mapping[str, Select[Any]]) -> dict[str, int]:
    """How many rows each of the selects has, counted up to the cap; one statement for all of them."""
    if not asked:
        return {}
    counts = (
        select(func.count()).select_from(one.limit(COUNT_CAP + 1).subquery()).scalar_subquery()
        for one in asked.values()
    )
    with planned_anew() as session:
        return dict(zip(asked, session.execute(select(*counts)).one(), strict=True))


def shipments(shop_id: int) -> Select[Any]:
    """Paid sales that nobody has sent yet."""
    waits = (Order.kind == OrderKind.SALE, Order.status == OrderStatus.PENDING_SHIPMENT)
    return select(Order.id).where(Order.shop_id == shop_id, *waits)


def cases(shop_id: int) -> Select[Any]:
    """After-sale cases on which the shop must act."""
    return select(AfterSaleCase.id).where(AfterSaleCase.shop_id == shop_id, waits_for_shop())


def matters(shop_id: int) -> Select[Any]:
    """Money that went another way than it should and needs a person."""
    return select(MoneyMatter.id).where(MoneyMatter.shop_id == shop_id, MoneyMatter.resolved_at.is_(None))


def waiting_approvals(shop_id: int, asked_by: str) -> tuple[int, int]:
    """Change sets and price windows that wait for somebody else than `asked_by` and their API keys; one statement."""

    def waiting(model: Any, state: Any) -> Any:
        others = (model.requested_by != asked_by, model.requested_by.not_in(people.keys_of(asked_by)))
        waits = (model.shop_id == shop_id, model.state == state, *others)
        return select(func.count()).select_from(model).where(*waits).scalar_subquery()

    counts = select(waiting(ChangeSet, ChangeState.PENDING), waiting(PriceWindow, WindowState.PENDING))
    changes, windows = db.session.execute(counts).one()
    return int(changes), int(windows)


def low_stock(shop_id: int) -> Select[Any]:
    """Products that run low, as the tab of the product list counts them."""
    return product_search.low_in_stock(shop_id)


def failed_jobs(shop_id: int, since: datetime) -> Select[Any]:
    """Jobs wanted since then that failed."""
    failed = (Job.state == JobState.FAILED, Job.created_at >= since)
    return select(Job.id).where(Job.shop_id == shop_id, *failed)


def any_product(shop_id: int) -> bool:
    """Whether the shop has a product."""
    return db.session.scalars(select(Product.id).where(Product.shop_id == shop_id).limit(1)).first() is not None


def percent(now: int, then: int) -> int | None:
    """The change in whole per cent; None when there was nothing to compare with."""
    return round(100 * (now - then) / abs(then)) if then else None


def spark(values: Sequence[int], width: int = 120, height: int = 32) -> str:
    """The points of an SVG polyline through the values, the last one at the right edge."""
    low, high = min(values), max(values)
    span = (high - low) or 1
    step = (width - 4) / max(1, len(values) - 1)
    points = [(2 + i * step, height - 3 - (value - low) * (height - 6) / span) for i, value in enumerate(values)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
