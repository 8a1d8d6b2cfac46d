"""Sending an order from its page: who may, what comes back at which field, what the pages show."""

import pytest
from sqlalchemy import func, select

from app.console.roles import Role
from app.fulfilment import parcels
from app.fulfilment.models import Parcel, ParcelEvent, ParcelState, ShippingBlock
from app.fulfilment.wanted import Sending
from app.kit.db import db, transaction
from app.orders.models import FulfilmentState, OrderStatus
from tests import factories as make
from tests.fulfilment.conftest import InShop, lines_of

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def packer(shop, sign_in):
    """Somebody who packs parcels and may not change orders."""
    return InShop(sign_in(make.staff(Role.MERCHANT, shop)), shop)


def _form(order, **values):
    units = {f"units-{line.id}": str(line.quantity) for line in lines_of(order)}
    return {"carrier": "zto", "tracking_no": "753123456789011", "key": "k1", **units, **values}


def test_the_form_sends_all_that_is_left(ready, packer) -> None:
    order = ready(("CUP", 2))

    page = packer.get(f"/orders/{order.id}/ship").get_data(as_text=True)
    answer = packer.post(f"/orders/{order.id}/ship", data=_form(order), follow_redirects=True)

    assert 'value="2"' in page
    assert "753123456789011" in answer.get_data(as_text=True)
    assert order.status is OrderStatus.SHIPPED
    assert packer.post(f"/orders/{order.id}/ship", data=_form(order)).status_code == 302  # a double click
    assert db.session.scalar(select(func.count()).select_from(Parcel)) == 1


def test_a_refused_parcel_comes_back_with_the_reason_and_what_was_typed(ready, packer) -> None:
    order = ready(("CUP", 2))

    answer = packer.post(f"/orders/{order.id}/ship", data=_form(order, tracking_no="SF1234567890123"))

    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "SF1234567890123” is no number of ZTO Express" in page
    assert 'value="SF1234567890123"' in page
    assert order.status is OrderStatus.PENDING_SHIPMENT


def test_part_of_an_order_can_leave_and_the_page_says_what_is_left(ready, packer) -> None:
    order = ready(("CUP", 3))
    (line,) = lines_of(order)

    page = packer.post(
        f"/orders/{order.id}/ship", data=_form(order, **{f"units-{line.id}": "2"}), follow_redirects=True
    ).get_data(as_text=True)

    assert "1 unit left to send" in page
    assert "Ship the rest" in page
    assert order.fulfilment_state is FulfilmentState.PARTLY_FULFILLED


def test_one_thing_on_two_lines_is_counted_together_in_its_parcel(ready, packer) -> None:
    order = ready(("CUP", 2), ("CUP", 1))
    packer.post(f"/orders/{order.id}/ship", data=_form(order))
    parcel = db.session.scalars(select(Parcel)).one()

    of_order, of_parcel = (
        packer.get(address).get_data(as_text=True) for address in (f"/orders/{order.id}", f"/parcels/{parcel.id}")
    )

    assert "CUP × 3" in of_order
    assert '<td class="text-end k-number">3</td>' in of_parcel


def test_send_and_next_opens_the_order_that_is_due_next(ready, packer) -> None:
    first, second = ready(), ready()
    first.due_at = second.due_at = first.placed_at
    db.session.flush()

    answer = packer.post(f"/orders/{first.id}/ship", data=_form(first, then="next"))

    assert answer.headers["Location"] == f"/orders/{second.id}/ship"


def test_a_taken_number_binds_the_order_until_it_is_given_up(ready, packer) -> None:
    order = ready()
    packer.post(f"/orders/{order.id}/label", data={"carrier": "sf", "tracking_no": "SF1234567890123"})
    parcel = db.session.scalars(select(Parcel)).one()

    other = packer.post(f"/orders/{order.id}/ship", data=_form(order))
    assert (other.status_code, parcel.state) == (422, ParcelState.CREATED)
    packer.post(f"/parcels/{parcel.id}/cancel", data={"order": str(order.id)})
    assert parcel.state is ParcelState.CANCELLED
    packer.post(f"/orders/{order.id}/ship", data=_form(order))

    assert order.status is OrderStatus.SHIPPED


