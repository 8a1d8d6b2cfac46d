"""Raw exchanges go after their shop's days, in chunks; what an open matter or difference names stays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.console.roles import Role
from app.kit import clock
from app.kit.db import db, transaction
from app.payments import forgetting, matters, settings
from app.payments.matter_models import BillDifference, DifferenceKind, MatterKind, ReconcileState, Reconciliation
from app.payments.models import Callback, CallbackState, ChannelExchange
from app.payments.providers import BillKind
from app.schedule import TIMETABLE
from tests import factories as make
from tests.payments.conftest import Browser, apart, fresh, started

OLD, YOUNG = timedelta(days=181), timedelta(days=179)


def exchange(account, age: timedelta, payment=None) -> ChannelExchange:
    row = ChannelExchange(
        shop_id=account.shop_id,
        account_id=account.id,
        payment_id=payment.id if payment else None,
        operation="query",
        outcome="paid",
        request="raw",
        at=clock.now() - age,
    )
    db.session.add(row)
    db.session.flush()
    return row


def notice(account, age: timedelta, name: str, payment=None, due: bool = False) -> Callback:
    row = Callback(
        shop_id=account.shop_id,
        account_id=account.id,
        notice_id=name,
        state=CallbackState.DONE,
        payment_id=payment.id if payment else None,
        method="POST",
        headers={"signature": "x"},
        query="a=b",
        body=b"raw",
        received_at=clock.now() - age,
        next_try_at=clock.now() if due else None,
    )
    db.session.add(row)
    db.session.flush()
    return row


def left() -> set[int]:
    return {row.id for row in db.session.query(ChannelExchange)}


def bodies() -> dict[str, bytes]:
    db.session.expire_all()
    return {row.notice_id: row.body for row in db.session.query(Callback)}


def test_old_calls_go_and_old_notices_are_emptied_but_known(account) -> None:
    young = exchange(account, YOUNG)
    exchange(account, OLD)
    empty, whole = notice(account, OLD, "old"), notice(account, YOUNG, "young")

    assert forgetting.forget() == 2

    assert left() == {young.id}
    assert (fresh(empty).body, fresh(empty).headers, fresh(empty).query) == (b"", {}, "")
    assert (fresh(whole).body, fresh(whole).headers) == (b"raw", {"signature": "x"})
    assert forgetting.forget() == 0, "done again it finds nothing"


def test_what_an_open_matter_names_stays_until_it_is_settled(unpaid, account) -> None:
    payment = started(unpaid(), account)
    kept = exchange(account, OLD, payment).id
    notice(account, OLD, "of the payment", payment)
    named = notice(account, OLD, "of the matter")
    about = matters.About(account.shop_id, "x", callback_id=named.id)
    with transaction():
        open_ones = [
            matters.open_matter(matters.About.of_payment(payment), MatterKind.OVERPAID, {}),
            matters.open_matter(about, MatterKind.UNREADABLE, {}),
        ]

    assert forgetting.forget() == 0
    assert (kept in left(), bodies()) == (True, {"of the payment": b"raw", "of the matter": b"raw"})

    with transaction():
        for matter in open_ones:
            matters.resolve(matter.id, "other", "Settled")
    assert forgetting.forget() == 3
    assert (kept in left(), bodies()) == (False, {"of the payment": b"", "of the matter": b""})


def test_what_an_open_difference_names_stays_until_it_is_settled(unpaid, account) -> None:
    payment = started(unpaid(), account)
    kept = exchange(account, OLD, payment).id
    run = Reconciliation(
        shop_id=account.shop_id,
        account_id=account.id,
        day=date(2026, 5, 1),
        state=ReconcileState.DIFFERENT,
        made_at=clock.now(),
    )
    db.session.add(run)
    db.session.flush()
    difference = BillDifference(
        shop_id=account.shop_id,
        reconciliation_id=run.id,
        key="k",
        kind=DifferenceKind.AMOUNT,
        bill_kind=BillKind.PAYMENT,
        number=payment.number,
        currency="CNY",
        payment_id=payment.id,
    )
    db.session.add(difference)
    db.session.flush()

    assert (forgetting.forget(), kept in left()) == (0, True)
    difference.gone_at = clock.now()
    db.session.flush()
    assert (forgetting.forget(), kept in left()) == (1, False)


def test_a_notice_that_is_not_worked_through_stays(account) -> None:
    notice(account, OLD, "waits", due=True)
    assert (forgetting.forget(), bodies()) == (0, {"waits": b"raw"})


def test_each_shop_keeps_its_own_days(shop, account) -> None:
    with transaction():
        settings.save(shop.id, settings.Rules(exchange_days=30))
    exchange(account, timedelta(days=31))
    kept = exchange(account, timedelta(days=29))
    assert (forgetting.forget(), left()) == (1, {kept.id})


def test_no_more_than_a_chunk_goes_at_once(account, monkeypatch) -> None:
    monkeypatch.setattr(forgetting, "CHUNK", 2)
    rows = [exchange(account, OLD + timedelta(days=more)) for more in range(5)]
    assert [forgetting.forget() for _ in range(4)] == [2, 2, 1, 0]
    assert left().isdisjoint({row.id for row in rows})


@pytest.mark.parametrize(("days", "stored"), [("90", 90), ("29", 180), ("3651", 180), ("x", 180)])
def test_the_days_are_a_setting_of_the_shop(shop, sign_in, days, stored) -> None:
    manager = Browser(apart(sign_in, make.staff(Role.MANAGER, shop)))
    form = {"minutes_to_pay": "30", "link_days": "7", "matter_hours": "24", "exchange_days": days}
    manager.post("/payment-settings/", data=form)
    assert settings.of(shop.id).exchange_days == stored


def test_the_ticker_does_it() -> None:
    (entry,) = [one for one in TIMETABLE if one.name == "forget_exchanges"]
    assert (entry.run, entry.seconds) == (forgetting.forget, 60)
