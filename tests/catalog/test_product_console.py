"""The product pages: list, detail, create, edit, two editors at once (A4), status, and who may do it."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import func, select, update

from app.catalog.models import Product, ProductStatus, Sku
from app.console.roles import Role
from app.kit import context
from app.kit.db import db
from app.orders.models import OrderStatus
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
NEW = {
    "title": "Mug",
    "code": "0001",
    "status": "draft",
    "category_id": "",
    "description": "A mug",
    "sku-0-code": "000123",
    "sku-0-barcode": "06932169358293",
    "sku-0-options": "Colour: red; Size：M",
    "sku-0-price_minor": "12.50",
    "sku-0-stock_on_hand": "7",
}


def fields(page):
    """The values of a page's form, as a browser would send them."""
    found = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*?value="([^"]*)"', page.partition("<template")[0]))
    found |= dict.fromkeys(
        re.findall(r'name="(sku-\d+-[a-z_]+)" id="[^"]+" value=""', page.partition("<template")[0]), ""
    )
    for select_name, body in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[select_name] = chosen[1] if chosen else ""
    found["description"] = re.search(r'name="description"[^>]*>(.*?)</textarea>', page, re.S)[1]
    return {
        name: value.replace("&#34;", '"').replace("&amp;", "&")
        for name, value in found.items()
        if not name.endswith("removed")
    }


def test_the_list_shows_prices_stock_and_status_in_few_statements(shop, manager, count_sql) -> None:
    cups = make.category(shop, "Cups")
    for number in range(30):
        product = make.product(shop, f"Cup {number:02}", category_id=cups.id)
        make.sku(shop, product, price_minor=1000, stock_on_hand=5, low_stock_limit=2)
        make.sku(shop, product, price_minor=2550, stock_on_hand=1 if number == 29 else 5, low_stock_limit=2)
    make.sku(shop, make.product(shop, "Gone"), stock_on_hand=0)

    with count_sql() as statements:
        page = manager.get("/products/")

    assert page.status_code == 200, page.text
    assert len(statements) <= 10, statements
    assert "¥10.00 – CN¥25.50" in page.text
    assert "Out of stock" in page.text
    assert "1 SKU low" in page.text
    assert "On sale" in page.text and "Cups" in page.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=kettle", ["Iron kettle"]),
        ("q=壶", ["陶壶"]),
        ("q=POT-1", ["陶壶"]),
        ("q=SKU-K", ["Iron kettle"]),
        ("q=100%25", []),
        ("tab=draft", ["Bare draft"]),
        ("tab=out", ["Iron kettle"]),
        ("tab=low", ["陶壶"]),
        ("f_price=50..", ["Iron kettle"]),
        ("f_price=..50", ["陶壶"]),
        ("f_stock=1..5", ["陶壶"]),
        ("f_stock=..0", ["Bare draft", "Iron kettle"]),
        ("f_status=draft&f_status=archived", ["Bare draft"]),
        ("f_category=TOP", ["陶壶"]),
        ("f_category=x", []),
    ],
)
def test_tabs_search_and_filters(shop, manager, query, found) -> None:
    top = make.category(shop, "Tea ware")
    below = make.category(shop, "Pots", parent_id=top.id)
    pot = make.product(shop, "陶壶", code="POT-1", category_id=below.id)
    make.sku(shop, pot, price_minor=1000, stock_on_hand=2, low_stock_limit=3)
    make.sku(shop, make.product(shop, "Iron kettle"), code="SKU-K", price_minor=9900, stock_on_hand=0)
    make.product(shop, "Bare draft", status=ProductStatus.DRAFT)

    page = manager.get("/products/?" + query.replace("TOP", str(top.id)))

    assert page.status_code == 200, page.text
    assert [t for t in ("Bare draft", "Iron kettle", "陶壶") if t in page.text] == found


def test_a_range_that_is_none_is_said_so(shop, manager) -> None:
    huge = (f"f_stock=..{10**25}", f"f_stock={'9' * 400}..", f"f_price={'9' * 40}..")
    for query in ("f_price=cheap..", "f_stock=1..many", *huge):
        assert manager.get(f"/products/?{query}").status_code == 422, query
    assert manager.get("/products/counts").json["tabs"]["draft"] == 0


