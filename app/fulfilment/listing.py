"""The list of parcels: tabs by state, filters by carrier and by how long nothing was heard, search by number."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, and_, or_, select, text, union

from app.console import cells
from app.console.lists import Column, Filter, ListSpec, Tab, any_of, day_range
from app.fulfilment import names
from app.fulfilment.carriers import CARRIERS, tidy
from app.fulfilment.models import NOT_OF_SALES, EventKind, Parcel, ParcelKind, ParcelOrder, ParcelState
from app.kit import clock, formats
from app.kit.db import among, db
from app.orders.models import Order
from app.shops.models import Shop

STILL_DAYS = (1, 2, 3, 5, 7)
"""Days without a word that can be asked for."""
LONG_ENOUGH = 8
"""A search of so many characters is taken to find few parcels."""


def of_kinds(values: list[str]) -> ColumnElement[bool]:
    """A filter condition: parcels of any of these kinds. All but those of sales are few, and have an index."""
    of_these = any_of(Parcel.kind, ParcelKind)(values)
    return of_these if ParcelKind.SALE in values else and_(of_these, text(NOT_OF_SALES))


def spec(shop: Shop) -> ListSpec:
    """The list for one shop."""
    return _spec(shop.id, shop.time_zone)


@lru_cache(maxsize=256)
def _spec(shop_id: int, zone: str) -> ListSpec:
    return ListSpec(
        name="parcels",
        model=Parcel,
        columns=(
            Column("number", _l("Tracking number"), lambda p: p.tracking_no or _l("No number")),
            Column("carrier", _l("Carrier"), lambda p: names.carrier(p.carrier_code), on_phone=True),
            Column("orders", _l("Orders"), lambda p: ", ".join(p.order_numbers) or "–", on_phone=True),
            Column("units", _l("Units"), lambda p: formats.number(p.units), align="end"),
            Column(
                "state",
                _l("State"),
                names.state_badge,
                export=lambda p: str(names.STATES[p.state][2]),
                on_phone=True,
            ),
            Column("event", _l("Last heard"), _last),
            Column("moved", _l("When"), lambda p: cells.when(p.moved_at, zone), sort=Parcel.moved_at, on_phone=True),
            Column("sent", _l("Sent"), lambda p: cells.when(p.sent_at, zone), shown=False),
            Column("kind", _l("Kind of parcel"), lambda p: names.KINDS[p.kind], shown=False),
        ),
        default_sort="-moved",
        tabs=_tabs(),
        filters=(
            Filter("carrier", _l("Carrier"), any_of(Parcel.carrier_code), _carriers),
            Filter("still", _l("Nothing heard for"), _still, _days),
            Filter("kind", _l("Kind of parcel"), of_kinds, lambda: list(names.KINDS.items())),
            Filter("moved", _l("Last heard"), day_range(Parcel.moved_at, lambda: zone), kind="days"),
        ),
        search=lambda text: matching(text, shop_id),
        search_hint=_l("Tracking or order number"),
        enrich=_attach,
    )


def _tabs() -> tuple[Tab, ...]:
    sent = Parcel.state == ParcelState.SENT
    return (
        Tab("", _l("All")),
        Tab("created", names.STATES[ParcelState.CREATED][2], (Parcel.state == ParcelState.CREATED,)),
        Tab("sent", names.STATES[ParcelState.SENT][2], (sent,)),
        Tab("problem", _l("With a problem"), (sent, Parcel.last_event == EventKind.PROBLEM)),
        Tab("signed", names.STATES[ParcelState.SIGNED][2], (Parcel.state == ParcelState.SIGNED,)),
        Tab("returned", names.STATES[ParcelState.RETURNED][2], (Parcel.state == ParcelState.RETURNED,)),
        Tab("cancelled", names.STATES[ParcelState.CANCELLED][2], (Parcel.state == ParcelState.CANCELLED,)),
    )


def _last(row: Parcel) -> Markup:
    return cells.quiet(names.EVENTS[row.last_event][2])


def _carriers() -> list[tuple[str, Any]]:
    return [(one.code, one.name) for one in CARRIERS]


def _days() -> list[tuple[str, Any]]:
    return [(str(days), _l("%(days)s days", days=days)) for days in STILL_DAYS]


def _still(values: list[str]) -> ColumnElement[bool]:
    """Under way, and nothing heard for so many days; of several the shortest counts."""
    asked = [int(value) for value in values if value in {str(days) for days in STILL_DAYS}]
    if not asked:
        return Parcel.id.is_(None)
    quiet = clock.now() - timedelta(days=min(asked))
    return (Parcel.state == ParcelState.SENT) & (Parcel.moved_at <= quiet)


def matching(typed: str, shop_id: int) -> ColumnElement[bool]:
    """The number begins so, or it is a parcel of the order with exactly this number.

    What is long finds few and is found first, in the indexes of both; of what is short a page is full at once.
    """
    plain = tidy(typed)
    begins = and_(Parcel.shop_id == shop_id, Parcel.tracking_no.startswith(plain, autoescape=True))
    orders = select(Order.id).where(Order.shop_id == shop_id, Order.number == typed.strip())
    of_orders = select(ParcelOrder.parcel_id).where(ParcelOrder.order_id.in_(orders))
    if len(plain) < LONG_ENOUGH:
        return or_(begins, Parcel.id.in_(of_orders))
    return among(Parcel.id, union(select(Parcel.id).where(begins), of_orders))


def _attach(rows: list[Any]) -> None:
    """Hang the numbers of their orders on the parcels of one page, by one statement."""
    found: dict[int, list[str]] = {row.id: [] for row in rows}
    query = select(ParcelOrder.parcel_id, Order.number).join(Order, Order.id == ParcelOrder.order_id)
    for parcel_id, number in db.session.execute(query.where(ParcelOrder.parcel_id.in_(found)).order_by(Order.id)):
        found[parcel_id].append(number)
    for row in rows:
        row.order_numbers = found[row.id]
