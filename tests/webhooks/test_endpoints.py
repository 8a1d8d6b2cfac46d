"""Endpoints and deliveries in the console: made, refused, paused, tested, sent again, deleted, behind the wall."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.console.roles import Role
from app.kit import clock, context, journal
from app.kit.db import db, transaction
from app.order_events import OrderMoved
from app.webhooks import endpoints, replaying
from app.webhooks.models import DeliveryState, PauseCause
from app.webhooks.replaying import Span
from tests import factories as make
from tests.webhooks.conftest import deliveries, endpoint, happen, known, send, verify

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
FORM = {"name": "ERP", "url": "https://erp.example.com/hook", "events": ["OrderPaid", "OrderMoved"]}


@pytest.fixture
def shop() -> Any:
    return make.shop("tea")


@pytest.fixture
def lina(shop, sign_in) -> Any:
    return sign_in(make.staff(Role.MANAGER, shop))


def refused(response: Any) -> str:
    found = re.search(r'role="alert">([^<]+)<', response.get_data(as_text=True))
    return found[1] if found else ""


def test_an_endpoint_is_made_and_its_secret_shown_once_and_kept_sealed(shop, lina) -> None:
    page = lina.post("/webhooks/add", data=FORM).get_data(as_text=True)

    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page)[0]
    with context.every_shop("test"):
        row = endpoints.of_shop(shop.id)[0]
        assert endpoints.secrets(row) == [secret]
    assert (row.name, row.url, row.events) == ("ERP", FORM["url"], ["OrderMoved", "OrderPaid"])
    assert secret not in row.sealed_secret + lina.get(f"/webhooks/{row.id}").get_data(as_text=True)
    stored = db.session.execute(text("select * from webhook_endpoint")).one()
    assert secret.removeprefix("whsec_") not in str(stored)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://erp.example.com/", "https://"),
        ("ftp://erp.example.com/", "no address"),
        ("https://user:pw@erp.example.com/", "no address"),
        ("https://127.0.0.1/", "private network"),
        ("https://[::1]/", "private network"),
        ("https://169.254.169.254/latest/meta-data", "private network"),
        ("https://10.1.2.3/", "private network"),
        ("https://2130706433/", "private network"),
        ("https://erp.example.com:22/", "no address"),
        ("nonsense", "no address"),
    ],
)
def test_an_address_that_must_not_be_sent_to_is_refused(shop, lina, url: str, told: str) -> None:
    response = lina.post("/webhooks/add", data={**FORM, "url": url})

    assert (response.status_code, told in refused(response)) == (422, True), refused(response)
    with context.every_shop("test"):
        assert endpoints.of_shop(shop.id) == []


def test_a_form_without_name_or_events_comes_back(shop, lina) -> None:
    assert lina.post("/webhooks/add", data={**FORM, "name": " "}).status_code == 422
    assert lina.post("/webhooks/add", data={**FORM, "events": []}).status_code == 422
    assert lina.post("/webhooks/add", data={**FORM, "events": ["PersonalDataRead"]}).status_code == 422
    with context.every_shop("test"):
        assert endpoints.of_shop(shop.id) == []


def test_saving_from_an_old_form_is_refused_and_changes_nothing(shop, lina) -> None:
    row_id, _ = endpoint(shop, FORM["url"])
    first = lina.post(f"/webhooks/{row_id}/edit", data={**FORM, "name": "New", "version": "1"})
    second = lina.post(f"/webhooks/{row_id}/edit", data={**FORM, "name": "Late", "version": "1"})

    assert (first.status_code, second.status_code) == (302, 422)
    assert "after you opened it" in refused(second)
    assert known(row_id).name == "New"


def test_pausing_writes_nothing_down_and_the_span_of_the_pause_is_sent_on_request(shop, lina, receive) -> None:
    erp = receive()
    row_id, _ = endpoint(shop, erp.url)
    moment = clock.now()
    lina.post(f"/webhooks/{row_id}/switch", data={"to": "off"})
    missed = [happen(shop, order) for order in (1, 2)]
    assert (known(row_id).pause_cause, deliveries()) == (PauseCause.STAFF, [])
    with pytest.raises(Exception, match="webhook_paused"), context.every_shop("test"), transaction():
        replaying.span(row_id, Span(moment, moment + timedelta(days=1)))

    lina.post(f"/webhooks/{row_id}/switch", data={"to": "on"})
    day = clock.day_of(moment, "Asia/Shanghai").isoformat()
    for _ in range(2):
        lina.post(f"/webhooks/{row_id}/replay", data={"first": day, "last": day, "which": "all"})
    send()

    assert sorted(erp.ids) == [f"evt_{one}" for one in missed], "the second request found them on their way"


def test_one_delivery_is_sent_again_under_its_id(shop, lina, receive) -> None:
    erp = receive()
    _, secret = endpoint(shop, erp.url)
    happen(shop)
    send()
    delivery = deliveries()[0].id
    assert lina.post(f"/webhooks/deliveries/{delivery}/replay").status_code == 302
    send()

    assert len(erp.got) == 2
    assert erp.ids[0] == erp.ids[1]
    assert verify(*erp.got[1], secret)["id"] == erp.ids[0]
    page = lina.get(f"/webhooks/deliveries/{delivery}").get_data(as_text=True)
    assert page.count("HTTP 200") == 3
    assert "&#34;type&#34;: &#34;order.moved&#34;" in page


def test_a_span_can_be_limited_to_what_was_given_up(shop, receive) -> None:
    erp = receive()
    row_id, _ = endpoint(shop, erp.url)
    for order in range(3):
        happen(shop, order)
    send()
    db.session.execute(text("update webhook_delivery set state = 'given_up' where subject_id = 1"))
    moment = clock.now()
    with context.every_shop("test"), transaction():
        wanted = Span(moment - timedelta(hours=1), moment + timedelta(hours=1), failed_only=True)
        assert replaying.span(row_id, wanted) == 1
        with pytest.raises(Exception, match="webhook_span_bad"):
            replaying.span(row_id, Span(moment, moment))
    send()

    assert len(erp.got) == 4


def test_a_test_event_says_that_it_is_one(shop, lina, receive) -> None:
    erp = receive()
    row_id, secret = endpoint(shop, erp.url)
    response = lina.post(f"/webhooks/{row_id}/test")
    send()

    told = verify(*erp.got[0], secret)
    assert (told["type"], told["subject"], told["facts"]) == ("webhook.test", {"type": "webhook", "id": row_id}, {})
    assert "HTTP 200" in lina.get(response.location).get_data(as_text=True)
    assert deliveries()[0].state is DeliveryState.DELIVERED


def test_deleting_takes_the_deliveries_with_it_and_leaves_a_trace(shop, lina, receive) -> None:
    row_id, _ = endpoint(shop, receive().url)
    happen(shop)
    lina.post(f"/webhooks/{row_id}/remove")

    assert deliveries() == []
    with context.every_shop("test"):
        assert journal.timeline("webhook", row_id)[0].event == "WebhookRemoved"


def test_another_shops_manager_sees_and_changes_nothing(shop, sign_in, receive) -> None:
    erp = receive()
    row_id, _ = endpoint(shop, erp.url)
    happen(shop)
    send()
    delivery = deliveries()[0].id
    stranger = sign_in(make.staff(Role.MANAGER, make.shop("silk")))
    before = [(row.state, row.tries) for row in deliveries()]

    for path in (f"/webhooks/{row_id}", f"/webhooks/{row_id}/edit", f"/webhooks/deliveries/{delivery}"):
        assert stranger.get(path).status_code == 404
    for path in ("edit", "rotate", "switch", "test", "replay", "remove"):
        data = {**FORM, "to": "off", "version": "1", "first": "2026-11-23", "last": "2026-11-23"}
        assert stranger.post(f"/webhooks/{row_id}/{path}", data=data).status_code == 404
    assert stranger.post(f"/webhooks/deliveries/{delivery}/replay").status_code == 404
    assert "127.0.0.1" not in stranger.get("/webhooks/").get_data(as_text=True)
    assert [(row.state, row.tries) for row in deliveries()] == before
    assert known(row_id).is_enabled


@pytest.mark.parametrize("role", [Role.MERCHANT, Role.AGENT])
def test_staff_who_do_not_manage_have_no_webhooks(shop, sign_in, role: Role) -> None:
    assert sign_in(make.staff(role, shop)).get("/webhooks/").status_code == 403


def test_an_endpoint_that_stopped_by_itself_stands_on_the_home_page(shop, lina) -> None:
    make.order(shop)
    row_id, _ = endpoint(shop, FORM["url"])
    assert "Webhooks that stopped" not in lina.get("/").get_data(as_text=True)
    with context.every_shop("test"), transaction():
        endpoints.pause(row_id, PauseCause.FAILING)

    assert "Webhooks that stopped" in lina.get("/").get_data(as_text=True)
    assert "Nothing has been sent since" in lina.get(f"/webhooks/{row_id}").get_data(as_text=True)


def test_a_rolled_back_event_is_never_told(shop) -> None:
    endpoint(shop, FORM["url"])
    with pytest.raises(RuntimeError), context.every_shop("test"), transaction():
        journal.record(OrderMoved(shop.id, 7, "a", "b", "c", "d", "e"))
        db.session.flush()
        raise RuntimeError("no")

    assert deliveries() == []
