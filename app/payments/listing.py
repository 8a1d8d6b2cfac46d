"""The lists of payments, refunds and what needs a person, for a shop's zone and currency."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, select

from app.console import cells
from app.console.lists import Column, Filter, ListSpec, Tab, any_of, day_range, number_range
from app.kit import clock, formats, money, people
from app.kit.db import db
from app.orders.models import Order
from app.payments import lifecycle, names
from app.payments.channels import CHANNELS
from app.payments.matter_models import MatterKind, MoneyMatter
from app.payments.models import Payment, PaymentStatus, Refund, RefundState
from app.shops.models import Shop


def payments(shop: Shop) -> ListSpec:
    """Every payment of a shop, the newest first."""
    return _payments(shop.id, shop.time_zone, shop.currency)


def refunds(shop: Shop) -> ListSpec:
    """Every refund of a shop, the newest first."""
    return _refunds(shop.id, shop.time_zone, shop.currency)


def matters(shop: Shop) -> ListSpec:
    """What needs a person, the newest first."""
    return _matters(shop.time_zone)


def _channels() -> list[tuple[str, Any]]:
    return [(code, channel.name) for code, channel in CHANNELS.items()]


def _name_orders(rows: list[Any]) -> None:
    """Hang the number of its order on each row."""
    ids = {row.order_id for row in rows if row.order_id}
    found = db.session.execute(select(Order.id, Order.number).where(Order.id.in_(ids))) if ids else ()
    numbers = {order_id: number for order_id, number in found}  # noqa: C416 - rows are no pairs to dict()
    for row in rows:
        row.order_number = numbers.get(row.order_id, "–")


def _money(row: Any) -> str:
    return formats.money(row.amount_minor, row.currency)


def _number_is(model: type[Payment] | type[Refund], text: str, shop_id: int) -> ColumnElement[bool]:
    """By our number, the channel's, or the order's; whole numbers, so that each is found by its index."""
    theirs = Payment.channel_trade_no if model is Payment else Refund.channel_refund_no
    of_order = select(Order.id).where(Order.shop_id == shop_id, Order.number == text)
    return (model.number == text) | (theirs == text) | model.order_id.in_(of_order)


@lru_cache(maxsize=256)
def _payments(shop_id: int, zone: str, currency: str) -> ListSpec:
    return ListSpec(
        name="payments",
        model=Payment,
        columns=(
            Column("number", _l("Number"), lambda p: p.number),
            Column("made", _l("Started"), lambda p: cells.when(p.created_at, zone), sort=Payment.id),
            Column("order", _l("Order"), lambda p: p.order_number),
            Column("channel", _l("Channel"), _channel_cell),
            Column("amount", _l("Amount"), _money, align="end"),
            Column("state", _l("State"), _payment_state),
            Column("trade", _l("Channel's number"), lambda p: p.channel_trade_no or "–", shown=False),
            Column("paid", _l("Paid at"), lambda p: cells.when(p.paid_at, zone), shown=False),
        ),
        default_sort="-made",
        tabs=(
            Tab("", _l("All")),
            Tab("open", _l("Waiting"), (Payment.state.in_(lifecycle.OPEN),)),
            Tab("paid", _l("Paid"), (Payment.state.in_(lifecycle.CAPTURED),)),
            Tab("failed", _l("Failed"), (Payment.state == PaymentStatus.FAILED,)),
            Tab("ended", _l("Closed or expired"), (Payment.state.in_((PaymentStatus.CLOSED, PaymentStatus.EXPIRED)),)),
        ),
        filters=(
            Filter(
                "state", _l("State"), any_of(Payment.state, PaymentStatus), lambda: list(_items(names.PAYMENT_LABELS))
            ),
            Filter("channel", _l("Channel"), any_of(Payment.channel), _channels),
            Filter("made", _l("Started"), day_range(Payment.created_at, lambda: zone), kind="days"),
            Filter("amount", _l("Amount"), _amount(Payment.amount_minor, currency), kind="number"),
        ),
        search=lambda text: _number_is(Payment, text, shop_id),
        search_hint=_l("Number of the payment, the order or the channel"),
        enrich=_name_orders,
    )


@lru_cache(maxsize=256)
def _refunds(shop_id: int, zone: str, currency: str) -> ListSpec:
    person = (RefundState.ABNORMAL, RefundState.FAILED)
    by_hand = Refund.payment_id.is_(None) & (Refund.state == RefundState.PROCESSING)
    return ListSpec(
        name="refunds",
        model=Refund,
        columns=(
            Column("number", _l("Number"), lambda r: r.number),
            Column("made", _l("Asked at"), lambda r: cells.when(r.created_at, zone), sort=Refund.id),
            Column("order", _l("Order"), lambda r: r.order_number),
            Column("channel", _l("Channel"), lambda r: names.channel(r.channel)),
            Column("amount", _l("Amount"), _money, align="end"),
            Column("state", _l("State"), _refund_state),
            Column("subject", _l("For"), lambda r: names.purpose(r.subject), shown=False),
        ),
        default_sort="-made",
        tabs=(
            Tab("", _l("All")),
            Tab("under_way", _l("Under way"), (Refund.state.in_(lifecycle.UNDER_WAY),)),
            Tab("by_hand", _l("To be paid back by hand"), (by_hand,)),
            Tab("failed", _l("Failed"), (Refund.state.in_(person),)),
            Tab("done", _l("Paid back"), (Refund.state == RefundState.SUCCEEDED,)),
        ),
        filters=(
            Filter("state", _l("State"), any_of(Refund.state, RefundState), lambda: list(_items(names.REFUND_LABELS))),
            Filter("channel", _l("Channel"), any_of(Refund.channel), _channels),
            Filter("made", _l("Asked at"), day_range(Refund.created_at, lambda: zone), kind="days"),
            Filter("amount", _l("Amount"), _amount(Refund.amount_minor, currency), kind="number"),
        ),
        search=lambda text: _number_is(Refund, text, shop_id),
        search_hint=_l("Number of the refund, the order or the channel"),
        enrich=_name_orders,
    )


@lru_cache(maxsize=256)
def _matters(zone: str) -> ListSpec:
    is_open = MoneyMatter.resolved_at.is_(None)
    return ListSpec(
        name="money_matters",
        model=MoneyMatter,
        columns=(
            Column("kind", _l("What"), lambda m: names.MATTER_LABELS[m.kind]),
            Column("opened", _l("Since"), lambda m: cells.when(m.opened_at, zone), sort=MoneyMatter.id),
            Column("order", _l("Order"), lambda m: m.order_number),
            Column("owner", _l("Owner"), lambda m: m.owner_name),
            Column("due", _l("Due"), lambda m: _due(m, zone)),
        ),
        default_sort="-opened",
        tabs=(
            Tab("", _l("To be settled"), (is_open,)),
            Tab("mine", _l("Without an owner"), (is_open, MoneyMatter.owner_id.is_(None))),
            Tab("resolved", _l("Resolved"), (~is_open,)),
        ),
        filters=(
            Filter("kind", _l("What"), any_of(MoneyMatter.kind, MatterKind), lambda: list(_items(names.MATTER_LABELS))),
        ),
        enrich=_name_matters,
    )


def _name_matters(rows: list[Any]) -> None:
    _name_orders(rows)
    told = people.names(f"staff:{row.owner_id}" for row in rows if row.owner_id)
    for row in rows:
        row.owner_name = told[f"staff:{row.owner_id}"] if row.owner_id else "–"


def _due(matter: MoneyMatter, zone: str) -> Markup:
    if matter.resolved_at:
        return cells.badge("success", "circle-check", _l("Resolved"))
    if matter.due_at <= clock.now():
        return cells.badge("danger", "alarm", _l("Overdue"))
    return cells.quiet(formats.moment(matter.due_at, zone))


def _items(labels: dict[Any, Any]) -> Any:
    return ((state.value, label) for state, label in labels.items())


def _amount(column: Any, currency: str) -> Any:
    return number_range(column, lambda text: money.to_minor(text, currency))


def _channel_cell(payment: Payment) -> Any:
    name = names.channel(payment.channel)
    return Markup("{} {}").format(name, cells.quiet(_l("(test)"))) if payment.is_test else name


def _payment_state(payment: Payment) -> Markup:
    badge = names.payment_badge(payment)
    if payment.state is PaymentStatus.FAILED:
        return Markup("{} {}").format(badge, cells.quiet(names.reason(payment.failure_code)))
    return badge


def _refund_state(refund: Refund) -> Markup:
    badge = names.refund_badge(refund)
    if refund.state in (RefundState.FAILED, RefundState.ABNORMAL):
        return Markup("{} {}").format(badge, cells.quiet(names.reason(refund.failure_code)))
    return badge
