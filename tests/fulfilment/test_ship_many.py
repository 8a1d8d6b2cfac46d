"""Orders ticked in the list leave from one page: a number each, typed, scanned or pasted, and a result for each."""

import re

import pytest
from sqlalchemy import select

from app.console.roles import Role
from app.fulfilment import parcels
from app.fulfilment.models import Parcel, Source
from app.fulfilment.wanted import Sending
from app.kit import context
from app.kit.db import db, transaction
from app.orders.batch_models import Batch, BatchRow
from app.orders.models import Order, OrderStatus
from tests import factories as make
from tests.fulfilment.conftest import InShop

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def agent(shop, sign_in):
    return InShop(sign_in(make.staff(Role.AGENT, shop)), shop)


def statuses(*orders: Order) -> list[OrderStatus]:
    found = dict(db.session.execute(select(Order.id, Order.status)).all())
    return [found[order.id] for order in orders]


def test_an_agent_ships_those_that_got_a_number_and_the_others_stay(shop, ready, agent, run_jobs) -> None:
    orders = [ready(("CUP", 2)), ready(("POT", 1)), ready(("CUP", 1)), ready(("CUP", 3))]
    ids = [order.id for order in orders]
    first, second, third, fourth = ids

    asked = agent.post("/picking/ship", data={"ids": ids, "selection": "ids"})
    page = agent.get(asked.location).text
    typed = {"carrier": "zto", f"number-{first}": " 7599 0196 7851 844 ", f"number-{second}": "SF1234567890123"}
    typed |= {f"carrier-{second}": "sf", f"number-{third}": "SF999", f"number-{fourth}": "", "key": "k1"}
    made = [agent.post("/picking/ship/send", data={"ids": ids, **typed}) for _ in range(2)]
    with context.every_shop("test"):
        assert run_jobs() == ["done"]

    assert asked.location == f"/picking/ship?shop=alpha&ids={'.'.join(map(str, ids))}"
    assert re.findall(r'name="number-(\d+)"', page) == [str(one) for one in ids]
    assert made[0].location == made[1].location
    with context.every_shop("test"):
        rows = db.session.scalars(select(BatchRow).order_by(BatchRow.position)).all()
        assert [(row.subject_id, row.outcome.value, row.code) for row in rows] == [
            (first, "done", ""),
            (second, "done", ""),
            (third, "refused", "tracking_shape"),
        ]
        sent = db.session.scalars(select(Parcel).order_by(Parcel.carrier_code)).all()
        assert [(one.carrier_code, one.tracking_no, one.source) for one in sent] == [
            ("sf", "SF1234567890123", Source.STAFF),
            ("zto", "759901967851844", Source.STAFF),
        ]
        waits = OrderStatus.PENDING_SHIPMENT
        assert statuses(*orders) == [OrderStatus.SHIPPED, OrderStatus.SHIPPED, waits, waits]


def test_own_delivery_takes_all_of_them_without_a_number(shop, ready, agent, run_jobs) -> None:
    orders = [ready(), ready()]

    agent.post("/picking/ship/send", data={"ids": [one.id for one in orders], "carrier": "own"})
    with context.every_shop("test"):
        assert run_jobs() == ["done"]
        assert statuses(*orders) == [OrderStatus.SHIPPED, OrderStatus.SHIPPED]


def test_without_any_number_the_page_says_so_and_keeps_what_was_chosen(shop, ready, agent) -> None:
    order = ready()

    answer = agent.post("/picking/ship/send", data={"ids": [order.id], "carrier": "jd", f"carrier-{order.id}": "ems"})

    assert (answer.status_code, "Give at least one order its tracking number." in answer.text) == (422, True)
    assert re.findall(r'value="(\w+)" selected', answer.text) == ["jd", "ems"]
    with context.every_shop("test"):
        assert db.session.scalars(select(Batch)).all() == []


def test_more_orders_than_a_page_takes_are_sent_to_the_workbook(shop, ready, sign_in, monkeypatch) -> None:
    monkeypatch.setattr("app.fulfilment.console.many.ON_SCREEN", 1)
    orders = [ready(), ready()]
    ids = ".".join(str(order.id) for order in orders)

    pages = {}
    for role in (Role.MANAGER, Role.AGENT):
        client = InShop(sign_in(make.staff(role, shop)), shop)
        pages[role] = client.get(f"/picking/ship?ids={ids}").text

    assert "Too many to type" in pages[Role.MANAGER]
    assert "/picking/workbook" in pages[Role.MANAGER]
    assert "/picking/workbook" not in pages[Role.AGENT]
    assert 'name="number-' not in pages[Role.MANAGER]


def test_who_may_not_send_and_whose_shop_it_is_not_send_nothing(shop, ready, sign_in) -> None:
    order = ready()
    data = {"ids": [order.id], "carrier": "own"}

    for role, where, status in ((Role.AUDITOR, shop, 403), (Role.AGENT, make.shop("beta"), 403)):
        client = InShop(sign_in(make.staff(role, where)), shop)
        assert client.post("/picking/ship/send", data=data).status_code == status, role
        assert client.get(f"/picking/ship?ids={order.id}").status_code == status, role
    with context.every_shop("test"):
        assert db.session.scalars(select(Batch)).all() == []
        assert statuses(order) == [OrderStatus.PENDING_SHIPMENT]


def test_orders_that_go_together_are_offered_on_one_page_for_one_parcel(shop, ready, agent, run_jobs) -> None:
    customer = make.customer(shop)
    pair = [ready(phone="13900000000", customer=customer) for _ in range(2)]
    first, second = (order.id for order in pair)
    agent.post("/orders/together", data={"ids": [first, second]})

    page = agent.get(f"/orders/{first}/ship").text
    form = agent.get(f"/picking/ship?shop=alpha&ids={first}.{second}").text
    typed = {f"number-{one}": "SF1234567890123" for one in (first, second)}
    agent.post("/picking/ship/send", data={"ids": [first, second], "carrier": "sf", **typed})
    with context.every_shop("test"):
        assert run_jobs() == ["done"]

    assert f"Goes into one parcel with {pair[1].number}: give each of them the same number." in page
    assert f'href="/picking/ship?shop=alpha&amp;ids={first}.{second}"' in page
    groups = re.findall(r'data-group="(\d+)"', form)
    assert (len(groups), len(set(groups))) == (2, 1)
    with context.every_shop("test"):
        (parcel,) = db.session.scalars(select(Parcel)).all()
        assert (parcel.tracking_no, parcel.units) == ("SF1234567890123", 2)
        assert statuses(*pair) == [OrderStatus.SHIPPED, OrderStatus.SHIPPED]


def test_a_number_is_set_right_and_the_old_one_is_told(shop, ready, agent) -> None:
    order = ready()
    with transaction():
        parcel = parcels.send(order.id, Sending("sf", "SF1234567890123"))
    where = f"/parcels/{parcel.id}"

    refused = agent.post(f"{where}/correct", data={"carrier": "sf", "tracking_no": "SF9"})
    agent.post(f"{where}/correct", data={"carrier": "zto", "tracking_no": "759901967851844"})

    assert (refused.status_code, 'value="SF9"' in refused.text) == (422, True)
    assert "SF SF1234567890123 → ZTO 759901967851844" in agent.get(where).text
