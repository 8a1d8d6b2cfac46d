"""The pages of stock: the list with its marks, the equation, the form, the proof, warehouses."""

from __future__ import annotations

import contextvars
import io
import re

import pytest
from sqlalchemy import select

from app.console.roles import Role
from app.kit.db import db, transaction
from app.stock import holds, levels, movements
from app.stock.ledger import Why
from app.stock.models import StockMovement, Warehouse
from app.stock.movements import StockAt
from tests import factories as make
from tests.stock.conftest import numbers, wrong
from tests.stock.test_proof import FAULTS, corrupt


class Apart:
    """A client whose requests leave the test's own scope and actor alone."""

    def __init__(self, client) -> None:
        self.client = client

    def get(self, *given, **named):
        return contextvars.copy_context().run(self.client.get, *given, **named)

    def post(self, *given, **named):
        return contextvars.copy_context().run(self.client.post, *given, **named)


@pytest.fixture
def client(shop, sign_in):
    return Apart(contextvars.copy_context().run(sign_in, make.staff(Role.MERCHANT, shop)))


def form(sku_id: int, **values: object) -> dict[str, str]:
    """The form as the page sends it."""
    level = levels.of_sku(sku_id)[0]
    plain = {
        "warehouse": level.warehouse_id,
        f"base-{level.warehouse_id}": level.on_hand,
        "reason": "count",
        "note": "",
    }
    return {key: str(value) for key, value in {**plain, **values}.items()}


def words(response) -> str:
    """The text of a page, without markup."""
    body = re.sub(r"<(script|style).*?</\1>", "", response.get_data(as_text=True), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_the_page_of_a_sku_answers_why_available_is_three(shop, cup, client) -> None:
    order = make.order(shop, number="SO-77")
    with transaction():
        holds.place(shop.id, {cup.id: 7}, f"order:{order.id}", None)

    page = words(client.get(f"/stock/{cup.id}"))
    assert "Why is available 3?" in page
    assert "On hand 10 − Reserved 7 − Unavailable 0 = Available 3" in page
    assert "SO-77 Until paid 默认仓 7" in page
    assert "Opening 默认仓 +10" in page


def test_the_ledger_is_paged_by_key(shop, cup, client) -> None:
    with transaction():
        for _ in range(30):
            movements.receive(StockAt(shop.id, cup.id), 1)
    first = client.get(f"/stock/{cup.id}")
    older = re.search(r'href="\?before=(\d+)#ledger"', first.get_data(as_text=True))
    second = words(client.get(f"/stock/{cup.id}?before={older[1]}"))

    assert (words(first).count("Received 默认仓"), second.count("Received 默认仓")) == (25, 5)
    assert "Older rows" not in second


@pytest.mark.parametrize(
    ("values", "after"),
    [
        ({"deed": "count", "quantity": 4}, (4, 0, 0, 4)),
        ({"deed": "adjust", "quantity": "−2"}, (8, 0, 0, 8)),
        ({"deed": "receive", "quantity": "1,000"}, (1010, 0, 0, 1010)),
        ({"deed": "damage", "quantity": 3}, (10, 0, 3, 7)),
    ],
)
def test_the_form_moves_stock_and_leaves_a_row(shop, cup, client, values, after) -> None:
    response = client.post(f"/stock/{cup.id}/move", data=form(cup.id, **values, note="by hand"))

    assert response.status_code == 302
    assert numbers(cup.id) == after
    row = db.session.scalars(select(StockMovement).order_by(StockMovement.id.desc())).first()
    assert (row.reason, row.note, row.actor[:6]) == ("count", "by hand", "staff:")
    assert wrong() == []


def test_a_form_sent_twice_happens_once(cup, client) -> None:
    for _ in range(2):
        client.post(f"/stock/{cup.id}/move", data=form(cup.id, deed="receive", quantity=5, key="f00d"))

    assert numbers(cup.id)[0] == 15


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({"deed": "adjust", "quantity": 1, "reason": ""}, 422, "Say why the stock changes."),
        ({"deed": "count", "quantity": "many"}, 422, "Give a whole number."),
        ({"deed": "receive", "quantity": 0}, 422, "0 changes nothing."),
        ({"deed": "nonsense", "quantity": 1}, 422, "Choose what happened."),
        ({"deed": "receive", "quantity": 1, "warehouse": "x"}, 422, "Choose a warehouse."),
        ({"deed": "damage", "quantity": 11}, 422, "CUP: 11 wanted, 10 available."),
        ({"deed": "count", "quantity": 3, "stale": True}, 409, "on hand is 10 by now, not 12"),
    ],
)
def test_a_form_at_fault_comes_back_with_what_was_typed(cup, client, values, status, said) -> None:
    sent = form(cup.id, **values)
    if sent.pop("stale", None):
        sent[f"base-{sent['warehouse']}"] = "12"
    response = client.post(f"/stock/{cup.id}/move", data=sent)

    assert response.status_code == status
    assert said in words(response)
    assert f'value="{sent["quantity"]}"' in response.get_data(as_text=True)
    assert numbers(cup.id) == (10, 0, 0, 10)


def test_who_may_only_read_sees_no_form_and_changes_nothing(shop, cup, sign_in) -> None:
    for role in (Role.AGENT, Role.AUDITOR):
        reader = Apart(contextvars.copy_context().run(sign_in, make.staff(role, shop)))
        assert "Change the stock" not in words(reader.get(f"/stock/{cup.id}"))
        assert reader.post(f"/stock/{cup.id}/move", data=form(cup.id, deed="receive", quantity=1)).status_code == 403

    assert numbers(cup.id) == (10, 0, 0, 10)


