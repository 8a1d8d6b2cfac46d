"""The list of price windows: tabs by the clock, newest start first."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_

from app.catalog import price_window_words as words
from app.catalog.price_window_models import PriceWindow, WindowState
from app.console.list_conditions import contains
from app.console.lists import Column, ListSpec, Tab
from app.kit import clock, formats, people
from app.shops.models import Shop


def spec(shop: Shop) -> ListSpec:
    """The list for one shop at this moment; nothing of it can be kept, because the tabs follow the clock."""
    zone, currency = shop.time_zone, shop.currency
    return ListSpec(
        name="price_windows",
        model=PriceWindow,
        columns=(
            Column("name", _l("Window name"), lambda w: w.name),
            Column("state", _l("State"), words.badge),
            Column("starts", _l("From"), lambda w: words.moment_text(w.starts_at, zone), sort=PriceWindow.starts_at),
            Column("ends", _l("To"), lambda w: words.moment_text(w.ends_at, zone)),
            Column("priority", _l("Priority"), lambda w: formats.number(w.priority), align="end"),
            Column("skus", _l("SKUs"), lambda w: formats.number(w.skus), align="end"),
            Column("what", _l("What"), lambda w: words.rule_of(w, currency)),
            Column("who", _l("Who"), lambda w: w.__dict__.get("who", "")),
        ),
        default_sort="-starts",
        tabs=_tabs(),
        search=lambda text: contains(PriceWindow.name, text),
        search_hint=_l("Name of the window"),
        enrich=_name_people,
    )


def _tabs() -> tuple[Tab, ...]:
    now = clock.now()
    planned: ColumnElement[bool] = PriceWindow.state == WindowState.PLANNED
    begun, over = PriceWindow.starts_at <= now, PriceWindow.ends_at <= now
    lasting = or_(PriceWindow.ends_at.is_(None), PriceWindow.ends_at > now)
    limits: dict[str, tuple[ColumnElement[bool], ...]] = {
        "running": (planned, begun, lasting),
        "planned": (planned, ~begun),
        "ended": (planned, over),
        **{state.value: (PriceWindow.state == state,) for state in WindowState if state is not WindowState.PLANNED},
    }
    return (Tab("", _l("All")), *(Tab(key, look[2], limits[key]) for key, look in words.STANDINGS.items()))


def _name_people(rows: list[Any]) -> None:
    names = people.names(row.requested_by for row in rows)
    for row in rows:
        setattr(row, "who", names[row.requested_by])  # noqa: B010 - not a mapped attribute
