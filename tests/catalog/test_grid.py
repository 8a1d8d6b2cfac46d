"""The grid's server side: order, windows, the wall, and saving guarded cells as a draft; denials change nothing."""

from __future__ import annotations

import gzip
import json
import struct

import pytest
from sqlalchemy import select

from app.catalog import change_sets, grid, grid_edits
from app.catalog.change_models import ChangeLine, ChangeSet, ChangeSource, ChangeState
from app.catalog.models import Product, ProductStatus, Sku
from app.kit.db import db
from app.kit.errors import RuleViolation
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def goods(shop):
    """Two products: a cup in two colours, and a draft lamp."""
    cups = make.category(shop, "Cups")
    cup = make.product(shop, "Cup", code="P-CUP", category_id=cups.id)
    lamp = make.product(shop, "Lamp", code="P-LAMP", status=ProductStatus.DRAFT)
    red = make.sku(shop, cup, code="CUP-R", price_minor=1000, options={"Colour": "Red"})
    blue = make.sku(shop, cup, code="CUP-B", price_minor=900, options={"Colour": "Blue", "Size": "L"})
    light = make.sku(shop, lamp, code="LAMP", price_minor=5000, barcode="0690001")
    return {"cups": cups, "cup": cup, "lamp": lamp, "red": red, "blue": blue, "light": light}


def ordered(client, **sent) -> list[int]:
    """The ids in the order that the page would unpack."""
    answer = client.post("/products/grid/order", json=sent)
    assert answer.status_code == 200, answer.text
    body = gzip.decompress(answer.data) if answer.headers.get("Content-Encoding") == "gzip" else answer.data
    width, body = int(answer.headers["X-Id-Bytes"]), body[int(answer.headers["X-First-Bytes"]) :]
    at, found = 0, []
    for (step,) in struct.iter_unpack({4: "<i", 8: "<q"}[width], body):
        at += step
        found.append(at)
    return found


def ids(goods, *names) -> list[int]:
    return [goods[name].id for name in names]


def test_rows_stand_in_the_order_of_their_making_or_by_any_column(manager, goods) -> None:
    assert ordered(manager) == ids(goods, "red", "blue", "light")
    assert ordered(manager, sort="price_minor") == ids(goods, "blue", "red", "light")
    assert ordered(manager, sort="-title") == ids(goods, "light", "red", "blue")
    assert ordered(manager, sort="category_id") == ids(goods, "red", "blue", "light")
    assert ordered(manager, sort="options:Colour") == ids(goods, "blue", "red", "light")
    assert ordered(manager, sort="-status; drop table sku") == ids(goods, "red", "blue", "light")


def test_the_first_rows_come_with_their_order(manager, goods) -> None:
    answer = manager.post(
        "/products/grid/order", json={"sort": "-price_minor"}, headers={"Accept-Encoding": "identity"}
    )

    rows = json.loads(answer.data[: int(answer.headers["X-First-Bytes"])])
    assert sorted(row[0] for row in rows) == ids(goods, "red", "blue", "light")


def test_filters_are_those_of_the_product_list(manager, goods) -> None:
    assert ordered(manager, query="q=lamp") == ids(goods, "light")
    assert ordered(manager, query="q=CUP-B") == ids(goods, "red", "blue")
    assert ordered(manager, query=f"f_category={goods['cups'].id}") == ids(goods, "red", "blue")
    assert ordered(manager, query="f_status=draft") == ids(goods, "light")
    assert ordered(manager, query="tab=on_sale") == ids(goods, "red", "blue")
    assert ordered(manager, ids=[goods["lamp"].id]) == ids(goods, "light")
    assert ordered(manager, ids=[]) == []
    assert ordered(manager, ids=[goods["lamp"].id, *range(10**9, 10**9 + 70_000)]) == ids(goods, "light")


def test_a_window_holds_versions_and_values_in_the_order_of_the_fields(manager, goods) -> None:
    (row,) = manager.post("/products/grid/rows", json={"ids": ids(goods, "blue")}).get_json()

    named = dict(zip([field.name for field in grid.fields()], row[len(grid.HEAD) :], strict=True))
    assert row[: len(grid.HEAD)] == [goods["blue"].id, 1, goods["cup"].id, 1, "CUP-B", "P-CUP"]
    assert named["price_minor"] == 900
    assert named["compare_at_minor"] is None
    assert named["options"] == {"Colour": "Blue", "Size": "L"}
    assert named["title"] == "Cup"
    assert named["status"] == "on_sale"
    assert named["category_id"] == goods["cups"].id
    assert "description" not in named


