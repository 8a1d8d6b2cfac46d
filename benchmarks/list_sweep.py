"""Every address of a list worth asking for: each tab, filter and value, under each sort order, near and deep.

The kinds come from the lists' own specifications, so a new filter or sort is measured without a line here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import func, select

from app.console import list_paging
from app.console.base import ListPage
from app.console.lists import Filter, ListSpec
from app.kit import clock, context
from app.kit.db import db
from app.shops.models import Shop
from benchmarks.database import SHOP

VIEWS = {
    "orders": "OrderView",
    "stock": "StockView",
    "parcels": "ParcelView",
    "after-sale": "CaseView",
    "payments": "PaymentView",
    "refunds": "RefundView",
    "customers": "CustomerView",
    "products": "ProductView",
}
TEXTS = {"tag": ("rush", "none-such"), "customer": ("C0000077", "nobody")}
"""What is typed into filters that take a text, by the filter's key."""
NUMBERS = ("..50", "100..200", "4000..", "999999..", "123..123")
DEPTHS = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Listed:
    """A list as it is asked for: its address, its specification for the shop."""

    path: str
    spec: ListSpec


def kinds(app: Any) -> dict[str, list[str]]:
    """Kind → addresses, for every list of VIEWS."""
    views = {type(view).__name__: view for view in app.appbuilder.baseviews if isinstance(view, ListPage)}
    found: dict[str, list[str]] = {}
    with app.test_request_context(), context.every_shop("benchmark"):
        shop = db.session.scalars(select(Shop).where(Shop.code == SHOP)).one()
        for name, view in VIEWS.items():
            listed = Listed(f"{views[view].route_base}/", views[view].list_spec(shop))
            found |= {f"{name}: {kind}": list(dict.fromkeys(paths)) for kind, paths in _of(listed).items()}
    return found


def _of(listed: Listed) -> dict[str, list[str]]:
    spec, counts = listed.spec, f"{listed.path}counts"
    places = list(_places(spec))
    first = {
        "first page": [listed.path],
        "its counts": [counts],
        "every sort": [f"{listed.path}?{place}" for place in places],
    }
    tabs = {"every tab and sort": [f"{listed.path}?tab={t.key}&{place}" for t in spec.tabs for place in places]}
    asked = {one.key: [f"f_{one.key}={quote(value)}" for value in _values(one)] for one in spec.filters}
    filters = {
        f"filter {key}": [f"{listed.path}?{value}&{place}" for value in values for place in places]
        for key, values in asked.items()
        if values
    }
    counted = [f"{counts}?{value}" for values in asked.values() for value in values]
    return first | (tabs if spec.tabs else {}) | filters | ({"counts of each filter": counted} if counted else {})


def _values(one: Filter) -> list[str]:
    if one.kind == "days":
        today = clock.now().date()
        days = [(-6, 0), (-400, -390), (-60, 0), (5, 9)]
        return [f"{today + timedelta(days=low)}..{today + timedelta(days=high)}" for low, high in days]
    if one.kind == "number":
        return list(NUMBERS)
    if one.choices is None:
        return list(TEXTS[one.key])
    return [str(value) for value, _ in one.choices()]


def _places(spec: ListSpec) -> Iterator[str]:
    """Each sort order both ways: its first page and one deep page."""
    columns = [column for column in spec.columns if column.sort is not None]
    depths = {column.key: _cursors(spec, column.sort) for column in columns}
    for number, column in enumerate(columns):
        for direction in ("", "-"):
            yield f"sort={direction}{column.key}"
            if cursors := depths[column.key]:
                yield f"sort={direction}{column.key}&after={cursors[number % len(cursors)]}"


def _cursors(spec: ListSpec, column: Any) -> list[str]:
    total = db.session.scalar(select(func.count()).select_from(spec.model)) or 0
    keys = select(column, spec.model.id).order_by(column, spec.model.id)
    places = [db.session.execute(keys.offset(int(total * depth)).limit(1)).first() for depth in DEPTHS]
    return [list_paging.cursor(row, column) for row in places if row is not None]
