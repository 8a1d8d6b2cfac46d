"""The list of cases: tabs by what waits for whom, columns, filters, search, for a shop's zone and currency."""

from __future__ import annotations

from functools import lru_cache

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from app.after_sale import deadlines
from app.after_sale.models import FINAL, AfterSaleCase, CaseKind, CaseState
from app.after_sale.names import KIND_LABELS, STATE_LABELS, STATE_LOOKS, refused_move
from app.after_sale.reasons import WISHES
from app.console import cells
from app.console.lists import Column, Filter, ListSpec, Tab, any_of, day_range, number_range
from app.kit import clock, formats, money
from app.kit.errors import DomainError
from app.orders import search
from app.orders.models import Order
from app.orders.names import time_left
from app.shops.models import Shop

_C, _S = AfterSaleCase, CaseState
FAILED = (_C.state == _S.REFUNDING, _C.refund_error != "")
SHOP_ACTS = (_S.REFUND_ASKED, _S.RETURN_ASKED, _S.PLATFORM_ASKS, _S.WAITS_FOR_CHECK)
BUYER_ACTS = (_S.REFUSED, _S.WAITS_FOR_RETURN, _S.PLATFORM_RETURN, _S.WAITS_FOR_BUYER)
PLATFORM_ACTS = (_S.DISPUTED, _S.PLATFORM_ASKS, _S.PLATFORM_RETURN)


def state_badge(case: AfterSaleCase) -> Markup:
    """Where a case stands; a refund that failed is red."""
    if case.state is CaseState.REFUNDING and case.refund_error:
        return cells.badge("danger", "alert-circle", _l("Refund failed"))
    return cells.badge(*STATE_LOOKS[case.state], STATE_LABELS[case.state])


def due_badge(case: AfterSaleCase) -> Markup:
    """The time left, in colour, with an icon and in words; nothing for a case that has ended."""
    if case.state in FINAL:
        return Markup("–")
    row = deadlines.Row(case, deadlines.left(case, clock.now()))
    looks = {"overdue": ("danger", "alert-circle"), "soon": ("warning", "alarm"), "later": ("secondary", "clock")}
    return cells.badge(*looks[row.tone], time_left(row.left_seconds))


def refusal(refused: DomainError) -> str:
    """Why something was not done, with names instead of codes."""
    return refused_move(refused.facts) if refused.code == "case_move" else refused.message()


def spec(shop: Shop) -> ListSpec:
    """The list for one shop."""
    return _spec(shop.id, shop.time_zone, shop.currency)


@lru_cache(maxsize=256)
def _spec(shop_id: int, zone: str, currency: str) -> ListSpec:
    return ListSpec(
        name="after_sale",
        model=AfterSaleCase,
        columns=_columns(zone),
        default_sort="due",
        tabs=_tabs(),
        filters=_filters(zone, currency),
        search=lambda text: _matching(text, shop_id),
        search_hint=_l("Case or order number, parcel number"),
        loads=(joinedload(AfterSaleCase.order).joinedload(Order.customer),),
    )


def _columns(zone: str) -> tuple[Column, ...]:
    return (
        Column("number", _l("Number"), lambda c: c.number),
        Column("kind", _l("Kind of case"), lambda c: KIND_LABELS[c.kind], on_phone=True),
        Column("state", _l("Status"), state_badge, on_phone=True),
        Column("due", _l("Time left"), due_badge, sort=_C.due_at, on_phone=True),
        Column("amount", _l("To be refunded"), _amount, align="end", on_phone=True),
        Column("order", _l("Order"), lambda c: c.order.number),
        Column("customer", _l("Customer"), lambda c: c.order.customer.label if c.order.customer else "–"),
        Column("reason", _l("Reason"), lambda c: WISHES.get(c.reason, c.reason)),
        Column("opened", _l("Opened"), lambda c: cells.when(c.opened_at, zone), sort=_C.opened_at),
    )


def _amount(case: AfterSaleCase) -> str:
    return formats.money(case.amount_minor, case.currency) if case.amount_minor else "–"


def waits_for_shop() -> ColumnElement[bool]:
    """The shop must act: answer, check a return, or see to a refund that failed."""
    return or_(_C.state.in_(SHOP_ACTS), (_C.state == _S.REFUNDING) & (_C.refund_error != ""))


def _tabs() -> tuple[Tab, ...]:
    return (
        Tab("", _l("Waits for the shop"), (waits_for_shop(),), collected=True),
        Tab("buyer", _l("Waits for the buyer"), (_C.state.in_(BUYER_ACTS),), collected=True),
        Tab("platform", _l("With the platform"), (_C.state.in_(PLATFORM_ACTS),), collected=True),
        Tab("refunding", _l("Refund on its way"), (_C.state == _S.REFUNDING,), collected=True),
        Tab("done", _l("Done"), (_C.state == _S.DONE,)),
        Tab("closed", _l("Closed cases"), (_C.state == _S.CLOSED,)),
        Tab("all", _l("All")),
    )


def _filters(zone: str, currency: str) -> tuple[Filter, ...]:
    return (
        Filter("kind", _l("Kind of case"), any_of(_C.kind, CaseKind), lambda: list(KIND_LABELS.items())),
        Filter("state", _l("Status"), any_of(_C.state, CaseState), lambda: list(STATE_LABELS.items())),
        Filter("reason", _l("Reason"), any_of(_C.reason), lambda: list(WISHES.items())),
        Filter("overdue", _l("Overdue"), lambda _: _overdue(), lambda: [("1", _l("Overdue"))]),
        Filter("opened", _l("Opened"), day_range(_C.opened_at, lambda: zone), kind="days"),
        Filter(
            "amount",
            _l("To be refunded"),
            number_range(_C.amount_minor, lambda text: money.to_minor(text, currency)),
            kind="number",
        ),
    )


def _overdue() -> ColumnElement[bool]:
    return (_C.due_at < clock.now()) & _C.state.not_in(FINAL)


def _matching(text: str, shop_id: int) -> ColumnElement[bool]:
    pattern = search.like(text)
    orders = select(Order.id).where(Order.shop_id == shop_id, Order.number.ilike(pattern))
    return or_(
        _C.number.ilike(pattern),
        _C.tracking_no.ilike(pattern),
        _C.sent_tracking.ilike(pattern),
        search.among(_C.order_id, orders),
    )
