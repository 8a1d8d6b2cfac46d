"""The list component: keyset paging over ties, state from the address, filters, selections, export."""

import io
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.console import list_export, lists, saved_views
from app.console.lists import Column, Filter, ListSpec, Tab, any_of, contains, day_range, number_range
from app.console.models import SavedView
from app.console.roles import Role
from app.kit import context
from app.kit.db import db
from app.kit.errors import Forbidden, RuleViolation
from app.orders.models import Order, OrderStatus
from tests import factories as make
from tests.factories import PLACED

pytestmark = pytest.mark.usefixtures("app")

SPEC = ListSpec(
    name="test_orders",
    model=Order,
    columns=(
        Column("number", "Number", lambda o: o.number, sort=Order.number),
        Column(
            "placed", "Placed", lambda o: o.placed_at, Order.placed_at, export=lambda o: o.placed_at, sheet="datetime"
        ),
        Column("total", "Total", lambda o: "-", Order.total_minor, export=lambda o: o.total_minor, sheet="money"),
        Column("note", "Note", lambda o: o.staff_note, shown=False),
    ),
    default_sort="-placed",
    tabs=(Tab("", "All"), Tab("shipped", "Shipped", (Order.status == OrderStatus.SHIPPED,))),
    filters=(
        Filter("status", "Status", any_of(Order.status, OrderStatus), list),
        Filter("placed", "Placed", day_range(Order.placed_at, lambda: "Asia/Shanghai"), kind="days"),
        Filter("total", "Total", number_range(Order.total_minor, int), kind="number"),
    ),
    search=lambda text: contains(Order.number, text),
)


@pytest.fixture
def shop():
    shop = make.shop()
    with context.shops([shop.id]):
        yield shop


def _ask(query=""):
    from urllib.parse import parse_qsl

    return lists.ask(SPEC, MultiDict(parse_qsl(query)))


def _numbers(shop, query=""):
    return [row.number for row in lists.page(SPEC, _ask(query), shop.id).rows]


def _walk(shop, query, param):
    """Pages from the first, or from the last backwards, by the cursors."""
    pages, cursor = [], ""
    while True:
        page = lists.page(SPEC, _ask(f"{query}&{param}={cursor}" if cursor else query), shop.id)
        pages.append([row.number for row in page.rows])
        cursor = page.next
        if not cursor:
            return pages, page.previous


@pytest.mark.parametrize("sort", ["placed", "-placed", "total", "-total", "number", "-number"])
def test_paging_forward_and_back_over_ties_meets_every_row_once(shop, sort) -> None:
    for index in range(60):
        tie = timedelta(minutes=index // 9)
        make.order(shop, ("A", 1, 100 * (index // 7)), number=f"N{index:02}", placed_at=PLACED + tie)
    column = {"placed": Order.placed_at, "total": Order.total_minor, "number": Order.number}[sort.lstrip("-")]
    order = (column.desc(), Order.id.desc()) if sort.startswith("-") else (column, Order.id)
    expected = list(db.session.scalars(select(Order.number).order_by(*order)))

    pages, previous = _walk(shop, f"size=25&sort={sort}", "after")

    assert [number for page in pages for number in page] == expected
    assert [len(page) for page in pages] == [25, 25, 10]
    back = lists.page(SPEC, _ask(f"size=25&sort={sort}&before={previous}"), shop.id)
    assert [row.number for row in back.rows] == pages[1]
    first = lists.page(SPEC, _ask(f"size=25&sort={sort}&before={back.previous}"), shop.id)
    assert ([row.number for row in first.rows], first.previous) == (pages[0], "")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "____",
        "W10",
        "WzEsMl0",
        "WyJub3QgYSBkYXRlIiwxXQ",
        "WyIyMDI2LTExLTAxIiwxXQ",
        "WyIyMDI2LTExLTAxVDA0OjAwOjAwKzAwOjAwIiwieCJd",
    ],
)
def test_a_damaged_cursor_is_refused_in_words(shop, cursor) -> None:
    with pytest.raises(RuleViolation) as refused:
        lists.page(SPEC, _ask(f"after={cursor}"), shop.id)

    assert refused.value.code == "bad_cursor"


def test_a_cursor_of_another_sort_is_refused(shop) -> None:
    for index in range(30):
        make.order(shop, number=f"N{index}")
    page = lists.page(SPEC, _ask("sort=number"), shop.id)

    with pytest.raises(RuleViolation):
        lists.page(SPEC, _ask(f"sort=total&after={page.next}"), shop.id)


@pytest.mark.parametrize(
    "query",
    ["sort=password", "sort=note", "sort=--number", "sort=-", "size=7", "size=²", "tab=nothing", "cols=nothing"],
)
def test_unknown_sorts_sizes_tabs_and_columns_fall_back(query) -> None:
    assert _ask(query) == _ask()


def test_the_state_survives_the_address() -> None:
    query = "tab=shipped&q=50%25&f_status=shipped&f_status=closed&f_total=1..9&sort=total&cols=total%2Cnumber&size=100"

    assert lists.query_of(SPEC, _ask(query)) == query
    assert [column.key for column in lists.shown(SPEC, _ask(query))] == ["total", "number"]
    assert (
        lists.query_of(SPEC, _ask(query), f_status=None, tab="", cols="", size="") == "q=50%25&f_total=1..9&sort=total"
    )


@pytest.mark.parametrize(
    ("text", "found"), [("50%", ["A50%B"]), ("_", ["A_B"]), ("\\", ["A\\B"]), ("a5", ["A50%B", "A500B"])]
)
def test_wildcards_in_a_search_are_plain_text(shop, text, found) -> None:
    for number in ("A50%B", "A500B", "A_B", "A\\B"):
        make.order(shop, number=number)

    assert sorted(row.number for row in lists.page(SPEC, lists.ask(SPEC, {"q": text}), shop.id).rows) == sorted(found)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("f_status=shipped", ["late"]),
        ("f_status=shipped&f_status=closed", ["late", "early"]),
        ("f_status=stolen", []),
        ("f_placed=2026-11-02..2026-11-02", ["late"]),
        ("f_placed=..2026-11-01", ["early"]),
        ("f_total=1000..", ["late"]),
        ("f_total=..999", ["early"]),
        ("f_total=..", ["late", "early"]),
        ("tab=shipped&f_total=..999", []),
        ("q=%00late%00", ["late"]),
    ],
)
def test_filters_narrow_by_days_of_the_shop_amounts_and_states(shop, query, found) -> None:
    make.order(shop, ("A", 1, 1000), number="late", status=OrderStatus.SHIPPED, placed_at=PLACED + timedelta(hours=13))
    make.order(shop, ("A", 1, 500), number="early", status=OrderStatus.CLOSED, placed_at=PLACED)

    assert _numbers(shop, query) == found


