"""The shop wall at the orders' pages: a person of one shop never meets another shop's rows, whatever they ask for."""

import io
import logging

import openpyxl
import pytest
from sqlalchemy import select

from app.console.roles import Role
from app.kit import context
from app.kit.db import db
from app.kit.jobs import Job
from app.kit.journal import JournalEntry
from app.orders.models import Order, OrderStatus
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
SECRETS = ("B-ORDER", "B-BUYER", "Bella", "B-STREET", "B-NOTE")
"""Parts of every number, name and text of the other shop."""


@pytest.fixture
def ours():
    return make.shop("ours")


@pytest.fixture
def theirs():
    return make.shop("theirs")


@pytest.fixture
def mine(ours):
    buyer = make.customer(ours, number="A-BUYER-1", name="Anna")
    return [
        make.order(ours, number=f"A-ORDER-{i}", customer_id=buyer.id, receiver="Anna", country="China")
        for i in range(2)
    ]


@pytest.fixture
def foreign(theirs):
    buyer = make.customer(theirs, number="B-BUYER-1", name="Bella", phone="13800000000")
    return make.order(
        theirs,
        number="B-ORDER-1",
        customer_id=buyer.id,
        receiver="Bella",
        address="B-STREET",
        staff_note="B-NOTE",
        country="Bhutan",
    )


@pytest.fixture
def client(ours, sign_in):
    return sign_in(make.staff(Role.MANAGER, ours))


def state(order: Order) -> tuple:
    with context.every_shop("test"):
        db.session.expire_all()
        row = db.session.get(Order, order.id)
        facts = db.session.scalars(select(JournalEntry.id).where(JournalEntry.subject_id == row.id)).all()
        return row.status, row.receiver, row.address, row.staff_note, row.version, len(facts)


@pytest.mark.parametrize(
    "address",
    [
        "/orders/",
        "/orders/?q=ORDER",
        "/orders/?q=B-BUYER",
        "/orders/?q=Bella",
        "/orders/?f_country=Bhutan",
        "/orders/?f_customer=B-BUYER-1",
        "/orders/?sort=total",
        "/customers/",
        "/customers/?q=BUYER",
        "/customers/?q=Bella",
        "/customers/?q=13800000000",
    ],
)
def test_no_list_or_search_shows_a_foreign_row(client, mine, foreign, address) -> None:
    response = client.get(address)

    assert response.status_code == 200
    found = [secret for secret in SECRETS if secret in response.text.replace(f'"{address}', "")]
    typed = [secret for secret in SECRETS if secret in address]
    assert [secret for secret in found if secret not in typed] == []
    assert f"/orders/{foreign.id}" not in response.text
    assert f"/customers/{foreign.customer_id}" not in response.text


def test_the_counts_are_of_our_shop_alone(client, mine, foreign) -> None:
    assert client.get("/orders/counts").json["total"] == 2
    assert client.get("/orders/counts?q=ORDER").json["total"] == 2
    assert client.get("/orders/counts?q=Bella").json["total"] == 0
    assert client.get("/customers/counts").json["total"] == 1


def test_the_other_shop_cannot_be_switched_to(client, mine, foreign) -> None:
    assert client.get("/orders/?shop=theirs").status_code == 404


def test_a_foreign_detail_does_not_exist(client, foreign) -> None:
    for address in (f"/orders/{foreign.id}", f"/customers/{foreign.customer_id}"):
        response = client.get(address)
        assert response.status_code == 404
        assert [secret for secret in SECRETS if secret in response.text] == []


def test_a_link_between_shops_is_not_followed(client, mine, foreign) -> None:
    with context.every_shop("test"):
        note = db.session.get(Order, mine[0].id)
        note.reverses_id, note.customer_id = foreign.id, foreign.customer_id
        db.session.commit()

    page = client.get(f"/orders/{mine[0].id}").text

    assert [secret for secret in SECRETS if secret in page] == []


def test_a_foreign_order_can_neither_be_edited_nor_moved(client, foreign) -> None:
    before = state(foreign)

    edited = client.post(f"/orders/{foreign.id}/edit", data={"base_receiver": "Bella", "receiver": "Eve"})
    moved = client.post(f"/orders/{foreign.id}/move", data={"step": "close"})

    assert (edited.status_code, moved.status_code) == (404, 404)
    assert state(foreign) == before