def test_serial_numbers_are_asked_for_where_the_product_says_so(ready, packer) -> None:
    order = ready(("PHONE", 2))
    (line,) = lines_of(order)
    packer.post(f"/parcels/serials/{ready.skus['PHONE'].product_id}", data={"wanted": "1"})

    assert "Serial or IMEI numbers" in packer.get(f"/orders/{order.id}/ship").get_data(as_text=True)
    refused = packer.post(f"/orders/{order.id}/ship", data=_form(order, **{f"serials-{line.id}": "356938035643809"}))
    assert "2 are needed, 1 are given" in refused.get_data(as_text=True)
    sent = _form(order, **{f"serials-{line.id}": "356938035643809\n356938035643817"})
    assert packer.post(f"/orders/{order.id}/ship", data=sent).status_code == 302
    again = ready(("PHONE", 1))
    twice = _form(
        again, tracking_no="753123456789022", key="k2", **{f"serials-{lines_of(again)[0].id}": "356938035643809"}
    )
    assert "356938035643809 has left already" in packer.post(f"/orders/{again.id}/ship", data=twice).get_data(
        as_text=True
    )


def test_the_parcel_page_tells_its_way_and_takes_a_correction(ready, packer) -> None:
    order = ready()
    with transaction():
        parcel = parcels.send(order.id, Sending("zto", "753123456789011"))

    packer.post(f"/parcels/{parcel.id}/note", data={"kind": "problem", "note": "地址不详"})
    packer.post(f"/parcels/{parcel.id}/correct", data={"carrier": "sf", "tracking_no": "SF1234567890123"})
    page = packer.get(f"/parcels/{parcel.id}").get_data(as_text=True)

    assert "地址不详" in page
    assert "Carrier or number corrected" in page
    told = packer.get(f"/orders/{order.id}").get_data(as_text=True)
    assert "ZTO Express 753123456789011 → SF Express SF1234567890123" in told


def test_the_list_finds_parcels_by_number_order_and_silence(ready, packer) -> None:
    order = ready()
    with transaction():
        parcels.send(order.id, Sending("zto", "753123456789011"))

    for query in ("q=7531", f"q={order.number}", "tab=sent", "f_carrier=zto"):
        assert "753123456789011" in packer.get(f"/parcels/?{query}").get_data(as_text=True), query
    for query in ("q=9999", "tab=signed", "f_carrier=sf", "f_still=3"):
        assert "753123456789011" not in packer.get(f"/parcels/?{query}").get_data(as_text=True), query
    assert "753123456789011" in packer.get("/search/?q=7531234").get_data(as_text=True)


WRITES = (
    ("/orders/{order}/ship", {"carrier": "own"}),
    ("/orders/{order}/label", {"carrier": "sf", "tracking_no": "SF1234567890123"}),
    ("/orders/{order}/append", {"carrier": "sf", "tracking_no": "SF1234567890123"}),
    ("/orders/{order}/hold", {"reason": "risk"}),
    ("/orders/{order}/release", {}),
    ("/parcels/{parcel}/correct", {"carrier": "sf", "tracking_no": "SF1234567890123"}),
    ("/parcels/{parcel}/note", {"kind": "problem"}),
    ("/parcels/{parcel}/signed", {}),
    ("/parcels/{parcel}/returned", {}),
    ("/parcels/{parcel}/cancel", {}),
)


@pytest.mark.parametrize(("url", "data"), WRITES)
def test_nobody_without_the_right_or_the_shop_touches_a_parcel(app, ready, shop, sign_in, url, data) -> None:
    order, sent = ready(), ready()
    with transaction():
        parcel = parcels.send(sent.id, Sending("zto", "753123456789011"))
    path = url.format(order=order.id, parcel=parcel.id)
    before = (db.session.scalar(select(func.count()).select_from(ParcelEvent)), parcel.version, order.version)

    strangers = {
        "anonymous": (app.test_client(), 302),
        "reader": (sign_in(make.staff(Role.AUDITOR, shop)), 403),
        "other shop": (sign_in(make.staff(Role.MANAGER, make.shop())), 404),
    }
    for who, (client, expected) in strangers.items():
        assert InShop(client, shop).post(path, data=data).status_code == expected, who
    db.session.expire_all()

    after = (db.session.scalar(select(func.count()).select_from(ParcelEvent)), parcel.version, order.version)
    assert after == before
    assert db.session.scalar(select(func.count()).select_from(ShippingBlock)) == 0
    assert db.session.scalar(select(func.count()).select_from(Parcel)) == 1
