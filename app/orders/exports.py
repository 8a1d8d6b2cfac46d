"""The order workbook: one row an order, as the list shows it and a few columns more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from app.kit import sheets
from app.kit.db import db
from app.kit.money import exponent
from app.kit.sheets import ColumnKind
from app.orders.models import Order
from app.orders.names import KIND_LABELS, LABELS
from app.shops.models import Shop

CHUNK = 2_000


def file_name(shop_code: str, at: datetime) -> str:
    """The workbook's name for people."""
    return f"orders-{shop_code}-{at:%Y%m%d-%H%M}.xlsx"


def write(shop: Shop, which: Select[int], path: Path, on_progress: Any) -> int:
    """Write the orders of `which` (ids) to `path`, newest first; returns the number of rows.

    `on_progress(done, total)` is called as rows go out. No text becomes a formula (kit.sheets).
    """
    ids = list(db.session.scalars(which.order_by(Order.placed_at.desc(), Order.id.desc())))

    def rows() -> Iterator[list[Any]]:
        for start in range(0, len(ids), CHUNK):
            on_progress(start, len(ids))
            yield from _rows(shop, ids[start : start + CHUNK])

    return sheets.write_sheet(rows(), _columns(shop.currency), path, name=gettext("Orders"))


def _rows(shop: Shop, ids: list[int]) -> Iterator[list[Any]]:
    zone = ZoneInfo(shop.time_zone)
    found = select(Order).where(Order.id.in_(ids)).options(joinedload(Order.customer))
    by_id = {order.id: order for order in db.session.scalars(found)}
    for order_id in ids:
        if order_id in by_id:
            yield _row(by_id[order_id], zone)
    db.session.expunge_all()  # a million rows must not stay in memory


def _row(order: Order, zone: ZoneInfo) -> list[Any]:
    buyer = order.customer
    return [
        order.number,
        order.placed_at.astimezone(zone),
        buyer.number if buyer else "",
        buyer.name if buyer else "",
        order.country,
        order.units,
        order.items_minor,
        order.charges_minor,
        order.total_minor,
        order.currency,
        str(LABELS[order.status]),
        str(KIND_LABELS[order.kind]),
        order.receiver,
        order.address,
        order.staff_note,
    ]


def _columns(currency: str) -> list[sheets.Column]:
    digits = exponent(currency)
    return [
        sheets.Column(gettext("Number")),
        sheets.Column(gettext("Placed"), ColumnKind.DATETIME),
        sheets.Column(gettext("Customer number")),
        sheets.Column(gettext("Customer")),
        sheets.Column(gettext("Country")),
        sheets.Column(gettext("Units"), ColumnKind.INTEGER),
        sheets.Column(gettext("Items"), ColumnKind.MONEY, digits),
        sheets.Column(gettext("Charges"), ColumnKind.MONEY, digits),
        sheets.Column(gettext("Total"), ColumnKind.MONEY, digits),
        sheets.Column(gettext("Currency")),
        sheets.Column(gettext("Status")),
        sheets.Column(gettext("Kind")),
        sheets.Column(gettext("Receiver")),
        sheets.Column(gettext("Address")),
        sheets.Column(gettext("Staff note")),
    ]
