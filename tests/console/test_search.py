"""The search box: codes, titles, names and pages; ranked, walled and limited to what the role may read."""

import pytest

from app.console.roles import Role
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


def _found(client, text):
    answer = client.get("/search/", query_string={"q": text}).json
    return {group["label"]: [hit["text"] for hit in group["hits"]] for group in answer["groups"]}


@pytest.fixture
def shop():
    return make.shop()


@pytest.fixture
def manager(shop, sign_in):
    return sign_in(make.staff(Role.MANAGER, shop))


def test_each_kind_is_found_by_what_people_paste(shop, manager) -> None:
    make.order(shop, number="SO-77123")
    make.sku(shop, make.product(shop, "Blue cup", code="CUP"), code="CUP-BL-77")
    make.customer(shop, number="C-5", name="Mei Li")

    assert _found(manager, "77123") == {"Orders": ["SO-77123"]}
    assert _found(manager, "cup-bl") == {"Products": ["CUP-BL-77"]}
    assert _found(manager, "blue") == {"Products": ["Blue cup"]}
    assert _found(manager, "mei") == {"Customers": ["Mei Li"]}
    assert _found(manager, "repor") == {"Pages": ["Reports"]}


def test_the_exact_one_comes_first_among_many_and_six_are_shown(shop, manager) -> None:
    for index in range(60):
        make.order(shop, number=f"9{index:02}500")
    make.order(shop, number="500")

    found = _found(manager, "500")["Orders"]

    assert found[0] == "500"
    assert len(found) == 6


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", "%00"])
def test_wildcards_are_plain_text(shop, manager, text) -> None:
    make.order(shop, number="A-1")

    assert "Orders" not in _found(manager, text)


def test_a_nul_character_finds_nothing_and_breaks_nothing(manager) -> None:
    assert manager.get("/search/?q=%00").status_code == 200


def test_other_shops_stay_hidden(manager) -> None:
    other = make.shop()
    make.order(other, number="SO-1")
    make.customer(other, number="SO-2")

    assert _found(manager, "SO-") == {}


def test_a_role_finds_only_what_it_may_read(shop, sign_in) -> None:
    make.customer(shop, number="C-9", name="Mei Li")
    make.order(shop, number="C-99")
    merchant = sign_in(make.staff(Role.MERCHANT, shop))

    assert _found(merchant, "C-9") == {"Orders": ["C-99"]}
    assert "Staff" not in _found(merchant, "")["Pages"]


def test_six_statements_are_enough(shop, manager, count_sql) -> None:
    make.order(shop, number="SO-1")
    manager.get("/search/?q=SO")

    with count_sql() as statements:
        manager.get("/search/?q=SO")

    assert len(statements) <= 10, "\n".join(statements)
