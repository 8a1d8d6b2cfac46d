"""Changes at a time: planned by the form in the shop's zone, computed anew when due, once, however late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app import schedule, ticker
from app.catalog import change_plans, change_sets
from app.catalog.change_models import ChangeSet, ChangeState
from app.catalog.models import Product, ProductStatus, Sku
from app.console.roles import Role
from app.kit import clock, context
from app.kit.audit import FieldChange
from app.kit.db import db, transaction
from app.kit.errors import Conflict
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 26, 16, 0, tzinfo=UTC)  # midnight in Shanghai
OFF = {"field": "status", "status": "off_shelf", "when": "later", "at": "2026-11-27T00:00"}
HALF = {"field": "price_minor", "how": "percent", "amount": "-10", "when": "later", "at": "2026-11-27T00:00"}


def tick():
    """One round of the timetable's entry, as the ticker runs it."""
    entry = next(one for one in schedule.TIMETABLE if one.name == "start_planned_changes")
    ticker.run(entry)


def cup(shop, **values):
    """The ids of a SKU and its product; the ticker's rounds end the session that rows belong to."""
    sku = make.sku(shop, **values)
    return sku.id, sku.product_id


def plan(client, product_id, form):
    """Preview and confirm a form at NOW; gives the answer to the confirmation."""
    with clock.frozen(NOW):
        draft = client.post("/products/bulk/preview", data={**form, "ids": [str(product_id)]})
        assert draft.status_code == 302, draft.text
        return client.post(draft.location + "/confirm")


@pytest.fixture
def one_set(look):
    return lambda: look(lambda: db.session.scalars(select(ChangeSet)).one())


@pytest.fixture
def status_of(look):
    return lambda product_id: look(lambda: db.session.get(Product, product_id).status)


def test_a_plan_runs_at_its_moment_and_not_before(shop, manager, run_jobs, one_set, status_of) -> None:
    _, product_id = cup(shop)
    asked = plan(manager, product_id, OFF)

    row = one_set()
    assert (row.state, row.run_at, row.job_id) == (ChangeState.SCHEDULED, DUE, None)
    page = manager.get(asked.location).text
    assert "Planned for" in page and "Asia/Shanghai" in page and "Cancel the plan" in page
    with clock.frozen(DUE - timedelta(seconds=1)):
        tick()
    assert run_jobs() == []
    assert status_of(product_id) is ProductStatus.ON_SALE

    with clock.frozen(DUE):
        tick()
        tick()
        assert run_jobs() == ["done"]
    assert status_of(product_id) is ProductStatus.OFF_SHELF
    assert "It ran late" not in manager.get(asked.location).text


def test_the_rule_is_computed_from_what_the_rows_hold_then(shop, manager, run_jobs, look, one_set) -> None:
    sku_id, product_id = cup(shop, price_minor=1000)
    plan(manager, product_id, HALF)
    with context.every_shop("test"), transaction():
        db.session.get(Sku, sku_id).price_minor = 2000

    with clock.frozen(DUE):
        tick()
        run_jobs()

    assert look(lambda: db.session.get(Sku, sku_id).price_minor) == 1800
    row = one_set()
    assert (row.state, row.counts["changed"]) == (ChangeState.APPLIED, 1)
    by_plan = look(lambda: db.session.scalars(select(FieldChange).order_by(FieldChange.id.desc())).first())
    assert (by_plan.actor, by_plan.changes) == (row.requested_by, {"price_minor": [2000, 1800]})


def test_after_a_night_without_a_ticker_it_runs_late_and_says_so(shop, manager, run_jobs, status_of) -> None:
    _, product_id = cup(shop)
    asked = plan(manager, product_id, OFF)

    with clock.frozen(DUE + timedelta(hours=7)):
        tick()
        assert run_jobs() == ["done"]

    assert status_of(product_id) is ProductStatus.OFF_SHELF
    assert "It ran late" in manager.get(asked.location).text


def test_a_plan_can_be_cancelled_and_undone(shop, manager, run_jobs, one_set, status_of) -> None:
    _, product_id = cup(shop)
    plan(manager, product_id, OFF)
    assert manager.post(f"/plans/{one_set().id}/cancel").status_code == 302

    with clock.frozen(DUE):
        tick()
    assert run_jobs() == []
    assert one_set().state is ChangeState.REJECTED
    assert status_of(product_id) is ProductStatus.ON_SALE
    with context.every_shop("test"), pytest.raises(Conflict, match="not_planned"):
        change_plans.cancel(change_sets.get(one_set().id))


