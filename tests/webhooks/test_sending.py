"""Messages as they arrive: what is in them, who signed them, and what becomes of refusals, silence and goodbyes."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from app.kit import clock, context, journal
from app.kit.db import db, transaction
from app.order_events import OrderCommented, OrderMarked
from app.webhooks import endpoints, outbox, reading, sending
from app.webhooks.models import DeliveryState, PauseCause
from tests.webhooks.conftest import deliveries, endpoint, happen, known, new_shop, send, verify

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_an_event_arrives_signed_with_ids_and_codes_alone(receive) -> None:
    shop, erp = new_shop("tea"), receive()
    _, secret = endpoint(shop, erp.url)
    with clock.frozen(NOON):
        entry = happen(shop, order_id=7)
        assert send() == 1

    headers, body = erp.got[0]
    assert verify(headers, body, secret, NOON.timestamp() + 299) == {
        "id": f"evt_{entry}",
        "type": "order.moved",
        "created_at": "2026-11-23T12:00:00Z",
        "shop": {"code": "tea", "currency": "CNY"},
        "subject": {"type": "order", "id": 7},
        "facts": {
            "order_id": 7, "from_status": "pending_payment", "to_status": "pending_shipment", "axis": "payment_state",
            "from_state": "unpaid", "to_state": "paid", "cause": "staff",
        },
        "links": {"api": "/api/v1/orders/7"},
    }  # fmt: skip
    assert (headers["Content-Type"], headers["webhook-id"]) == ("application/json", f"evt_{entry}")
    row = deliveries()[0]
    assert (row.state, row.tries, row.last_status) == (DeliveryState.DELIVERED, 1, 200)
    assert send() == 0


def test_a_signature_of_another_secret_body_or_hour_does_not_fit(receive) -> None:
    shop, erp = new_shop(), receive()
    _, secret = endpoint(shop, erp.url)
    _, other = endpoint(shop, erp.url)
    happen(shop)
    send()
    headers, body = next(one for one in erp.got if _fits(one, secret))

    for wrong in (
        lambda: verify(headers, body, other),
        lambda: verify(headers, body.replace(b"paid", b"PAID"), secret),
        lambda: verify({**headers, "webhook-id": "evt_0"}, body, secret),
        lambda: verify(headers, body, secret, time.time() + 301),
    ):
        with pytest.raises(ValueError, match=r"fits|old"):
            wrong()


def _fits(got, secret: str) -> bool:
    try:
        return bool(verify(*got, secret))
    except ValueError:
        return False


def test_while_a_secret_is_changed_messages_are_signed_with_both(receive) -> None:
    shop, erp = new_shop(), receive()
    row_id, old = endpoint(shop, erp.url)
    moment = clock.now()
    with context.every_shop("test"), transaction():
        new = endpoints.rotate(row_id)
    happen(shop)
    send()
    assert verify(*erp.got[0], old) == verify(*erp.got[0], new)

    with clock.frozen(moment + timedelta(hours=25)):
        happen(shop)
        send()
        later = clock.now().timestamp()
    assert verify(*erp.got[1], new, later)["type"] == "order.moved"
    with pytest.raises(ValueError, match="fits"):
        verify(*erp.got[1], old, later)
    row = known(row_id)
    assert old not in row.sealed_secret + str(row.sealed_old_secret)


def test_what_somebody_wrote_freely_is_not_sent(receive) -> None:
    shop, erp = new_shop(), receive()
    endpoint(shop, erp.url, "OrderMarked", "OrderCommented")
    with context.every_shop("test"), transaction():
        journal.record(OrderMarked(shop.id, 7, ["call 13800000000"], "red"))
        journal.record(OrderCommented(shop.id, 7, 3, [1, 2]))
    send()

    assert [one["facts"] for one in erp.told] == [{"order_id": 7, "flag": "red"}, {"order_id": 7, "comment_id": 3}]


def test_only_the_events_and_the_shop_that_were_chosen_are_told(receive) -> None:
    shop, other, erp = new_shop(), new_shop(), receive()
    endpoint(shop, erp.url, "OrderPaid")
    happen(shop)
    endpoint(other, erp.url, "OrderMoved")
    happen(shop)

    assert (send(), deliveries()) == (0, [])


def test_a_refusal_is_tried_again_later_and_later_and_then_given_up(receive) -> None:
    shop, erp = new_shop(), receive()
    erp.answer = lambda number, told: (500, "no\0pe " + "x" * 5000, {})
    row_id, _ = endpoint(shop, erp.url)
    moment = clock.now()
    with clock.frozen(moment):
        happen(shop)
    waits = []
    for _ in range(outbox.MOST_TRIES):
        with clock.frozen(moment):
            assert send() == 1
            assert send() == 0, "not before its time"
        delivery = deliveries()[0]
        waits.append(round((delivery.next_at - moment).total_seconds()))
        moment = delivery.next_at + timedelta(minutes=6)
        with context.every_shop("test"), transaction():
            endpoints.locked(row_id).failing_since = None  # this test is about one delivery, not about its endpoint

    assert all(0.8 * usual - 1 <= took <= 1.2 * usual + 1 for usual, took in zip(outbox.DELAYS, waits, strict=False))
    assert 60 * 3600 < sum(outbox.DELAYS) < 75 * 3600
    with clock.frozen(moment + timedelta(days=9)):
        assert send() == 0
    delivery = deliveries()[0]
    assert (delivery.state, delivery.tries, delivery.last_status) == (DeliveryState.GIVEN_UP, 13, 500)
    with context.every_shop("test"):
        tries = reading.attempts(delivery.id)
    assert (len(tries), tries[0].status, tries[0].response[:6], len(tries[0].response)) == (13, 500, "nope x", 1000)


def test_the_receiver_may_ask_for_more_time(receive) -> None:
    shop, erp = new_shop(), receive()
    erp.answer = lambda number, told: (429, "", {"Retry-After": "900"})
    endpoint(shop, erp.url)
    with clock.frozen(NOON):
        happen(shop)
        send()

    assert deliveries()[0].next_at == NOON + timedelta(seconds=900)
    assert outbox.delay_seconds(1, "99999999") < 10
    assert outbox.delay_seconds(1, "999999") == outbox.LONGEST_WAIT


def test_a_redirect_is_not_followed(receive) -> None:
    shop, erp, elsewhere = new_shop(), receive(), receive()
    erp.answer = lambda number, told: (307, "", {"Location": elsewhere.url})
    endpoint(shop, erp.url)
    happen(shop)
    send()

    assert (deliveries()[0].last_status, elsewhere.got) == (307, [])


def test_one_subject_is_told_in_order_and_a_refused_event_holds_back_its_own_subject_alone(receive) -> None:
    shop, erp = new_shop(), receive()
    erp.answer = lambda number, told: (500 if told["subject"]["id"] == 7 and number < 3 else 200, "", {})
    endpoint(shop, erp.url)
    moment = clock.now()
    with clock.frozen(moment):
        first, second, other = happen(shop, 7, "a"), happen(shop, 7, "b"), happen(shop, 8)
        send()
    with clock.frozen(moment + timedelta(minutes=1)):
        send()
    with clock.frozen(moment + timedelta(minutes=10)):
        send()

    of_seven = [one["facts"]["cause"] for one in erp.told if one["subject"]["id"] == 7]
    assert of_seven[-2:] == ["a", "b"]
    assert set(of_seven[:-1]) == {"a"}, "b waits until a is through"
    assert f"evt_{other}" in erp.ids
    assert erp.ids.index(f"evt_{second}") > max(n for n, one in enumerate(erp.ids) if one == f"evt_{first}")
    assert {row.state for row in deliveries()} == {DeliveryState.DELIVERED}


def test_an_endpoint_that_fails_for_three_days_is_stopped_and_says_so(receive) -> None:
    shop, erp = new_shop(), receive()
    erp.answer = lambda number, told: (503, "", {})
    row_id, _ = endpoint(shop, erp.url)
    moment = clock.now()
    with clock.frozen(moment):
        for order in range(30):
            happen(shop, order)
    for hours in (0, 24, 48, 71):
        with clock.frozen(moment + timedelta(hours=hours)):
            send()
            assert known(row_id).is_enabled
    with clock.frozen(moment + timedelta(hours=72, minutes=1)):
        send()

    stopped = known(row_id)
    assert (stopped.is_enabled, stopped.pause_cause) == (False, PauseCause.FAILING)
    assert len(erp.got) < 30, "a dead receiver is only asked now and then"
    with context.every_shop("test"):
        assert endpoints.stopped(shop.id) == 1
        assert journal.timeline("webhook", row_id)[0].facts["cause"] == "failing"
    happen(shop, 99)
    assert len(deliveries()) == 30, "nothing is written down for an endpoint that is paused"


def test_gone_means_gone(receive) -> None:
    shop, erp = new_shop(), receive()
    erp.answer = lambda number, told: (410, "", {})
    row_id, _ = endpoint(shop, erp.url)
    happen(shop)
    send()

    assert known(row_id).pause_cause is PauseCause.GONE


@pytest.mark.commits
def test_a_dead_receiver_keeps_nobody_waiting(app, receive) -> None:
    dead, well = receive(), receive()
    dead.slow = 3
    with app.app_context():
        shop = new_shop()
        endpoint(shop, dead.url)
        endpoint(shop, well.url)
        for order in range(60):
            happen(shop, order)
        db.session.remove()

    def work() -> None:
        with app.app_context():
            sending.work_off(2)

    worker = threading.Thread(target=work)
    begun = time.monotonic()
    worker.start()
    while len(well.got) < 60 and time.monotonic() - begun < 15:
        time.sleep(0.05)
    took = time.monotonic() - begun
    worker.join()

    assert len(well.got) == 60
    assert took < 3, "all sixty were there before the slow one had answered once"
    assert len(dead.got) == outbox.AT_ONCE


def test_an_address_in_a_private_network_is_never_called(receive, app, monkeypatch) -> None:
    shop, erp = new_shop(), receive()
    endpoint(shop, erp.url)
    happen(shop)
    monkeypatch.setitem(app.config, "KUAIDAN_WEBHOOK_HOSTS", "")
    send()

    assert erp.got == []
    assert deliveries()[0].last_error == "bad_address:private"


def test_silence_is_a_failed_try() -> None:
    shop = new_shop()
    endpoint(shop, "http://nobody.invalid/")
    happen(shop)
    send()

    assert (deliveries()[0].last_error, deliveries()[0].last_status) == ("unreachable:name", None)