def test_order_and_window_are_one_statement_each(goods, shop, count_sql) -> None:
    wanted = [*ids(goods, "red", "blue", "light"), shop.id]
    with count_sql() as statements:
        grid.order({"query": "f_status=on_sale"}, "title", shop)
    assert len(statements) == 1
    with count_sql() as statements:
        grid.window(wanted[:3], wanted[3])
    assert len(statements) == 1


def test_wide_ids_take_eight_bytes() -> None:
    assert grid.packed([1, 2, 5]) == (struct.pack("<3i", 1, 1, 3), 4)
    assert grid.packed([]) == (b"", 4)
    assert grid.packed([7, 7 + 2**40]) == (struct.pack("<2q", 7, 2**40), 8)


def test_another_shops_rows_are_neither_listed_nor_shown(manager, goods) -> None:
    other = make.shop("other")
    foreign = make.sku(other, make.product(other, "Secret"), code="SECRET")

    assert ordered(manager) == ids(goods, "red", "blue", "light")
    assert ordered(manager, ids=[foreign.product_id]) == []
    answer = manager.post("/products/grid/rows", json={"ids": [foreign.id, goods["red"].id]})
    assert [row[0] for row in answer.get_json()] == ids(goods, "red")
    assert "SECRET" not in answer.text


@pytest.mark.parametrize("who", ["anonymous", "agent"])
def test_who_may_not_change_many_does_not_see_the_grid(client_of, goods, who) -> None:
    client = client_of(who)
    for method, path in (("get", ""), ("post", "order"), ("post", "rows"), ("post", "save"), ("get", "outcome/1")):
        answer = getattr(client, method)(f"/products/grid/{path}")
        assert answer.status_code in (302, 403), path


def test_the_list_sends_its_ticked_products_or_all_that_match(manager, goods) -> None:
    ticked = manager.post("/products/grid/", data={"selection": "ids", "ids": [goods["lamp"].id, goods["cup"].id]})
    assert ticked.location.endswith(f"/products/grid/?ids={goods['cup'].id},{goods['lamp'].id}")
    page = manager.get(ticked.location)
    assert f'"ids": [{goods["cup"].id}, {goods["lamp"].id}]' in page.text

    matching = manager.post("/products/grid/", data={"selection": "matching", "query": "?tab=low&q=cup&sort=title"})
    assert matching.location.endswith("/products/grid/?tab=low&q=cup")


def test_ticking_another_shops_product_is_refused(manager, goods) -> None:
    foreign = make.product(make.shop("other"), "Secret")

    answer = manager.post("/products/grid/", data={"selection": "ids", "ids": [goods["cup"].id, foreign.id]})

    assert answer.status_code == 403


def save(client, edits, compressed=False):
    body = json.dumps(edits).encode()
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    return client.post("/products/grid/save", data=gzip.compress(body) if compressed else body, headers=headers)


def values(look, goods) -> list:
    return look(
        lambda: [
            *(db.session.get(Sku, goods[name].id).price_minor for name in ("red", "blue", "light")),
            *(db.session.get(Product, goods[name].id).title for name in ("cup", "lamp")),
        ]
    )


UNTOUCHED = [1000, 900, 5000, "Cup", "Lamp"]


def test_a_save_is_a_draft_and_writes_after_the_yes_alone(manager, goods, look, run_jobs) -> None:
    told = save(
        manager,
        {
            "price_minor": [[goods["red"].id, "1000", "990"], [goods["blue"].id, "900", "900"]],
            "title": [[goods["cup"].id, "Cup", "Mug"]],
        },
    ).get_json()

    assert told["counts"] == {"changed": 2, "unchanged": 1, "refused": 0, "kept": 0, "stale": 0}
    assert told["figures"] == [["Will change", 2], ["Nothing to change", 1]]
    assert told["guards"] == []
    assert values(look, goods) == UNTOUCHED

    confirmed = manager.post(told["confirm"], headers={"Accept": "application/json"}).get_json()
    assert confirmed["state"] == "queued"
    assert run_jobs() == ["done"]
    assert values(look, goods) == [990, 900, 5000, "Mug", "Lamp"]
    assert manager.get(told["outcome"]).get_json() == {"state": "applied", "lines": []}
    (change_set,) = look(lambda: db.session.scalars(select(ChangeSet)).all())
    assert (change_set.source, change_set.state) == (ChangeSource.GRID, ChangeState.APPLIED)