def test_the_page_of_a_product_tells_its_story(shop, manager) -> None:
    sku = make.sku(shop, code="K1", options={"Size": "S"}, cost_minor=500)
    make.order(shop, ("K1", 1, 1000))
    page = manager.get(f"/products/{sku.product_id}/edit")
    saved = manager.post(f"/products/{sku.product_id}/edit", data=fields(page.text) | {"sku-0-price_minor": "12"})
    assert saved.status_code == 302, re.findall("invalid-feedback.*", saved.text)

    page = manager.get(f"/products/{sku.product_id}")

    assert page.status_code == 200
    assert "K1 · Price" in page.text
    assert "¥10.00" in page.text and "¥12.00" in page.text
    assert "Lina Test" in page.text


def test_taking_down_says_which_orders_are_affected(shop, manager, look) -> None:
    sku = make.sku(shop, code="K1")
    order = make.order(shop, ("K1", 1, 1000), status=OrderStatus.PENDING_SHIPMENT)
    from app.orders.models import OrderLine

    with context.shops([shop.id]):
        db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one().sku_id = sku.id
        db.session.flush()

    assert "1 open order contains these products" in manager.get(f"/products/{sku.product_id}").text
    preview = manager.post("/products/bulk/off-shelf", data={"ids": [str(sku.product_id)]}, follow_redirects=True)
    assert "1 open order contains these products" in preview.text
    moved = manager.post(f"/products/{sku.product_id}/move", data={"status": "off_shelf"})
    assert moved.status_code == 302
    assert look(lambda: db.session.get(Product, sku.product_id).status) is ProductStatus.OFF_SHELF


def test_a_move_that_is_not_allowed_is_refused_with_both_names(shop, manager, look) -> None:
    product = make.product(shop, "Pot", status=ProductStatus.ARCHIVED)

    refused = manager.post(f"/products/{product.id}/move", data={"status": "on_sale"})
    assert refused.status_code == 422
    assert "A product needs at least one SKU" in refused.text
    make.sku(shop, product)
    refused = manager.post(f"/products/{product.id}/move", data={"status": "on_sale"})
    assert "“Pot” is “Archived” and cannot become “On sale” directly." in refused.text
    assert manager.post(f"/products/{product.id}/move", data={"status": "sold"}).status_code == 404
    assert look(lambda: db.session.get(Product, product.id).status) is ProductStatus.ARCHIVED


def test_a_product_is_created_with_its_codes_as_text(shop, manager, look) -> None:
    answer = manager.post("/products/new", data=NEW | {"status": "on_sale"})

    assert answer.status_code == 302, answer.text
    sku = look(lambda: db.session.scalars(select(Sku)).one())
    assert (sku.code, sku.barcode, sku.options) == ("000123", "06932169358293", {"Colour": "red", "Size": "M"})
    assert (sku.price_minor, sku.compare_at_minor, sku.stock_on_hand, sku.low_stock_limit) == (1250, None, 7, 0)
    product = look(lambda: db.session.scalars(select(Product)).one())
    assert (product.title, product.code, product.status) == ("Mug", "0001", ProductStatus.ON_SALE)
    assert "Created" in manager.get(answer.location).text
    assert manager.get("/products/new").status_code == 200


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"title": " "}, "This is needed."),
        ({"title": "x" * 201}, "This is too long."),
        ({"code": "TAKEN"}, "This code is in use already."),
        ({"sku-0-code": ""}, "This is needed."),
        ({"sku-0-code": "SKU-TAKEN"}, "This code is in use already."),
        ({"sku-1-code": "000123", "sku-1-price_minor": "1"}, "This code stands here twice."),
        ({"sku-0-price_minor": "12.345"}, "CNY takes at most 2 decimals."),
        ({"sku-0-price_minor": ""}, "is not an amount"),
        ({"sku-0-price_minor": "-1"}, "It cannot be below zero."),
        ({"sku-0-stock_on_hand": "1.5"}, "is not a whole number"),
        ({"sku-0-options": "red"}, "Write option values like"),
        ({"category_id": "987654"}, "There is no such category"),
        ({"sku-0-price_minor": "9" * 18}, "The number is too large"),
    ],
)
def test_a_fault_is_said_at_its_field_and_nothing_is_written(shop, manager, look, typed, words) -> None:
    make.sku(shop, make.product(shop, code="TAKEN"), code="SKU-TAKEN")

    answer = manager.post("/products/new", data=NEW | typed)

    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="0001"' in answer.text or "TAKEN" in answer.text
    assert look(lambda: db.session.scalar(select(func.count()).select_from(Product))) == 1


