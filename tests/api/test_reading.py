"""Reading: SKUs page by page with filters, one SKU, changes and their lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.catalog.models import ProductStatus
from app.kit import clock
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _codes(erp, path: str) -> list[str]:
    status, body = erp.get(path)
    assert status == 200, body
    return [row["sku"] for row in body["items"]]


def test_a_sku_has_exactly_these_fields(program) -> None:
    erp = program()
    cups = make.category(erp.shop, "Cups", parent_id=make.category(erp.shop, "Kitchen").id)
    with clock.frozen(NOON):
        mug = make.product(erp.shop, "Mug", code="MUG", category_id=cups.id)
        make.sku(
            erp.shop, mug, code="MUG-1/红", price_minor=1990, compare_at_minor=2500, cost_minor=None, stock_on_hand=7,
            low_stock_limit=2, barcode="690", options={"颜色": "红"},
        )  # fmt: skip

    assert erp.get("/skus/MUG-1%2F%E7%BA%A2") == (
        200,
        {
            "sku": "MUG-1/红", "product": "MUG", "title": "Mug", "status": "on_sale", "category": "Kitchen > Cups",
            "price": "19.90", "price_minor": 1990, "price_now": "19.90", "compare_at_price": "25.00",
            "cost": None, "currency": "CNY",
            "stock": 7, "low_stock_limit": 2, "barcode": "690", "options": {"颜色": "红"}, "tags": [], "attributes": {},
            "freight_template": None, "version": 1,
            "product_version": 1, "updated_at": "2026-11-23T12:00:00Z",
        },
    )  # fmt: skip


def test_the_price_of_this_moment_is_that_of_the_window_over_it(program) -> None:
    erp = program()
    sku = make.sku(erp.shop, code="A", price_minor=1000)
    make.price_window(erp.shop, {sku.id: 700}, NOON, NOON + timedelta(hours=1))

    for minutes, price in ((-1, "10.00"), (0, "7.00"), (60, "10.00")):
        with clock.frozen(NOON + timedelta(minutes=minutes)):
            told = erp.get("/skus/A")[1]
        assert (told["price"], told["price_now"]) == ("10.00", price)


def test_pages_follow_one_another_without_gap_or_repeat(program) -> None:
    erp = program()
    for number in range(7):
        make.sku(erp.shop, code=f"S{number}")
        make.sku(make.shop(), code=f"S{number}")
    seen, cursor = [], ""
    for size in (3, 3, 1):
        _, body = erp.get(f"/skus?limit=3{cursor}")
        assert len(body["items"]) == size
        seen += [row["sku"] for row in body["items"]]
        cursor = f"&cursor={body['next_cursor']}"

    assert seen == [f"S{number}" for number in range(7)]
    assert body["next_cursor"] is None


def test_filters_by_status_category_and_time(program) -> None:
    erp = program()
    kitchen = make.category(erp.shop, "Kitchen")
    cups = make.category(erp.shop, "Cups", parent_id=kitchen.id)
    with clock.frozen(NOON):
        make.sku(erp.shop, make.product(erp.shop, category_id=cups.id), code="old")
        make.sku(erp.shop, make.product(erp.shop, status=ProductStatus.DRAFT), code="draft")
    with clock.frozen(NOON + timedelta(minutes=1)):
        make.sku(erp.shop, code="new")

    assert _codes(erp, "/skus?status=draft") == ["draft"]
    assert _codes(erp, "/skus?category=Kitchen") == ["old"]
    assert _codes(erp, "/skus?category=Kitchen%20%3E%20Cups") == ["old"]
    assert _codes(erp, "/skus?updated_since=2026-11-23T12:00:01Z") == ["new"]
    assert _codes(erp, "/skus?updated_since=2026-11-23T20:01:00%2B08:00") == ["new"]
    assert _codes(erp, "/skus?updated_since=2026-11-23T20:01:00+08:00") == ["new"]


@pytest.mark.parametrize(
    ("query", "code", "path"),
    [
        ("limit=501", "request_invalid", "limit"),
        ("limit=0", "request_invalid", "limit"),
        ("limit=x", "request_invalid", "limit"),
        ("colour=red", "request_invalid", "colour"),
        ("status=gone", "request_invalid", "status"),
        ("limit=1&limit=2", "request_invalid", "limit"),
        ("status=%00", "request_invalid", "status"),
        ("cursor=%21", "bad_cursor", None),
        ("cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "bad_cursor", None),
        ("updated_since=yesterday", "bad_moment", None),
        ("updated_since=2026-11-23T12:00:00", "bad_moment", None),
        ("category=Nowhere", "category_unknown_path", "Nowhere"),
    ],
)
def test_a_query_that_does_not_fit_is_422_and_says_where(program, query: str, code: str, path: str | None) -> None:
    status, body = program().get(f"/skus?{query}")

    assert (status, body["code"], body["facts"].get("path")) == (422, code, path)


def test_what_is_not_there_is_404(program) -> None:
    erp = program()

    sentence = "There is no SKU nope in this shop."
    assert erp.get("/skus/nope") == (
        404,
        {
            "type": "urn:kuaidan:problem:sku_not_found", "title": "Not Found", "status": 404, "detail": sentence,
            "code": "sku_not_found", "message": sentence, "facts": {"code": "nope"},
        },
    )  # fmt: skip
    assert erp.last.mimetype == "application/problem+json"
    assert erp.get("/skus/%00")[0] == 404
    assert erp.get("/changes/1")[1]["code"] == "not_found"
    assert erp.get("/changes/99999999999999999999")[0] == 404
    assert erp.get("/nothing")[0] == 404


def test_the_language_is_that_of_the_request(program) -> None:
    assert program().get("/skus/x", Accept_Language="zh-CN")[1]["message"] == "本店没有 SKU x。"