def test_a_cell_that_somebody_else_has_changed_is_left_alone_and_named(manager, goods, look, shop, sign_in) -> None:
    mei = sign_in(make.staff(make.Role.MANAGER, shop, name="mei"))
    first = save(mei, {"price_minor": [[goods["red"].id, "1000", "980"]]}).get_json()
    mei.post(first["confirm"], headers={"Accept": "application/json"})
    with make.context.shops([shop.id]), make.transaction():
        change_sets.carry_out(change_sets.get(int(first["page"].rsplit("/", 1)[1])))

    told = save(
        manager, {"price_minor": [[goods["red"].id, "1000", "950"], [goods["blue"].id, "900", "890"]]}
    ).get_json()

    assert told["counts"] == {"changed": 1, "unchanged": 0, "refused": 0, "kept": 0, "stale": 1}
    (line,) = manager.get(told["outcome"]).get_json()["lines"]
    assert line[:4] == ["sku", goods["red"].id, "price_minor", "stale"]
    assert line[5] == "980"
    assert values(look, goods)[0] == 980


def test_unknown_rows_and_bad_values_are_refused_line_by_line_without_a_leak(manager, goods, look) -> None:
    other = make.shop("other")
    foreign = make.sku(other, make.product(other, "Secret"), code="SECRET", price_minor=918273645)
    edits = {
        "price_minor": [[foreign.id, "918273645", "1"], [2**60, "1", "2"], [goods["red"].id, "1000", "-5"]],
        "status": [[goods["cup"].id, "on_sale", "archived"]],
        "stock_on_hand": [[goods["red"].id, "5", "1.5"]],
    }

    told = save(manager, edits).get_json()

    assert told["counts"]["refused"] == 5
    lines = manager.get(told["outcome"]).get_json()["lines"]
    reasons = {(line[1], line[2]): line[4] for line in lines}
    gone = "there is no such row in this shop; it may have been deleted"
    assert reasons[foreign.id, "price_minor"] == reasons[2**60, "price_minor"] == gone
    assert reasons[goods["red"].id, "price_minor"] == "a price cannot be below zero"
    assert reasons[goods["cup"].id, "status"] == "this status cannot follow the present one"
    assert reasons[goods["red"].id, "stock_on_hand"] == "it is not a whole number"
    assert all("918273645" not in str(line) for line in lines)
    assert look(lambda: db.session.get(Sku, foreign.id).price_minor) == 918273645
    assert values(look, goods) == UNTOUCHED


def test_options_are_compared_as_values_whatever_the_order_of_their_keys(manager, goods, look) -> None:
    seen, wanted = '{"Size":"L","Colour":"Blue"}', '{"Size":"XL","Colour":"Blue"}'

    told = save(manager, {"options": [[goods["blue"].id, seen, wanted]]}).get_json()

    assert told["counts"]["changed"] == 1
    line = look(lambda: db.session.scalars(select(ChangeLine)).one())
    assert json.loads(line.new) == {"Colour": "Blue", "Size": "XL"}


def test_a_large_save_comes_compressed_in_as_many_statements_as_a_small_one(manager, goods, shop, count_sql) -> None:
    skus = [make.sku(shop, goods["cup"], code=f"N{n}", price_minor=n + 1) for n in range(60)]
    edits = {"price_minor": [[sku.id, str(sku.price_minor), str(sku.price_minor + 10)] for sku in skus]}
    with count_sql() as few:
        save(manager, {"price_minor": edits["price_minor"][:1]}, compressed=True)

    with count_sql() as many:
        told = save(manager, edits, compressed=True).get_json()

    assert told["counts"]["changed"] == 60
    assert len(many) == len(few)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"nonsense", b'{"price_minor": [[1, "1"]]}', b'{"price_minor": [["1", "1", "2"]]}',
        b'{"price_minor": [[1, 5, "2"]]}', b'{"password": [[1, "1", "2"]]}', b'{"price_minor": [[-1, "1", "2"]]}',
        b'{"title": [[1, "a", "a\\u0000b"]]}', b"\x1f\x8bbroken",
        gzip.compress(b'{"price_minor": [[true, null]]}', mtime=0),
    ],
)  # fmt: skip
def test_what_is_no_set_of_edits_is_refused_whole(body) -> None:
    with pytest.raises(RuleViolation, match="grid_unreadable"):
        grid_edits.read(body)


def test_more_cells_than_one_save_may_hold_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(grid_edits, "EDITS_MOST", 2)
    body = json.dumps({"price_minor": [[n, "1", "2"] for n in (1, 2, 3)]}).encode()

    with pytest.raises(RuleViolation, match="grid_too_many"):
        grid_edits.read(body)
    assert len(grid_edits.read(body.replace(b', [3, "1", "2"]', b""))[0].row_ids) == 2


def test_a_bomb_is_not_unpacked(monkeypatch) -> None:
    monkeypatch.setattr(grid_edits, "BYTES_MOST", 1000)

    with pytest.raises(RuleViolation, match="grid_too_large"):
        grid_edits.read(gzip.compress(b" " * 100_000))
