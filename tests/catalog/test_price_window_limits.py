"""Price windows beyond the shop's limits: they wait, the requester cannot approve, what moved is left out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.catalog import change_limits, price_window_limits, price_windows, prices
from app.catalog.change_limits import Limits
from app.catalog.models import Sku
from app.catalog.price_window_models import PriceWindow, PriceWindowLine, WindowState
from app.console.roles import Role
from app.kit import clock, context
from app.kit.audit import FieldChange
from app.kit.db import db, transaction
from app.kit.errors import Conflict, RuleViolation
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def now(app):
    """The database's own clock times the field history, so the moment is the present one, held."""
    with clock.frozen(clock.now()):
        yield clock.now()


@pytest.fixture
def skus(shop):
    product = make.product(shop, "Cup")
    return [make.sku(shop, product, code=f"K{n:02}", price_minor=1000, cost_minor=300) for n in range(12)]


@pytest.fixture
def clerk(shop, sign_in):
    """Wei, who may make windows and approve none."""
    return sign_in(make.staff(Role.MERCHANT, shop, name="wei"))


def hidden(page):
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return {name: value.replace("&#34;", '"').replace("&amp;", "&") for name, value in found.items()}


def ask(client, skus, **typed):
    form = {"how": "percent", "amount": "-35", "name": "Flash", "ids": [str(skus[0].product_id)], **typed}
    page = client.post("/price-windows/new/preview", data=form)
    assert page.status_code == 200, page.text
    return page.text, client.post("/price-windows/new/save", data=hidden(page.text)).location


def window(look):
    return look(lambda: db.session.scalars(select(PriceWindow)).one())


def price(sku):
    with context.every_shop("test"):
        return prices.at(sku.shop_id, [sku.id])[sku.id].price_minor


def test_a10_a_deep_cut_waits_and_what_moved_meanwhile_is_left_out(shop, skus, clerk, manager, look) -> None:
    page, made = ask(clerk, skus)
    assert "12 prices fall by 30 % or more within 24 hours; the deepest cut is 35 %." in page
    assert "Ask for approval" in page and "deep cut" in page
    assert window(look).state is WindowState.PENDING
    assert price(skus[0]) == 1000
    assert clerk.post(made + "/approve", data={"seal": window(look).seal}).status_code == 403

    with context.shops([shop.id]), transaction():
        db.session.get(Sku, skus[3].id).price_minor = 1100
    waiting = manager.get(made).text
    assert waiting.count('<strong class="k-number">CN¥6.50</strong> Flash') == 12
    seen = hidden(waiting)["seal"]
    assert manager.post(made + "/approve", data={"seal": seen}).status_code == 302

    after = window(look)
    assert (after.state, after.skus) == (WindowState.PLANNED, 11)
    assert [price(sku) for sku in skus] == [1100 if n == 3 else 650 for n in range(12)]
    page = manager.get(made).text
    assert "1 price was left out" in page and "Approved by Lina Test" in page
    dropped = look(lambda: db.session.scalars(select(FieldChange).where(FieldChange.operation == "D")).one())
    assert (dropped.table_name, dropped.changes["sku_id"]) == ("price_window_line", [skus[3].id, None])


def test_the_person_who_asked_cannot_approve(shop, skus, manager, look) -> None:
    _, made = ask(manager, skus)

    refused = manager.post(made + "/approve", data={"seal": window(look).seal})

    assert refused.status_code == 403
    assert "You asked for this change yourself." in refused.text
    assert window(look).state is WindowState.PENDING
    assert "You can cancel it while it waits." in manager.get(made).text


def test_an_approval_is_void_when_the_window_was_edited_since(shop, skus, clerk, manager, look) -> None:
    _, made = ask(clerk, skus)
    seen = window(look).seal
    with context.shops([shop.id]), transaction():
        row = db.session.scalars(select(PriceWindow)).one()
        base = {name: getattr(row, name) for name in price_windows.EDITABLE}
        price_windows.change(row.id, base, base | {"priority": 9})

    refused = manager.post(made + "/approve", data={"seal": seen})

    assert refused.status_code == 409
    assert (window(look).state, price(skus[0])) == (WindowState.PENDING, 1000)