@pytest.mark.parametrize(
    "query", ["f_placed=yesterday..", "f_placed=0001-01-01..", "f_total=a..b", f"f_total={10**30}.."]
)
def test_a_range_that_cannot_be_read_is_refused_in_words(shop, query) -> None:
    with pytest.raises(RuleViolation) as refused:
        lists.page(SPEC, _ask(query), shop.id)

    assert refused.value.code == "bad_range"


def _chosen(form, shop):
    return sorted(db.session.scalars(lists.selection_from(MultiDict(form), SPEC, shop.id)))


def test_all_matching_follows_the_list_and_never_leaves_the_shop(shop) -> None:
    mine = [make.order(shop, number=f"B{index}").id for index in range(30)]
    make.order(shop, number="C1")
    make.order(make.shop(), number="B99")

    assert _chosen({"selection": "matching", "query": "?q=B&size=25&after=x"}, shop) == mine


def test_ticked_rows_must_all_be_rows_of_the_shop(shop) -> None:
    mine, foreign = make.order(shop).id, make.order(make.shop()).id

    assert _chosen([("ids", str(mine)), ("ids", "x")], shop) == [mine]
    with pytest.raises(Forbidden):
        _chosen([("ids", str(mine)), ("ids", str(foreign))], shop)
    with pytest.raises(RuleViolation) as refused:
        _chosen({}, shop)
    assert refused.value.code == "nothing_selected"


def test_an_export_holds_what_is_seen_and_no_formula(shop) -> None:
    make.order(shop, ("A", 1, 1250), number="=1+1", placed_at=PLACED)
    make.order(shop, number="other")

    path = list_export.write(SPEC, _ask("q=%3D1&cols=total,number,placed"), shop)
    sheet = openpyxl.load_workbook(io.BytesIO(path.read_bytes())).active
    path.unlink()

    rows = list(sheet.iter_rows(values_only=True))
    assert [str(cell) for cell in rows[0]] == ["Total", "Number", "Placed"]
    assert (rows[1][0], rows[1][1], str(rows[1][2]), len(rows)) == (12.5, "=1+1", "2026-11-01 12:00:00", 2)
    assert sheet["B2"].data_type == "s"


def test_an_export_that_is_too_long_is_refused_and_leaves_no_file(shop, monkeypatch) -> None:
    monkeypatch.setattr(list_export, "LIMIT", 2)
    for _ in range(3):
        make.order(shop)
    from app.kit import files

    before = set((files.folder() / "making").glob("*.xlsx"))
    with pytest.raises(RuleViolation) as refused:
        list_export.write(SPEC, _ask(), shop)

    assert refused.value.code == "too_many_rows"
    assert set((files.folder() / "making").glob("*.xlsx")) == before


def test_views_are_ones_own_or_shared_and_only_ones_own_can_go(sign_in) -> None:
    shop = make.shop()
    mei, ann = make.staff(Role.MANAGER, shop), make.staff(Role.MANAGER, shop)
    client, other = sign_in(mei), sign_in(ann)
    for name, shared in (("Mine", ""), ("Ours", "yes")):
        form = {
            "list": "orders",
            "name": name,
            "query": "tab=shipped&shop=x&after=y",
            "shared": shared,
            "path": "/orders/",
        }
        assert client.post("/views/", data=form).location.startswith("/orders/?tab=shipped&view=")

    page = other.get("/orders/").text
    with context.shops([shop.id]):
        ours = db.session.scalars(select(SavedView).where(SavedView.name == "Ours")).one()
    refused = other.post(f"/views/{ours.id}/delete")
    with context.shops([shop.id]):
        kept = [(view.name, view.query) for view in saved_views.visible("orders", shop.id, mei.id)]

    assert ("Ours" in page, "Mine" in page) == (True, False)
    assert refused.status_code == 404
    assert kept == [("Mine", "tab=shipped"), ("Ours", "tab=shipped")]


@pytest.mark.parametrize("path", ["//evil.test/", "https://evil.test/", "/\\evil.test"])
def test_saving_a_view_never_leads_elsewhere(sign_in, path) -> None:
    client = sign_in(make.staff(Role.MANAGER, make.shop()))

    answer = client.post("/views/", data={"list": "orders", "name": "A", "query": "", "path": path})

    assert answer.location.startswith("/?view=")