def test_a4_two_editors_and_a_third(shop, manager, sign_in, look) -> None:
    """Title and price from one version are both kept; the same price twice is refused with both values."""
    product = make.product(shop, "Old title")
    with context.shops([shop.id]):
        db.session.execute(update(Product).values(version=7))
    make.sku(shop, product, code="K1", price_minor=1000)
    where = f"/products/{product.id}/edit"
    as_opened = fields(manager.get(where).text)
    bea, cai = (sign_in(make.staff(Role.MANAGER, shop, name=name)) for name in ("bea", "cai"))

    def version():
        return look(lambda: db.session.get(Product, product.id).version)

    def price():
        return look(lambda: db.session.scalars(select(Sku.price_minor)).one())

    assert json.loads(as_opened["base"])["version"] == 7
    assert manager.post(where, data=as_opened | {"title": "New title"}).status_code == 302
    assert version() == 8
    assert bea.post(where, data=as_opened | {"sku-0-price_minor": "11.00"}).status_code == 302
    assert version() == 9
    assert (look(lambda: db.session.get(Product, product.id).title), price()) == ("New title", 1100)

    refused = cai.post(where, data=as_opened | {"sku-0-price_minor": "12.00"})

    assert refused.status_code == 409
    for shown in ("K1 · Price", "¥10.00", "¥12.00", "¥11.00", "Bea Test"):
        assert shown in refused.text
    assert (version(), price()) == (9, 1100)


def test_one_person_saving_twice_never_conflicts(shop, manager, look) -> None:
    sku = make.sku(shop, price_minor=1000)
    where = f"/products/{sku.product_id}/edit"
    for price in ("11.00", "12.00"):
        assert (
            manager.post(where, data=fields(manager.get(where).text) | {"sku-0-price_minor": price}).status_code == 302
        )
    assert look(lambda: db.session.get(Sku, sku.id).price_minor) == 1200


def test_skus_are_added_and_removed_in_one_save(shop, manager, look) -> None:
    product = make.product(shop)
    for code in ("A", "B"):
        make.sku(shop, product, code=code)
    where = f"/products/{product.id}/edit"
    sent = fields(manager.get(where).text)
    sent |= {
        "sku-0-removed": "1",
        "sku-9-code": "A",
        "sku-9-price_minor": "3",
        "sku-9-stock_on_hand": "1",
        "status": "off_shelf",
    }

    assert manager.post(where, data=sent).status_code == 302

    found = look(lambda: [(s.code, s.price_minor) for s in db.session.scalars(select(Sku).order_by(Sku.code))])
    assert found == [("A", 300), ("B", 1000)]
    assert look(lambda: db.session.get(Product, product.id).status) is ProductStatus.OFF_SHELF


def test_a_damaged_form_is_refused(shop, manager, look) -> None:
    sku = make.sku(shop)
    where = f"/products/{sku.product_id}/edit"

    for base in ("", "[]", "{}"):
        answer = manager.post(where, data=NEW | {"base": base})
        assert answer.status_code == 422
        assert "The form is damaged" in answer.text


@pytest.mark.parametrize("who", ["anonymous", "agent", "stranger", "manager"])
def test_only_those_who_may_write_products(shop, client_of, look, who) -> None:
    sku = make.sku(shop, price_minor=1000)
    base = json.dumps({"version": 1, "values": {}})
    client = client_of(who)
    codes = {
        "new": client.post("/products/new", data=NEW).status_code,
        "edit": client.post(f"/products/{sku.product_id}/edit", data=NEW | {"base": base}).status_code,
        "move": client.post(f"/products/{sku.product_id}/move", data={"status": "off_shelf"}).status_code,
    }

    assert (
        codes
        == {
            "anonymous": {"new": 302, "edit": 302, "move": 302},
            "agent": {"new": 403, "edit": 403, "move": 403},
            "stranger": {"new": 302, "edit": 404, "move": 404},
            "manager": {"new": 302, "edit": 422, "move": 302},
        }[who]
    )
    ours = look(lambda: db.session.scalars(select(Product).where(Product.shop_id == shop.id)).all())
    assert len(ours) == (2 if who == "manager" else 1)
    moved = look(lambda: db.session.get(Product, sku.product_id).status)
    assert moved is (ProductStatus.OFF_SHELF if who == "manager" else ProductStatus.ON_SALE)
    assert look(lambda: db.session.get(Sku, sku.id).price_minor) == 1000


def test_another_shops_product_does_not_exist(shop, client_of) -> None:
    sku = make.sku(shop)
    stranger = client_of("stranger")

    assert stranger.get(f"/products/{sku.product_id}").status_code == 404
    assert stranger.get(f"/products/{sku.product_id}/edit").status_code == 404
    assert sku.code not in stranger.get("/products/").text
