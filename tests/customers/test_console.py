"""The customer pages: figures for the page's rows, search, masked contact data, their orders."""

import re

import pytest

from app.console.roles import Role
from app.customers import masking
from app.orders.models import OrderKind
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    return make.shop()


@pytest.fixture
def agent(shop, sign_in):
    return sign_in(make.staff(Role.AGENT, shop))


def test_the_list_counts_sales_and_values_them_less_credit_notes_in_ten_statements(shop, agent, count_sql) -> None:
    buyer = make.customer(shop, number="C-9", name="Ann Li", phone="13812340000")
    sale = make.order(shop, ("A", 2, 1000), customer_id=buyer.id)
    make.order(shop, ("A", 1, 500), customer_id=buyer.id)
    note = {"kind": OrderKind.CREDIT_NOTE, "reverses_id": sale.id}
    make.order(shop, ("A", -1, 1000), customer_id=buyer.id, **note)

    with count_sql() as statements:
        page = agent.get("/customers/").text

    assert len(statements) <= 10, "\n".join(statements)
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh]\b[^>]*>(.*?)</t[dh]>", page, re.S)]
    assert cells[-6:] == ["C-9", "Ann Li", "138****0000", "–", "2", "CN¥15.00"]


@pytest.mark.parametrize("text", ["C-77", "ann", "1381234"])
def test_search_finds_by_number_name_and_phone(shop, agent, text) -> None:
    make.customer(shop, number="C-77", name="Ann Li", phone="13812340000")
    make.customer(shop, number="C-88", name="Bo Wu", phone="13900001111")

    page = agent.get(f"/customers/?q={text}").text

    assert "C-77" in page
    assert "C-88" not in page


def test_the_customer_page_lists_only_their_orders(shop, agent) -> None:
    buyer = make.customer(shop, number="C-9", email="ann@example.test")
    theirs = make.order(shop, number="SO-1", customer_id=buyer.id)
    make.order(shop, number="SO-2", customer_id=make.customer(shop).id)

    page = agent.get(f"/customers/{buyer.id}").text

    assert f'href="/orders/{theirs.id}"' in page
    assert "SO-2" not in page
    assert "a***@example.test" in page
    assert "ann@example.test" not in page


def test_phones_and_addresses_are_masked() -> None:
    assert masking.phone("13812340000") == "138****0000"
    assert masking.phone("12345") == "***45"
    assert masking.phone("") == "–"
    assert masking.email("ann@example.test") == "a***@example.test"
    assert masking.email("") == "–"