def test_another_shops_sku_warehouse_and_finding_are_not_there(shop, cup, client) -> None:
    other = make.shop("other")
    theirs = make.sku(other, stock_on_hand=4)
    foreign = levels.of_sku(theirs.id)[0].warehouse_id
    assert client.get(f"/stock/{theirs.id}").status_code == 404
    assert client.post(f"/stock/{theirs.id}/move", data=form(theirs.id, deed="receive", quantity=1)).status_code == 404
    refused = client.post(f"/stock/{cup.id}/move", data=form(cup.id, deed="receive", quantity=1, warehouse=foreign))
    assert refused.status_code == 404
    assert client.get(f"/warehouses/edit/{foreign}").status_code == 404

    assert (numbers(theirs.id)[0], numbers(cup.id)[0]) == (4, 10)


def test_the_list_marks_low_and_oversold_and_finds_them(shop, cup, client) -> None:
    low = make.sku(shop, make.product(shop, "Blue lamp"), code="LAMP", stock_on_hand=9, low_stock_limit=3)
    over = make.sku(shop, code="OVER", stock_on_hand=5)
    with transaction():
        holds.place(shop.id, {low.id: 6}, "order:1", None)
        holds.place(shop.id, {over.id: 5}, "order:2", None)
        movements.adjust(StockAt(shop.id, over.id), -2, Why(reason="count"))

    page = client.get("/stock/")
    text_of = words(page)
    assert re.search(r"LAMP Blue lamp – Low stock 9 6 0 3", text_of)
    assert re.search(r"OVER Cup – Oversold 3 5 0 (-|−)2", text_of)
    for query, codes in {
        "tab=low": {"LAMP", "OVER"},
        "tab=oversold": {"OVER"},
        "q=blue": {"LAMP"},
        "q=cup": {"CUP", "OVER"},
    }.items():
        found = set(re.findall(r">(CUP|LAMP|OVER)<", client.get(f"/stock/?{query}").get_data(as_text=True)))
        assert found == codes, query
    assert client.get("/stock/counts").get_json()["tabs"] == {"": 3, "low": 2, "oversold": 1}


def test_the_list_is_filtered_by_warehouse(shop, cup, client, warehouse) -> None:
    make.sku(shop, code="LAMP")
    east = warehouse("EAST")
    with transaction():
        movements.transfer(StockAt(shop.id, cup.id), east.id, 1)

    page = client.get(f"/stock/?f_warehouse={east.id}").get_data(as_text=True)
    assert (">CUP<" in page, ">LAMP<" in page) == (True, False)


def test_the_list_is_exported_with_numbers(shop, cup, client) -> None:
    with transaction():
        holds.place(shop.id, {cup.id: 7}, "order:1", None)
    response = client.get("/stock/export")

    from openpyxl import load_workbook

    rows = list(load_workbook(io.BytesIO(response.data)).active.values)
    assert rows[1][:1] + rows[1][4:8] == ("CUP", 10, 7, 0, 3)


def test_the_proof_is_run_shown_and_fixed_from_its_page(shop, cup, client, run_jobs) -> None:
    corrupt(FAULTS["reserved"], cup.id)
    assert client.post("/stock/proof/").status_code == 302
    assert run_jobs() == ["done"]

    page = client.get("/stock/proof/")
    assert "CUP 默认仓 Reserved 2 0 +2" in words(page)
    fix = re.search(r'action="(/stock/proof/\d+/fix)"', page.get_data(as_text=True))[1]
    assert client.post(fix).status_code == 302
    assert "Everything adds up" in words(client.get("/stock/proof/"))
    assert wrong() == []


def test_a_warehouse_is_made_and_becomes_the_default(shop, cup, client) -> None:
    client.post("/warehouses/add", data={"code": "EAST", "name": "East", "is_default": "y"})
    rows = db.session.execute(select(Warehouse.code, Warehouse.is_default).where(Warehouse.shop_id == shop.id)).all()
    assert sorted(map(tuple, rows)) == [("EAST", True), ("MAIN", False)]

    east = db.session.scalars(select(Warehouse).where(Warehouse.code == "EAST")).one()
    sent = {"code": "EAST", "name": "East", "version": str(east.version)}
    client.post(f"/warehouses/edit/{east.id}", data=sent)
    client.post(f"/warehouses/delete/{east.id}")
    db.session.expire_all()
    left = db.session.scalars(select(Warehouse).where(Warehouse.shop_id == shop.id, Warehouse.is_default)).one()
    assert left.code == "EAST"


def test_a_warehouse_with_levels_is_not_deleted(shop, cup, client) -> None:
    client.post("/warehouses/add", data={"code": "EAST", "name": "East", "is_default": "y"})
    main = levels.of_sku(cup.id)[0].warehouse_id
    assert client.post(f"/warehouses/delete/{main}").status_code in (302, 409)

    assert numbers(cup.id) == (10, 0, 0, 10)


def test_the_product_page_leads_to_the_stock_of_each_sku(shop, cup, client) -> None:
    page = client.get(f"/products/{cup.product_id}").get_data(as_text=True)

    assert f'href="/stock/{cup.id}"' in page


def test_the_list_takes_few_statements(shop, client, count_sql) -> None:
    for _ in range(30):
        make.sku(shop)
    client.get("/stock/")
    with count_sql() as statements:
        client.get("/stock/")

    assert len(statements) <= 6, statements
