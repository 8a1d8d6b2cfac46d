"""Limits and the second person: A10, slices within a day, cost, many rows, the undo that waits for nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.catalog import change_approvals, change_limits, change_rules, change_sets, change_undos
from app.catalog.change_limits import Limits
from app.catalog.change_models import ChangeLine, ChangeSet, ChangeSource, ChangeState
from app.catalog.formulas import Formula, OverCost, Percent, SetTo
from app.catalog.models import Product, Sku
from app.kit import clock, context
from app.kit.audit import FieldChange
from app.kit.context import Actor
from app.kit.db import db, transaction
from app.kit.errors import Conflict, Forbidden, RuleViolation
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
WEI, MINA = Actor("staff", "901"), Actor("staff", "902")


@pytest.fixture
def shop():
    row = make.shop()
    with context.shops([row.id]), context.acting(WEI):
        yield row


def percent(tenths):
    return Formula("price_minor", (Percent(tenths * 1000),))


def ask(shop, rule, who=WEI):
    """Propose and confirm."""
    with context.acting(who), transaction():
        change_set = change_sets.propose(
            shop.id,
            ChangeSource.FORMULA,
            rule.to_json(),
            {},
            lambda session: change_rules.stage(shop.id, rule, select(Product.id).where(Product.shop_id == shop.id)),
            floor=rule.floor,
        )
        change_sets.confirm(change_set)
    return change_set


def carry_out(change_set):
    with transaction():
        return change_sets.carry_out(change_set)


def approve(change_set, who=MINA):
    with context.acting(who), transaction():
        change_approvals.approve(change_set, change_set.content_hash)


def set_limits(shop_id, limits):
    with transaction():
        change_limits.set_limits(shop_id, limits)


def prices(skus):
    db.session.expire_all()
    return [db.session.get(Sku, sku.id).price_minor for sku in skus]


def edit(sku, **values):
    with context.acting(MINA), transaction():
        row = db.session.get(Sku, sku.id)
        for name, value in values.items():
            setattr(row, name, value)


def test_a10_a_deep_cut_waits_for_another_person_and_spares_the_row_whose_base_moved(shop) -> None:
    skus = [make.sku(shop, price_minor=1000) for _ in range(12)]

    change_set = ask(shop, percent(-350))
    assert change_set.state is ChangeState.PENDING
    assert change_set.guards["deep_cut"] == 12
    assert change_set.guards["worst_cut_ppm"] == 350_000
    assert prices(skus) == [1000] * 12

    with pytest.raises(Forbidden, match="own_approval"):
        approve(change_set, WEI)
    assert change_set.state is ChangeState.PENDING
    edit(skus[4], price_minor=1100)
    approve(change_set)
    counts = carry_out(change_set)

    assert counts == {"changed": 11, "unchanged": 0, "refused": 0, "kept": 0, "stale": 1}
    assert prices(skus) == [650] * 4 + [1100] + [650] * 7
    left = db.session.scalars(select(ChangeLine).where(ChangeLine.outcome == "stale")).one()
    assert (left.row_id, left.reason) == (skus[4].id, "base_changed")
    assert (change_set.requested_by, change_set.decided_by) == ("staff:901", "staff:902")


@pytest.mark.parametrize(
    ("tenths", "state"), [(-299, ChangeState.QUEUED), (-300, ChangeState.PENDING), (-301, ChangeState.PENDING)]
)
def test_the_limit_itself_waits_and_a_hair_less_passes(shop, tenths, state) -> None:
    make.sku(shop, price_minor=100_000)

    assert ask(shop, percent(tenths)).state is state


def test_two_cuts_of_twenty_percent_in_a_day_are_one_of_thirty_six(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    first = ask(shop, percent(-200))
    carry_out(first)

    second = ask(shop, percent(-200))

    assert first.state is ChangeState.APPLIED
    assert second.state is ChangeState.PENDING
    assert second.guards["worst_cut_ppm"] == 360_000
    assert prices([sku]) == [800]


def test_a_cut_of_the_day_before_does_not_count(shop) -> None:
    make.sku(shop, price_minor=1000)
    carry_out(ask(shop, percent(-200)))
    db.session.execute(text("update field_change set at = at - interval '24 hours 1 second'"))

    assert ask(shop, percent(-200)).state is ChangeState.QUEUED


def test_a_price_below_cost_waits_even_for_a_small_cut(shop) -> None:
    make.sku(shop, price_minor=1000, cost_minor=950)
    make.sku(shop, price_minor=1000, cost_minor=900)

    change_set = ask(shop, percent(-100))

    assert change_set.state is ChangeState.PENDING
    assert {key: change_set.guards.get(key) for key in ("deep_cut", "below_cost", "many_rows")} == {
        "deep_cut": None,
        "below_cost": 1,
        "many_rows": None,
    }


def test_a_price_that_rises_towards_its_cost_passes(shop) -> None:
    make.sku(shop, price_minor=500, cost_minor=950)

    assert ask(shop, percent(100)).state is ChangeState.QUEUED


def test_more_rows_than_the_limit_wait(shop) -> None:
    set_limits(shop.id, Limits(most_rows=2))
    for _ in range(3):
        make.sku(shop)

    change_set = ask(shop, Formula("stock_on_hand", (SetTo(7),)))

    assert change_set.state is ChangeState.PENDING
    assert change_set.guards["many_rows"] == 3


def test_each_shop_sets_its_own_limits(shop) -> None:
    make.sku(shop, price_minor=1000, cost_minor=950)
    set_limits(shop.id, Limits(cut_ppm=500_000, most_rows=5, below_cost=False))

    assert ask(shop, percent(-499)).state is ChangeState.QUEUED
    assert ask(shop, percent(-500)).state is ChangeState.PENDING
    for bad in (Limits(cut_ppm=0), Limits(cut_ppm=1_000_001), Limits(most_rows=0)):
        with pytest.raises(RuleViolation, match="bad_limits"):
            set_limits(shop.id, bad)


def test_limits_that_changed_since_the_preview_ask_for_a_new_one(shop) -> None:
    make.sku(shop, price_minor=1000)
    rule = percent(-200)
    with transaction():
        draft = change_sets.propose(
            shop.id,
            ChangeSource.FORMULA,
            rule.to_json(),
            {},
            lambda session: change_rules.stage(shop.id, rule, select(Product.id)),
        )
    set_limits(shop.id, Limits(cut_ppm=100_000))

    with pytest.raises(Conflict, match="limits_changed"):
        change_sets.confirm(draft)
    assert draft.state is ChangeState.DRAFT


def test_an_approval_holds_only_for_what_was_seen(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    change_set = ask(shop, percent(-500))

    with context.acting(MINA), pytest.raises(Conflict, match="approval_void"):
        change_approvals.approve(change_set, "0" * 64)
    assert change_set.state is ChangeState.PENDING
    approve(change_set)
    with pytest.raises(Conflict, match="not_pending"):
        approve(change_set)
    carry_out(change_set)
    assert prices([sku]) == [500]


def test_what_was_turned_down_is_never_written(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    change_set = ask(shop, percent(-500))
    with context.acting(MINA), transaction():
        change_approvals.reject(change_set, "  too deep ")

    carry_out(change_set)

    assert change_set.state is ChangeState.REJECTED
    assert change_set.decision_note == "too deep"
    assert prices([sku]) == [1000]


def test_an_undo_of_today_waits_for_nobody_and_one_of_last_week_does(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    raised = ask(shop, percent(1000))
    carry_out(raised)
    with transaction():
        undoing = change_undos.undo(raised)
    assert undoing.state is ChangeState.APPLIED
    assert prices([sku]) == [1000]

    again = ask(shop, percent(1000))
    carry_out(again)
    again.applied_at = clock.now() - timedelta(days=7)
    with transaction():
        undoing = change_undos.undo(again)
    assert undoing.state is ChangeState.PENDING
    assert prices([sku]) == [2000]
    with context.acting(MINA), transaction():
        change_approvals.reject(undoing)
    assert again.state is ChangeState.APPLIED


def test_the_operator_of_the_server_needs_nobody(shop) -> None:
    sku = make.sku(shop, price_minor=1000)

    change_set = ask(shop, percent(-900), Actor("cli", "import"))

    assert change_set.state is ChangeState.QUEUED
    carry_out(change_set)
    assert prices([sku]) == [100]


def test_a_draft_writes_nothing_and_goes_after_a_day(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    rule = percent(-100)
    with transaction():
        draft = change_sets.propose(
            shop.id, ChangeSource.GRID, {}, {}, lambda s: change_rules.stage(shop.id, rule, select(Product.id))
        )
    assert (draft.state, draft.counts["changed"], prices([sku])) == (ChangeState.DRAFT, 1, [1000])
    assert db.session.scalars(select(FieldChange)).all() == []

    with transaction():
        assert change_approvals.prune_drafts() == 0
        draft.created_at -= timedelta(hours=24, seconds=1)
        db.session.flush()
        assert change_approvals.prune_drafts() == 1
    assert db.session.scalars(select(ChangeSet)).all() == []


def test_the_history_names_the_set(shop) -> None:
    make.sku(shop, price_minor=1000)
    change_set = ask(shop, percent(-100))
    carry_out(change_set)
    with transaction():
        undoing = change_undos.undo(change_set)
    edit(db.session.scalars(select(Sku)).one(), price_minor=5)

    named = db.session.scalars(select(FieldChange.change_set_id).order_by(FieldChange.id)).all()
    assert named == [change_set.id, undoing.id, None]


def test_a_price_over_cost_is_stale_when_the_cost_has_moved(shop) -> None:
    moved, still = (make.sku(shop, price_minor=1000, cost_minor=500) for _ in range(2))
    change_set = ask(shop, Formula("price_minor", (OverCost(900_000),)))
    edit(moved, cost_minor=600, stock_on_hand=1)
    edit(still, stock_on_hand=1)

    counts = carry_out(change_set)

    assert (counts["changed"], counts["stale"]) == (1, 1)
    assert prices([moved, still]) == [1000, 950]