@pytest.mark.parametrize(("who", "status"), [("anonymous", 302), ("agent", 403), ("stranger", 404)])
def test_others_cannot_cancel_a_plan(shop, manager, client_of, one_set, who, status) -> None:
    plan(manager, cup(shop)[1], OFF)

    assert client_of(who).post(f"/plans/{one_set().id}/cancel").status_code == status
    assert one_set().state is ChangeState.SCHEDULED


def test_beyond_the_limits_a_second_person_agrees_before_and_again_only_when_it_has_moved(
    shop, manager, sign_in, run_jobs, look, one_set
) -> None:
    sku_id, product_id = cup(shop, price_minor=1000)
    deep = {**HALF, "amount": "-50"}
    asked = plan(manager, product_id, deep)
    assert one_set().state is ChangeState.PENDING

    second = sign_in(make.staff(Role.MANAGER, shop))
    with clock.frozen(NOW):
        second.post(asked.location + "/approve", data={"hash": one_set().content_hash})
    assert one_set().state is ChangeState.SCHEDULED
    with clock.frozen(DUE):
        tick()
        run_jobs()
    assert look(lambda: db.session.get(Sku, sku_id).price_minor) == 500

    with context.every_shop("test"), transaction():
        db.session.get(ChangeSet, one_set().id).state = ChangeState.SCHEDULED
        db.session.get(Sku, sku_id).price_minor = 3000
    with clock.frozen(DUE + timedelta(days=3)):
        tick()
        run_jobs()
    assert one_set().state is ChangeState.PENDING
    assert look(lambda: db.session.get(Sku, sku_id).price_minor) == 3000


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-26T19:59", "That time is past"),
        ("", "Give day and time"),
        ("tomorrow", "Give day and time"),
    ],
)
def test_a_time_that_cannot_be_planned_is_said_beside_the_field(shop, manager, at, words, look) -> None:
    with clock.frozen(NOW):
        answer = manager.post("/products/bulk/preview", data={**OFF, "at": at, "ids": [str(make.sku(shop).product_id)]})

    assert answer.status_code == 422
    assert words in answer.text
    assert look(lambda: db.session.scalars(select(ChangeSet)).all()) == []


def test_times_that_clocks_skip_or_repeat_are_never_guessed(sign_in, look) -> None:
    london = make.shop("london", time_zone="Europe/London", currency="GBP")
    client = sign_in(make.staff(Role.MANAGER, london))
    with context.every_shop("test"):
        ids = [str(make.sku(london).product_id)]

    with clock.frozen(datetime(2026, 3, 1, tzinfo=UTC)):
        skipped = client.post("/products/bulk/preview", data={**OFF, "at": "2026-03-29T01:30", "ids": ids})
        twice = client.post("/products/bulk/preview", data={**OFF, "at": "2026-10-25T01:30", "ids": ids})
        chosen = {**OFF, "at": "2026-10-25T01:30", "at_which": "second", "ids": ids}
        assert client.post("/products/bulk/preview", data=chosen).status_code == 302

    assert (skipped.status_code, twice.status_code) == (422, 422)
    assert "the clocks go from 01:00 to 02:00" in skipped.text
    assert "comes twice" in twice.text and "01:30 (UTC+01:00)" in twice.text
    row = look(lambda: db.session.scalars(select(ChangeSet)).one())
    assert row.run_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_taking_down_names_the_open_orders_and_price_windows(shop, manager) -> None:
    product = make.product(shop)
    sku = make.sku(shop, product, code="S1")
    line = make.order(shop, ("S1", 1, 1000))
    with context.every_shop("test"), transaction():
        db.session.execute(
            db.text("update order_line set sku_id = :s where order_id = :o"), {"s": sku.id, "o": line.id}
        )
    make.price_window(shop, {sku.id: 900}, clock.now(), None, name="Black Friday")
    make.price_window(shop, {sku.id: 900}, NOW - timedelta(days=900), NOW - timedelta(days=800), name="Long gone")

    draft = manager.post("/products/bulk/off-shelf", data={"ids": [str(product.id)]})
    page = manager.get(draft.location).text

    assert "1 open order contains these products" in page
    assert "1 price window, running or planned, has prices for them: Black Friday." in page
    assert "Long gone" not in page


def test_the_reason_of_a_stock_change_stands_in_the_products_history(shop, manager, run_jobs) -> None:
    sku = make.sku(shop, stock_on_hand=5)
    form = {"field": "stock_on_hand", "how": "plus", "amount": "-2", "reason": "damaged", "note": "fell off a pallet"}
    page = f"/products/{sku.product_id}"

    draft = manager.post("/products/bulk/preview", data={**form, "ids": [str(sku.product_id)]})
    manager.post(draft.location + "/confirm")
    assert run_jobs() == ["done"]

    told = manager.get(page).text
    assert "Stock: −2 · Damaged · fell off a pallet" in told
