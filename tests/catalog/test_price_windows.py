"""Making, changing, ending, cancelling and copying price windows; who wins is known before saving."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from app.catalog import price_window_drafts, price_windows, prices
from app.catalog.formulas import Formula, OverCost, Percent, Plus, RoundTo, SetTo
from app.catalog.models import Product, Sku
from app.catalog.price_window_drafts import CopyOf, Span
from app.catalog.price_window_models import PriceWindow, PriceWindowLine, WindowState
from app.catalog.price_windows import WindowDraft
from app.kit import clock, context
from app.kit.audit import FieldChange
from app.kit.db import db, transaction
from app.kit.errors import Conflict, NotFound, RuleViolation
from app.kit.journal import JournalEntry
from app.kit.merge import StaleEdit
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CUT = Formula("price_minor", (Percent(-100_000),))


@pytest.fixture(autouse=True)
def _at_noon(app):
    with clock.frozen(NOW):
        yield


def draft(**values):
    plain = {
        "name": "Sale",
        "starts_at": NOW + DAY,
        "ends_at": NOW + 3 * DAY,
        "priority": 0,
        "note": "",
        "request_key": "k1",
    }
    return WindowDraft(**plain | values)


def everything(shop):
    return select(Product.id).where(Product.shop_id == shop.id)


def previewed(shop, rule, wanted):
    price_window_drafts.fill(shop.id, rule, everything(shop))
    return price_window_drafts.figures()


def save(shop, rule=CUT, **values):
    wanted = draft(**values)
    with transaction():
        seen = previewed(shop, rule, wanted).content_hash
        return price_windows.make(shop.id, wanted, rule, everything(shop), seen)


def price(sku, moment):
    return prices.at(sku.shop_id, [sku.id], moment)[sku.id].price_minor


def events():
    db.session.flush()
    return [row.event for row in db.session.scalars(select(JournalEntry).order_by(JournalEntry.id))]


def base_of(window):
    return {field: getattr(window, field) for field in price_windows.EDITABLE}


def test_a_window_is_previewed_then_saved_and_holds_from_its_start_to_its_end(shop) -> None:
    skus = [make.sku(shop, price_minor=minor) for minor in (9990, 10000, 12345, 199, 105, 1)]

    seen = previewed(shop, CUT, draft())
    assert (seen.skus, seen.refused, seen.above_base) == (6, 0, 0)
    assert price_window_drafts.above_prior(shop.id, draft().span()) == 0
    assert (seen.base_sum, seen.price_sum, seen.strongest_ppm) == (32640, 29377, 100502)
    assert db.session.scalar(select(func.count()).select_from(PriceWindow)) == 0
    window = save(shop)

    assert (window.skus, window.state, window.requested_by) == (6, WindowState.PLANNED, "system:unknown")
    assert [price(sku, NOW + DAY) for sku in skus] == [8991, 9000, 11111, 179, 95, 1]
    assert [price(sku, NOW + 3 * DAY) for sku in skus] == [9990, 10000, 12345, 199, 105, 1]
    assert [db.session.get(Sku, sku.id).price_minor for sku in skus] == [9990, 10000, 12345, 199, 105, 1]
    assert events() == ["PriceWindowMade"]


def test_what_cannot_be_a_price_is_refused_line_by_line(shop) -> None:
    cheap = make.sku(shop, price_minor=50)
    dear = make.sku(shop, price_minor=500, cost_minor=200)

    assert previewed(shop, Formula("price_minor", (Plus(-50),)), draft()).reasons == [("price_under_one", 1)]
    assert previewed(shop, Formula("price_minor", (Plus(-100),)), draft()).reasons == [("price_negative", 1)]
    assert previewed(shop, Formula("price_minor", (Plus(10**16),)), draft()).reasons == [("too_large", 2)]
    over_cost = Formula("price_minor", (OverCost(500_000),))
    assert previewed(shop, over_cost, draft()).reasons == [("blank", 1)]
    refused = price_window_drafts.lines(shop.id, draft().span(), "Sale", refused=True)
    assert [(line.code, line.price_minor, line.reason) for line in refused] == [(cheap.code, None, "blank")]
    window = save(shop, over_cost)

    assert (window.skus, price(dear, NOW + DAY), price(cheap, NOW + DAY)) == (1, 300, 50)
    with pytest.raises(RuleViolation, match="price_window_empty"):
        save(shop, Formula("price_minor", (Plus(10**16),)), request_key="k2")


def test_who_sets_zero_means_zero(shop) -> None:
    sku = make.sku(shop, price_minor=500)
    save(shop, Formula("price_minor", (SetTo(0),)))

    assert price(sku, NOW + DAY) == 0


def test_the_preview_says_who_wins_when_before_anything_is_saved(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    strong = make.price_window(shop, {sku.id: 600}, NOW + 2 * DAY, NOW + 4 * DAY, priority=9, name="Flash")
    weak = make.price_window(shop, {sku.id: 950}, NOW, NOW + 10 * DAY, priority=-1, name="Autumn")
    make.price_window(shop, {make.sku(shop, make.product(shop)).id: 1}, NOW, None, state=WindowState.CANCELLED)
    make.price_window(shop, {sku.id: 5}, NOW + 3 * DAY, None, name="After it")
    span = draft().span()
    price_window_drafts.fill(shop.id, CUT, everything(shop).where(Product.id == sku.product_id))

    found = price_window_drafts.overlaps(shop.id, span)
    assert [(one.window_id, one.skus, one.wins) for one in found] == [(strong.id, 1, True), (weak.id, 1, False)]
    (line,) = price_window_drafts.lines(shop.id, span, "Sale")
    shown = [(s.starts_at - NOW, s.ends_at - NOW, s.layer.name, s.price_minor) for s in line.segments]
    assert shown == [(DAY, 2 * DAY, "Sale", 900), (2 * DAY, 3 * DAY, "Flash", 600)]


def test_a_window_above_the_lowest_price_of_30_days_is_warned_of(shop) -> None:
    sku = make.sku(shop, price_minor=1000, created_at=NOW - 90 * DAY)
    make.price_window(shop, {sku.id: 210}, NOW - 20 * DAY, NOW - 19 * DAY)
    price_window_drafts.fill(shop.id, Formula("price_minor", (SetTo(300),)), everything(shop))

    assert price_window_drafts.above_prior(shop.id, draft().span()) == 1
    assert price_window_drafts.lines(shop.id, draft().span(), "Sale")[0].prior_minor == 210
    later = Span(NOW + 11 * DAY, None, 0)
    assert price_window_drafts.above_prior(shop.id, later) == 0


def test_the_same_request_twice_makes_one_window(shop) -> None:
    make.sku(shop)

    first, second = save(shop), save(shop, name="Other name")

    assert first.id == second.id
    assert db.session.scalar(select(func.count()).select_from(PriceWindow)) == 1
    assert db.session.scalar(select(func.count()).select_from(PriceWindowLine)) == 1
    assert events() == ["PriceWindowMade"]


def test_prices_that_have_changed_since_the_preview_are_not_saved(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    seen = previewed(shop, CUT, draft()).content_hash
    with transaction():
        db.session.get(Sku, sku.id).price_minor = 1001

    with pytest.raises(Conflict, match="price_window_drift"), transaction():
        price_windows.make(shop.id, draft(), CUT, everything(shop), seen)
    assert db.session.scalar(select(func.count()).select_from(PriceWindow)) == 0


def test_a_window_never_begins_in_the_past(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    window = save(shop, starts_at=NOW - DAY)

    assert window.starts_at == NOW
    assert price(sku, NOW - timedelta(seconds=1)) == 1000
    with pytest.raises(RuleViolation, match="price_window_over"):
        save(shop, ends_at=NOW, request_key="k2")
    with pytest.raises(RuleViolation, match="price_window_over"):
        save(shop, starts_at=NOW + DAY, ends_at=NOW + DAY, request_key="k3")


def test_ending_now_leaves_the_past_as_it_was(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    window = save(shop, starts_at=None)
    with clock.frozen(NOW + DAY), transaction():
        price_windows.end_now(window.id)

    assert (price(sku, NOW + DAY - timedelta(seconds=1)), price(sku, NOW + DAY)) == (900, 1000)
    with clock.frozen(NOW + 2 * DAY), transaction():
        assert price_windows.end_now(window.id).ends_at == NOW + DAY
        with pytest.raises(RuleViolation, match="price_window_begun"):
            price_windows.cancel(window.id)
    assert events() == ["PriceWindowMade", "PriceWindowEnded"]


def test_a_planned_window_is_cancelled_and_brought_back(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    window = save(shop)
    with transaction():
        with pytest.raises(RuleViolation, match="price_window_not_begun"):
            price_windows.end_now(window.id)
        price_windows.cancel(window.id)
        assert price_windows.cancel(window.id).state is WindowState.CANCELLED
    assert price(sku, NOW + DAY) == 1000

    with clock.frozen(NOW + 2 * DAY), transaction():
        price_windows.restore(window.id)

    assert (price(sku, NOW + 2 * DAY - timedelta(seconds=1)), price(sku, NOW + 2 * DAY)) == (1000, 900)
    assert events() == ["PriceWindowMade", "PriceWindowCancelled", "PriceWindowRestored"]


def test_a_cancelled_window_whose_end_is_past_stays_cancelled(shop) -> None:
    make.sku(shop)
    window = save(shop)
    with transaction():
        price_windows.cancel(window.id)
    with clock.frozen(NOW + 3 * DAY), transaction(), pytest.raises(RuleViolation, match="price_window_over"):
        price_windows.restore(window.id)
    with transaction(), pytest.raises(RuleViolation, match="price_window_decided"):
        price_windows.change(window.id, base_of(window), {"name": "New"})


def test_two_people_change_different_fields_and_both_are_kept(shop) -> None:
    make.sku(shop)
    window = save(shop)
    opened = base_of(window)
    with context.acting(context.Actor("staff", "0")), transaction():
        price_windows.change(window.id, opened, opened | {"name": "Winter sale"})
        price_windows.change(window.id, opened, opened | {"ends_at": NOW + 9 * DAY})

    assert (window.name, window.ends_at) == ("Winter sale", NOW + 9 * DAY)
    with transaction(), pytest.raises(StaleEdit) as refused:
        price_windows.change(window.id, opened, opened | {"name": "Spring sale"})
    assert [(c.field, c.base, c.mine, c.theirs) for c in refused.value.clashes] == [
        ("name", "Sale", "Spring sale", "Winter sale")
    ]
    db.session.refresh(window)
    assert (window.name, window.priority) == ("Winter sale", 0)
    assert db.session.scalar(select(func.count()).where(FieldChange.table_name == "price_window")) == 2


def test_another_priority_while_it_runs_changes_nothing_about_the_past(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    window = save(shop, starts_at=None)
    rival = make.price_window(shop, {sku.id: 500}, NOW, NOW + 5 * DAY, priority=1)
    with clock.frozen(NOW + DAY), transaction():
        opened = base_of(window)
        after = price_windows.change(window.id, opened, opened | {"priority": 2, "name": "Stronger"})

    assert (after.made_from_id, after.priority, after.name, after.ends_at) == (window.id, 2, "Stronger", NOW + 3 * DAY)
    assert (window.ends_at, window.name, window.priority) == (NOW + DAY, "Sale", 0)
    won = [prices.at(shop.id, [sku.id], NOW + n * DAY)[sku.id].window.window_id for n in (0, 1, 2, 3)]
    assert won == [rival.id, after.id, after.id, rival.id]


def test_another_priority_before_it_begins_is_the_same_window(shop) -> None:
    make.sku(shop)
    window = save(shop)
    opened = base_of(window)
    with transaction():
        assert price_windows.change(window.id, opened, opened | {"priority": 7}).id == window.id
        with pytest.raises(RuleViolation, match="price_window_over"):
            price_windows.change(window.id, opened, opened | {"ends_at": NOW + DAY})
    assert window.priority == 7


def test_a_copy_has_the_same_prices_at_another_time(shop) -> None:
    sku = make.sku(shop, price_minor=1234)
    first = save(shop, Formula("price_minor", (Percent(-100_000), RoundTo(100, 1))))
    with transaction():
        db.session.get(Sku, sku.id).price_minor = 3000
    copy = save(shop, CopyOf(first.id), starts_at=NOW + 20 * DAY, ends_at=None, request_key="k2")

    assert (copy.made_from_id, copy.skus, price(sku, NOW + 20 * DAY)) == (first.id, 1, 1099)
    line = db.session.scalars(select(PriceWindowLine).where(PriceWindowLine.window_id == copy.id)).one()
    assert (line.price_minor, line.base_minor) == (1099, 3000)


def test_another_shops_window_does_not_exist(shop) -> None:
    other = make.shop()
    with context.every_shop("test"):
        foreign = make.sku(other, price_minor=1000)
        window = make.price_window(other, {foreign.id: 700}, NOW + DAY, None)

    for verb in (price_windows.get, price_windows.end_now, price_windows.cancel, price_windows.restore):
        with pytest.raises(NotFound), transaction():
            verb(window.id)
    price_window_drafts.fill(shop.id, CopyOf(window.id), everything(shop))
    assert db.session.scalar(text("select count(*) from window_draft")) == 0