def test_a_window_is_turned_down(shop, skus, clerk, manager, look) -> None:
    _, made = ask(clerk, skus)

    assert clerk.post(made + "/reject").status_code == 403
    assert manager.post(made + "/reject").status_code == 302
    assert manager.post(made + "/reject").status_code == 409

    assert (window(look).state, price(skus[0])) == (WindowState.REJECTED, 1000)
    assert "Turned down by Lina Test" in clerk.get(made).text


def test_what_was_approved_may_end_earlier_and_nothing_more(shop, skus, clerk, manager, look, now) -> None:
    _, made = ask(clerk, skus, ends=f"{now + 3 * DAY:%Y-%m-%dT%H:%M}")
    manager.post(made + "/approve", data={"seal": window(look).seal})

    with context.shops([shop.id]), transaction():
        row = db.session.scalars(select(PriceWindow)).one()
        base = {name: getattr(row, name) for name in price_windows.EDITABLE}
        for change in ({"ends_at": now + 9 * DAY}, {"ends_at": None}, {"priority": 1}):
            with pytest.raises(RuleViolation, match="price_window_approved"):
                price_windows.change(row.id, base, base | change)
        assert price_windows.change(row.id, base, base | {"ends_at": now + DAY}).ends_at == now + DAY


def test_a_cancelled_request_waits_again_when_it_is_brought_back(shop, skus, clerk, look) -> None:
    _, made = ask(clerk, skus)

    clerk.post(made + "/cancel")
    assert window(look).state is WindowState.CANCELLED
    clerk.post(made + "/restore")

    assert (window(look).state, price(skus[0])) == (WindowState.PENDING, 1000)


@pytest.mark.parametrize(
    ("limits", "typed", "sentence"),
    [
        (Limits(), {"amount": "-29.9"}, ""),
        (Limits(below_cost=True), {"how": "set", "amount": "2.99"}, "12 prices fall below cost."),
        (Limits(most_rows=11), {"amount": "-1"}, "12 rows change; more than 11."),
        (Limits(cut_ppm=10_000, most_rows=11), {"amount": "5"}, "12 rows change; more than 11."),
        (Limits(cut_ppm=10_000), {"amount": "-1"}, "12 prices fall by 1 % or more within 24 hours"),
    ],
)
def test_the_limits_are_those_of_a_change_of_the_base_price(shop, skus, clerk, look, limits, typed, sentence) -> None:
    with context.shops([shop.id]), transaction():
        change_limits.set_limits(shop.id, limits)

    page, _ = ask(clerk, skus, **typed)

    assert ("A second person must approve this" in page) == bool(sentence)
    assert sentence in page
    assert window(look).state is (WindowState.PENDING if sentence else WindowState.PLANNED)


def test_a_cut_in_slices_adds_up_with_the_base_price(shop, skus, clerk, look) -> None:
    with context.shops([shop.id]), transaction():
        for sku in skus:
            db.session.get(Sku, sku.id).price_minor = 800

    page, _ = ask(clerk, skus, amount="-20")

    assert "12 prices fall by 30 % or more within 24 hours; the deepest cut is 36 %." in page


def test_an_approval_of_nothing_left_is_refused(shop, skus, clerk, look) -> None:
    ask(clerk, skus)
    with context.shops([shop.id]), transaction():
        for sku in skus:
            db.session.get(Sku, sku.id).price_minor = 1001
    with context.shops([shop.id]), pytest.raises(RuleViolation, match="price_window_empty"), transaction():
        row = db.session.scalars(select(PriceWindow)).one()
        price_window_limits.approve(row, row.seal)
    assert look(lambda: len(db.session.scalars(select(PriceWindowLine)).all())) == 12
    with context.shops([shop.id]), transaction():
        row = db.session.scalars(select(PriceWindow)).one()
        price_window_limits.reject(row)
        with pytest.raises(Conflict, match="not_pending"):
            price_window_limits.approve(row, row.seal)


def test_a_window_that_waited_too_long_cannot_begin(shop, skus, clerk, now) -> None:
    ask(clerk, skus, ends=f"{(now + DAY).astimezone(UTC):%Y-%m-%dT%H:%M}")
    with clock.frozen(datetime.max.replace(tzinfo=UTC) - DAY), context.shops([shop.id]), transaction():
        row = db.session.scalars(select(PriceWindow)).one()
        with pytest.raises(RuleViolation, match="price_window_over"):
            price_window_limits.approve(row, row.seal)
