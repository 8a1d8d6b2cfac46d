"""A refund made in the console shows in the sales report: net figures, units returned, the day of the refund."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from app.after_sale import cases, opening
from app.after_sale.access import By
from app.after_sale.models import CaseKind, Party
from app.after_sale.opening import Wanted, Wish
from app.insights import metrics, spans
from app.insights.metrics import Sales
from app.kit import clock, context
from app.kit.db import db, transaction
from app.orders.models import Order, OrderLine
from app.payments import refund_course, refunds
from app.payments.models import Refund
from tests.after_sale.conftest import a6_order

pytestmark = pytest.mark.usefixtures("app")
SHOP = By(Party.SELLER, may_approve=True)
OCTOBER, NOVEMBER = datetime(2026, 10, 30, 4, tzinfo=UTC), datetime(2026, 11, 5, 4, tzinfo=UTC)


def read(shop, first: str, last: str) -> Sales:
    with context.shops([shop.id]), transaction():
        return metrics.read(spans.of(shop, date.fromisoformat(first), date.fromisoformat(last)))


def refund(order, *wanted: Wanted) -> None:
    with transaction():
        case = opening.open_case(order.id, Wish(CaseKind.REFUND_ONLY, "quality", wanted), SHOP)
        cases.agree(case.id, SHOP)
    row = db.session.scalars(select(Refund).where(Refund.subject == f"after_sale:{case.id}")).one()
    with transaction():
        refund_course.paid_back_by_hand(row.id, "T")


def test_a_refund_counts_when_the_money_is_back_in_its_own_month(shop, lines) -> None:
    with clock.frozen(OCTOBER):
        order = a6_order(shop)
    ids = lines(order)
    with clock.frozen(NOVEMBER):
        before = read(shop, "2026-10-01", "2026-11-05").totals
        refund(order, Wanted(ids["A"], 2), Wanted(ids["shipping"], 0, 800))
        sales = read(shop, "2026-10-01", "2026-11-05")
        october = read(shop, "2026-10-01", "2026-10-31").totals

    assert (before.gross_minor, before.refunds_minor, before.net_minor) == (15800, 0, 14800)
    assert (sales.totals.refunds_minor, sales.totals.units_returned) == (-7021, 3)  # charges count as units in reports
    assert sales.totals.net_minor == 14800 - 7021
    assert (october.refunds_minor, october.net_minor) == (0, 14800)
    in_sql = db.session.scalar(select(func.sum(OrderLine.amount_minor)).where(OrderLine.shop_id == shop.id))
    assert sales.totals.net_minor == int(in_sql)
    assert sum(row.figures.net_minor for row in sales.products) == sales.totals.net_minor


def test_an_order_refunded_in_full_and_closed_nets_to_nothing(shop, lines) -> None:
    with clock.frozen(NOVEMBER):
        order = a6_order(shop)
        ids = lines(order)
        refund(order, *(Wanted(ids[name], units) for name, units in (("A", 3), ("B", 1), ("C", 1))))
        refund(order, Wanted(ids["shipping"], 0, 800))
        totals = read(shop, "2026-11-01", "2026-11-05").totals

    assert (totals.gross_minor, totals.refunds_minor, totals.net_minor) == (15800, -14800, 0)
    assert db.session.get_one(Order, order.id).refunded_minor == 14800
    assert refunds.refundable(db.session.get_one(Order, order.id)) == 0