@pytest.mark.parametrize(("address", "form"), [("/orders/note", {"note": "hello"}), ("/orders/workbook", {})])
def test_a_bulk_action_with_one_foreign_id_is_refused_whole(client, mine, foreign, caplog, address, form) -> None:
    before = [state(order) for order in (*mine, foreign)]
    ids = [order.id for order in (*mine, foreign)]

    with caplog.at_level(logging.WARNING, "app.security"):
        response = client.post(address, data={"ids": ids, **form})

    assert response.status_code == 403
    assert [state(order) for order in (*mine, foreign)] == before
    assert [record.name for record in caplog.records] == ["app.security"]
    assert caplog.records[0].row_ids == [foreign.id]
    assert [secret for secret in SECRETS if secret in response.text] == []
    with context.every_shop("test"):
        assert db.session.scalars(select(Job)).all() == []


def test_a_note_on_all_matching_stays_in_our_shop(client, mine, foreign, run_jobs) -> None:
    before = state(foreign)

    client.post("/orders/note", data={"selection": "matching", "query": "?q=ORDER", "note": "hello"})
    run_jobs()

    assert state(foreign) == before
    assert [state(order)[3] for order in mine] == ["hello", "hello"]


def test_the_workbook_holds_only_our_orders_and_only_we_can_take_it(
    client, mine, foreign, theirs, sign_in, run_jobs
) -> None:
    stranger = sign_in(make.staff(Role.MANAGER, theirs))
    answer = client.post("/orders/workbook", data={"selection": "matching", "query": ""})
    assert run_jobs() == ["done"]

    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{answer.location}/file").data))
    cells = [str(cell) for row in book.active.iter_rows(values_only=True) for cell in row]

    assert {"A-ORDER-0", "A-ORDER-1"} <= set(cells)
    assert [secret for secret in SECRETS if any(secret in cell for cell in cells)] == []
    assert stranger.get(answer.location).status_code == 404
    assert stranger.get(f"{answer.location}/file").status_code == 404


WRITES = [
    ("/orders/{id}/edit", {"base_receiver": "Anna", "receiver": "Eve"}),
    ("/orders/{id}/marks", {"tags": "gift"}),
    ("/orders/note", {"ids": "{id}", "note": "hello"}),
]


@pytest.mark.parametrize(("address", "form"), WRITES)
@pytest.mark.parametrize("who", ["anonymous", "auditor", "merchant staff", "another shop's manager"])
def test_a_write_that_is_denied_changes_nothing(app, mine, theirs, ours, sign_in, who, address, form) -> None:
    order = mine[0]
    clients = {
        "anonymous": app.test_client,
        "auditor": lambda: sign_in(make.staff(Role.AUDITOR, ours)),
        "merchant staff": lambda: sign_in(make.staff(Role.MERCHANT, ours)),
        "another shop's manager": lambda: sign_in(make.staff(Role.MANAGER, theirs)),
    }
    client, before = clients[who](), state(order)

    response = client.post(address.format(id=order.id), data=filled(form, order))

    assert response.status_code == (302 if who == "anonymous" else response.status_code)
    assert response.status_code in (302, 403, 404)
    assert "/login" in response.headers.get("Location", "/login")
    assert state(order) == before


@pytest.mark.parametrize(("address", "form"), WRITES)
@pytest.mark.parametrize("role", [Role.AGENT, Role.MANAGER, Role.ADMINISTRATOR])
def test_the_same_write_goes_through_for_those_who_may(mine, ours, sign_in, role, address, form, run_jobs) -> None:
    order = mine[0]
    before = state(order)

    response = sign_in(make.staff(role, ours)).post(address.format(id=order.id), data=filled(form, order))
    run_jobs()

    assert response.status_code == 302
    assert state(order) != before
    assert state(mine[1])[0] is OrderStatus.PENDING_SHIPMENT


@pytest.mark.parametrize("role", [Role.AGENT, Role.MERCHANT, Role.AUDITOR])
def test_a_role_without_export_gets_no_workbook(mine, ours, sign_in, role) -> None:
    response = sign_in(make.staff(role, ours)).post("/orders/workbook", data={"selection": "matching"})

    assert response.status_code == 403
    with context.every_shop("test"):
        assert db.session.scalars(select(Job)).all() == []


def filled(form: dict[str, str], order: Order) -> dict[str, str]:
    return {key: value.format(id=order.id) for key, value in form.items()}
