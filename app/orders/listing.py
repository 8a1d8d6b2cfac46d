"""The order list: its tabs, columns and search, for a shop's zone and currency."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from app.console import cells
from app.console.lists import Column, ListSpec, Tab
from app.kit import clock, formats, texts
from app.kit.assets import icon
from app.orders import board, filters, names, search, shortages
from app.orders.models import AfterSaleState, Order, OrderKind, OrderStatus
from app.orders.names import KIND_LABELS, LABELS
from app.shops.models import Shop

_FLAG = icon("filled/flag", 14)
STATUS_LOOKS = {
    OrderStatus.PENDING_PAYMENT: ("warning", "clock-dollar"),
    OrderStatus.PENDING_SHIPMENT: ("warning", "package"),
    OrderStatus.SHIPPED: ("info", "truck-delivery"),
    OrderStatus.DELIVERED: ("success", "home-check"),
    OrderStatus.COMPLETED: ("success", "circle-check"),
    OrderStatus.CLOSED: ("secondary", "circle-x"),
}
KIND_LOOKS = {
    OrderKind.SALE: ("secondary", "shopping-cart"),
    OrderKind.CREDIT_NOTE: ("danger", "receipt-refund"),
    OrderKind.ADJUSTMENT: ("secondary", "adjustments"),
}
DUE_LOOKS = {"overdue": ("danger", "alert-circle"), "soon": ("warning", "alarm"), "later": ("secondary", "clock")}


def status_badge(order: Order) -> Markup:
    """Where the order stands."""
    return _badge(order.status, texts.language())


def kind_badge(order: Order) -> Markup:
    """What kind of document it is."""
    return _badge(order.kind, texts.language())


@lru_cache(maxsize=64)
def _badge(state: OrderStatus | OrderKind, language: str) -> Markup:
    looks, labels = (STATUS_LOOKS, LABELS) if isinstance(state, OrderStatus) else (KIND_LOOKS, KIND_LABELS)
    return cells.badge(*looks[state], labels[state])  # type: ignore[index]


def spec(shop: Shop) -> ListSpec:
    """The list for one shop."""
    return _spec(shop.id, shop.time_zone, shop.currency)


@lru_cache(maxsize=256)
def _spec(shop_id: int, zone: str, currency: str) -> ListSpec:
    return ListSpec(
        name="orders",
        model=Order,
        columns=_columns(zone),
        default_sort="-placed",
        tabs=_tabs(),
        filters=filters.of(shop_id, zone, currency),
        search=lambda text: search.matching(text, shop_id),
        search_hint=_l("Order number, customer, receiver, phone or SKU code"),
        loads=(joinedload(Order.customer),),
        enrich=shortages.attach,
    )


def _columns(zone: str) -> tuple[Column, ...]:
    return (
        Column("number", _l("Number"), lambda o: o.number, sort=Order.number, follows=("placed", "due")),
        Column("placed", _l("Placed"), lambda o: cells.when(o.placed_at, zone), sort=Order.placed_at, follows=("due",)),
        Column("customer", _l("Customer"), lambda o: o.customer.label if o.customer else "–"),
        Column("country", _l("Country"), lambda o: o.country or "–", shown=False),
        Column("units", _l("Units"), lambda o: formats.number(o.units), align="end"),
        Column(
            "total",
            _l("Total"),
            lambda o: formats.money(o.total_minor, o.currency),
            sort=Order.total_minor,
            align="end",
            follows=("due",),
            on_phone=True,
        ),
        Column("status", _l("Status"), status_badge, on_phone=True),
        Column("due", _l("Time left"), due_badge, on_phone=True),
        Column("kind", _l("Kind"), kind_badge, shown=False),
        Column("marks", _l("Marks"), marks_cell, on_phone=True),
    )


def _tabs() -> tuple[Tab, ...]:
    sale = Order.kind == OrderKind.SALE
    return (
        Tab("", _l("All")),
        *(Tab(status.value, LABELS[status], (sale, Order.status == status)) for status in OrderStatus),
        Tab("credit_notes", _l("Credit notes"), (Order.kind == OrderKind.CREDIT_NOTE,)),
        Tab("adjustments", _l("Adjustments"), (Order.kind == OrderKind.ADJUSTMENT,)),
    )


def due_badge(order: Order) -> Markup:
    """What is left of the promise to ship, in colour, with an icon and in words; nothing for what does not wait."""
    if order.status is not OrderStatus.PENDING_SHIPMENT or order.due_at is None:
        return Markup("")
    left = (order.due_at - clock.now()) // timedelta(seconds=1)
    return cells.badge(*DUE_LOOKS[board.tone_of(left)], names.time_left(left))


def marks_cell(order: Order) -> Markup:
    """What is special about an order: no sale, flag, oversold goods, after-sale, group, tags; empty for most."""
    told: list[Any] = [] if order.kind is OrderKind.SALE else [kind_badge(order)]
    if order.flag:
        word = order.flag_text or names.FLAG_LABELS[order.flag]
        told.append(Markup('<span class="k-flag k-flag-{}">{} {}</span>').format(order.flag, _FLAG, word))
    if getattr(order, "oversold", False):
        told.append(_mark("danger", "alert-octagon", _l("Oversold")))
    if order.after_sale_state is AfterSaleState.OPEN:
        told.append(_mark("info", "message-report", _l("After-sale open")))
    if order.ship_group_id is not None:
        told.append(_mark("info", "packages", _l("Sent together")))
    told += [cells.badge("secondary", "tag", tag) for tag in order.tags[:3]]
    return Markup(" ").join(told)


def _mark(tone: str, glyph: str, label: Any) -> Markup:
    return cells.badge(tone, glyph, label)
