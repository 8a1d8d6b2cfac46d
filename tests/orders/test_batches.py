"""Bulk acts: a result for each row, one faulty row spoils no other, asked twice is once, stopped and resumed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask_babel import force_locale
from sqlalchemy import func, select

from app.console.roles import Role
from app.kit import context
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.kit.journal import JournalEntry
from app.orders import batch_acts, batch_work, batches
from app.orders.batch_models import Batch, BatchRow, BatchState, Outcome
from app.orders.models import CloseCause, Order, OrderStatus
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    with context.every_shop("test"):
        yield make.shop()


@pytest.fixture
def agent(shop, sign_in):
    return sign_in(make.staff(Role.AGENT, shop, name="agnes"))


def rows_of(*orders) -> list[batches.Row]:
    return [batches.Row(order.id, order.number) for order in orders]


def told(batch_id: int) -> list[tuple[str, Outcome | None, str, str]]:
    db.session.expire_all()
    found = db.session.scalars(select(BatchRow).where(BatchRow.batch_id == batch_id).order_by(BatchRow.position))
    return [(row.label, row.outcome, row.from_state, row.code) for row in found]


def fresh(order) -> Order:
    db.session.expire_all()
    return db.session.get(Order, order.id)


def propose(shop, name, orders, **facts) -> int:
    with context.every_shop("test"), transaction():
        return batches.propose(shop.id, name, rows_of(*orders), facts).id


def test_each_row_gets_its_result_and_only_refused_ones_a_reason(shop, run_jobs) -> None:
    waiting = make.order(shop, number="SO-1", status=OrderStatus.PENDING_PAYMENT)
    paid = make.order(shop, number="SO-4")
    finished = make.order(shop, number="SO-2", status=OrderStatus.COMPLETED)
    closed = make.order(shop, number="SO-3", status=OrderStatus.CLOSED)

    batch_id = propose(shop, "cancel", [waiting, finished, closed, paid], cause="out_of_stock")
    assert run_jobs() == ["done"]

    assert told(batch_id) == [
        ("SO-1", Outcome.DONE, "pending_payment", ""),
        ("SO-2", Outcome.REFUSED, "completed", "order_move"),
        ("SO-3", Outcome.UNCHANGED, "closed", ""),
        ("SO-4", Outcome.REFUSED, "pending_shipment", "cancel_paid"),
    ]
    batch = batches.get(batch_id)
    assert (batch.state, batch.done, batch.unchanged, batch.refused) == (BatchState.PARTLY, 1, 1, 2)
    refused, _ = batches.rows(batch_id, "refused")
    with force_locale("en"):
        reason = batches.reason(refused)
    assert reason == (
        "Order SO-2 is “Order completed” and cannot become “Order closed”: "
        "it is finished; money goes back by a credit note."
    )
    assert fresh(waiting).close_cause is CloseCause.OUT_OF_STOCK
    assert fresh(finished).status is OrderStatus.COMPLETED


def test_a_batch_whose_every_row_is_refused_has_failed_and_one_without_refusals_is_done(shop, run_jobs) -> None:
    order = make.order(shop, status=OrderStatus.COMPLETED)
    refused, done = (
        propose(shop, "cancel", [order], cause="staff"),
        propose(shop, "tag", [order], tags=["gift"]),
    )
    run_jobs()

    assert (batches.get(refused).state, batches.get(done).state) == (BatchState.FAILED, BatchState.DONE)


def test_tags_flags_and_notes_are_set_taken_away_and_left_alone(shop, run_jobs) -> None:
    first, second = make.order(shop, tags=["gift", "VIP"]), make.order(shop, staff_note="x" * 495)
    ids = [
        propose(shop, "untag", [first, second], tags=["gift"]),
        propose(shop, "flag", [first, second], flag="red", flag_text="call"),
        propose(shop, "note", [first, second], note="fragile"),
        propose(shop, "flag", [first], flag="", flag_text=""),
    ]
    run_jobs()

    outcomes = [[row[1] for row in told(batch_id)] for batch_id in ids]
    assert outcomes == [["done", "unchanged"], ["done", "done"], ["done", "refused"], ["done"]]
    first, second = fresh(first), fresh(second)
    assert (first.tags, first.flag, first.flag_text, first.staff_note) == (["VIP"], "", "", "fragile")
    assert (second.flag, second.flag_text, second.staff_note) == ("red", "call", "x" * 495)
    assert [row.facts for row in batches.rows(ids[2], "refused")] == [{"limit": 500}]


def test_a_fault_in_one_row_is_told_and_spoils_no_other(shop, run_jobs, monkeypatch) -> None:
    good, bad = make.order(shop), make.order(shop)

    def act(order_id, given, facts):
        batch_acts.tag(order_id, given, {"tags": ["seen"]})
        if order_id == bad.id:
            raise ZeroDivisionError
        return True

    monkeypatch.setitem(batches.acts, "test", batches.Act("test", "Test", act, batch_acts.ORDER))
    batch_id = propose(shop, "test", [bad, good])
    run_jobs()

    assert [row[1::2] for row in told(batch_id)] == [(Outcome.REFUSED, "batch_row_fault"), (Outcome.DONE, "")]
    assert (fresh(bad).tags, fresh(good).tags) == ([], ["seen"])


def test_a_chunk_that_fails_as_a_whole_is_tried_row_by_row(shop, run_jobs, monkeypatch) -> None:
    orders = [make.order(shop) for _ in range(3)]

    def act(rows, facts):
        for row in rows:
            batch_acts.tag(row.subject_id, {}, {"tags": ["sent"]})
            if row.subject_id == orders[1].id:
                raise RuleViolation("flag_unknown")
        return [batches.DONE for _ in rows]

    monkeypatch.setitem(batches.acts, "test", batches.Act("test", "Test", act, batch_acts.ORDER, in_chunks=True))
    batch_id = propose(shop, "test", orders)
    run_jobs()

    assert [row[1] for row in told(batch_id)] == [Outcome.DONE, Outcome.REFUSED, Outcome.DONE]
    assert [fresh(order).tags for order in orders] == [["sent"], [], ["sent"]]


def test_the_same_key_makes_one_batch(shop, run_jobs) -> None:
    order = make.order(shop)
    with transaction():
        made = {batches.propose(shop.id, "tag", rows_of(order), {"tags": ["a"]}, key="k1").id for _ in range(3)}
    run_jobs()

    assert len(made) == 1
    assert len(db.session.scalars(select(Batch)).all()) == 1


def test_nothing_selected_and_too_many_leave_no_batch(shop, monkeypatch) -> None:
    order = make.order(shop)
    monkeypatch.setattr(batches, "LIMIT", 0)
    for rows, code in (([], "nothing_selected"), ([order], "batch_too_large")):
        with pytest.raises(RuleViolation) as refused, transaction():
            batches.propose(shop.id, "tag", rows_of(*rows), {"tags": ["a"]})
        assert refused.value.code == code
    assert db.session.scalars(select(Batch)).all() == []


def test_a_stopped_batch_keeps_what_is_done_and_goes_on_when_asked(shop, run_jobs, monkeypatch) -> None:
    monkeypatch.setattr(batch_work, "CHUNK", 2)
    orders = [make.order(shop) for _ in range(5)]
    batch_id = propose(shop, "tag", orders, tags=["a"])
    with transaction():
        batch_work.step(batch_id)
    with transaction():
        batches.cancel(batch_id)
    run_jobs()

    assert (batches.get(batch_id).state, [fresh(order).tags for order in orders].count(["a"])) == (
        BatchState.CANCELLED,
        2,
    )
    with transaction():
        batches.resume(batch_id)
    run_jobs()
    db.session.expire_all()
    assert (batches.get(batch_id).state, batches.get(batch_id).done) == (BatchState.DONE, 5)
    marked = select(func.count()).where(JournalEntry.event == "OrderMarked")
    assert db.session.scalar(marked) == 5


def test_the_refused_ones_are_tried_again_as_a_new_batch(shop, run_jobs) -> None:
    full, other = make.order(shop, staff_note="x" * 500), make.order(shop)
    batch_id = propose(shop, "note", [full, other], note="fragile")
    run_jobs()
    with transaction():
        full = fresh(full)
        full.staff_note = ""
        fresh_id = batches.again(batch_id).id
    run_jobs()

    assert told(fresh_id) == [(full.number, Outcome.DONE, "pending_shipment", "")]
    assert (fresh(full).staff_note, fresh(other).staff_note) == ("fragile", "fragile")
    assert batches.get(fresh_id).again_of_id == batch_id


def test_all_that_match_are_worked_through_page_by_page_on_the_batch_page(shop, agent, run_jobs, monkeypatch) -> None:
    monkeypatch.setattr("app.orders.console.batches.PAGE", 10)
    for number in range(1, 13):
        make.order(shop, number=f"SO-{number:03}", placed_at=datetime(2026, 11, 1, tzinfo=UTC))
    make.order(shop, number="SO-999", status=OrderStatus.SHIPPED)
    form = {"selection": "matching", "query": "?tab=pending_shipment"}

    asked = agent.post("/orders/tag", data=form, follow_redirects=True)
    made = agent.post("/orders/tag", data={**form, "tags": "gift, VIP", "key": "one"})
    twice = agent.post("/orders/tag", data={**form, "tags": "gift, VIP", "key": "one"})
    assert "12 orders are chosen" in asked.text
    assert made.location == twice.location
    run_jobs()

    page = agent.get(made.location).text
    assert "12 of 12 tried" in page
    assert ("SO-010<" in page, "SO-011<" in page, "SO-999" in page) == (True, False, False)
    assert "SO-011<" in agent.get(f"{made.location}?after=10").text
    assert "No row with this result" in agent.get(f"{made.location}?outcome=refused").text
    workbook = agent.get(f"{made.location}/file?outcome=done")
    assert (workbook.status_code, workbook.data[:2]) == (200, b"PK")
    assert "Add tags #" in agent.get("/batches/").text


def test_an_auditor_looks_but_does_not_stop_resume_or_repeat(shop, sign_in) -> None:
    batch_id = propose(shop, "tag", [make.order(shop)], tags=["a"])
    auditor = sign_in(make.staff(Role.AUDITOR, shop))

    assert auditor.get(f"/batches/{batch_id}").status_code == 200
    for deed in ("cancel", "resume", "again"):
        assert auditor.post(f"/batches/{batch_id}/{deed}").status_code == 403
    with context.every_shop("test"):
        assert batches.get(batch_id).state is BatchState.QUEUED


def test_a_batch_of_another_shop_does_not_exist(shop, agent) -> None:
    theirs = make.shop()
    batch_id = propose(theirs, "tag", [make.order(theirs)], tags=["a"])

    for address in (f"/batches/{batch_id}", f"/batches/{batch_id}/file"):
        assert agent.get(address).status_code == 404
    for deed in ("cancel", "resume", "again"):
        assert agent.post(f"/batches/{batch_id}/{deed}").status_code == 404
    with context.every_shop("test"):
        assert batches.get(batch_id).state is BatchState.QUEUED
