"""The pages of money and the buyer's checkout in a real browser: accessible, within the screen, in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.console.roles import Role
from app.kit import clock, context
from app.kit.db import transaction
from app.orders.models import OrderStatus
from app.payments import bills, links, matters, reconciling, refunds, simulate, starting
from app.payments.matter_models import MatterKind
from app.payments.providers import Scene
from app.shops import shops
from tests import factories as make
from tests.browser.looking import LOOKS
from tests.lengths import dealt

pytestmark = [pytest.mark.browser, pytest.mark.commits]


@pytest.fixture
def money(app, committed) -> tuple[int, list[str], list[str]]:
    """A manager, the pages of money that went every way, and the buyer's pages of unpaid orders."""
    with committed():
        user_id = make.staff(Role.MANAGER, make.shop("kuaile", name="快乐小店"), name="mei").id
    with app.app_context(), context.every_shop("browser test"):
        return user_id, *_everything(shops.by_code("kuaile"))


def _order(shop: Any) -> Any:
    with transaction():
        return make.order(shop, ("S1", 1, 12_345), status=OrderStatus.PENDING_PAYMENT)


def _everything(shop: Any) -> tuple[list[str], list[str]]:
    paid, declined, waiting, untouched = (_order(shop).id for _ in range(4))
    with transaction():
        account_id = simulate.account_of(shop.id).id
    payment_id = simulate.pay(paid).id
    ask = starting.Ask(Scene.QR, "https://shop.example.test/pay/x")
    refused_id = starting.begin(declined, account_id, ask, transaction)
    simulate.decide(refused_id, "failed")
    starting.begin(waiting, account_id, ask, transaction)
    with transaction():
        (refund,) = refunds.ask(paid, 2_000, subject="staff:1", key="k", reason="Goodwill")
        facts = {"over_minor": 345, "currency": "CNY"}
        about = matters.About.of_payment(starting.get(payment_id))
        matter_id = matters.open_matter(about, MatterKind.OVERPAID, facts).id
    day_id = _day(account_id, payment_id)
    console = ["/payments/", f"/payments/{payment_id}", f"/payments/{refused_id}", f"/refunds/new/{payment_id}"]
    console += ["/refunds/", f"/refunds/{refund.id}", "/payments/attention/", f"/payments/attention/{matter_id}"]
    console += ["/payments/reconciliation/", f"/payments/reconciliation/{day_id}", "/payment-channels/"]
    console += [f"/payment-channels/{account_id}", "/payment-settings/"]
    return console, [_path(untouched), _path(declined), _path(waiting), _path(paid)]


def _day(account_id: int, payment_id: int) -> int:
    """A day whose bill does not know the payment that we booked on it."""
    day = (clock.now() - timedelta(days=2)).date()
    with transaction():
        starting.get(payment_id).paid_at = clock.bounds(day, day, bills.ZONE)[0] + timedelta(hours=12)
    return reconciling.reconcile(account_id, day, transaction)


def _path(order_id: int) -> str:
    from app.kit.db import db
    from app.orders.models import Order

    return links.path_of(db.session.get_one(Order, order_id))


def one_heading(page: Any) -> None:
    assert page.locator("h1").count() == 1, page.url


@pytest.mark.soak
def test_the_pages_of_money_are_accessible(money, sound) -> None:
    user_id, console, _ = money
    paths = {path.strip("/").replace("/", "-"): path for path in console}
    sound("money", dealt(paths, LOOKS), user_id, also=one_heading)


@pytest.mark.soak
def test_the_checkout_is_accessible_in_every_state(money, sound) -> None:
    states = zip(("choose", "declined", "wait", "paid"), money[2], strict=True)
    paths = {state: f"{path}?lang={{locale}}" for state, path in states}
    sound("checkout", dealt(paths, LOOKS), also=one_heading)
