"""Orders by the API: made to the fen, read page by page, changed under their version, masked unless asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.api_keys.scopes import Scope
from app.kit import clock, context, journal
from app.kit.db import db
from app.kit.journal import JournalEntry
from app.orders.models import OrderStatus
from tests import factories as make
from tests.api.conftest import Program, count

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
A6 = {
    "lines": [{"sku": "A", "quantity": 3}, {"sku": "B", "quantity": 1}, {"sku": "C", "quantity": 1}],
    "discounts": [{"amount": "10.00", "payer": "platform", "label": "Coupon"}],
    "shipping": "8.00",
    "customer": {"name": "王小明", "phone": "13800001234"},
    "delivery": {"receiver": "王小明", "phone": "13800001234", "address": "浙江省杭州市西湖区文三路 1 号"},
    "staff_note": "gift",
}


@pytest.fixture
def erp(program) -> Program:
    """A program whose shop has A at 33.33, B at 50.00 and C at 0.01, ten of each."""
    made = program()
    for code, price in (("A", 3333), ("B", 5000), ("C", 1)):
        make.sku(made.shop, make.product(made.shop, title=code), code=code, price_minor=price, stock_on_hand=10)
    return made


def new(erp: Program, **changes) -> dict:
    status, body = erp.post("/orders", {**A6, **changes})
    assert status == 201, body
    return body["order"]


def stock(erp: Program, code: str) -> tuple[int, int, int]:
    row = erp.get(f"/stock?sku={code}")[1]["items"][0]
    return row["on_hand"], row["reserved"], row["available"]


def test_an_order_comes_to_the_fen_and_holds_its_stock(erp) -> None:
    with clock.frozen(NOON):
        order = new(erp)

    assert order["money"] == {
        "items": "150.00", "shipping": "8.00", "other_charges": "0.00", "discount": "10.00", "total": "148.00",
        "paid": "0.00", "refunded": "0.00", "outstanding": "148.00",
    }  # fmt: skip
    assert [(line["code"], line["amount"], line["discount"], line["net"]) for line in order["lines"]] == [
        ("A", "99.99", "6.67", "93.32"),
        ("B", "50.00", "3.33", "46.67"),
        ("C", "0.01", "0.00", "0.01"),
        ("SHIPPING", "8.00", "0.00", "8.00"),
        ("DISCOUNT", "-10.00", "0.00", "-10.00"),
    ]
    assert order["discounts"] == [{"amount": "10.00", "payer": "platform", "payer_code": 1002, "label": "Coupon"}]
    assert (order["status"], order["payment_state"], order["placed_at"]) == (
        "pending_payment", "unpaid", "2026-11-23T12:00:00Z"
    )  # fmt: skip
    assert order["number"] == f"M20261123-{order['id']}"
    assert stock(erp, "A") == (10, 3, 7)
    with context.every_shop("test"):
        created = journal.timeline("order", order["id"])[-1]
    assert (created.event, created.facts["source"], created.actor) == ("OrderCreated", "api", f"key:{erp.key_id}")


def test_a_dry_run_tells_the_same_and_keeps_nothing(erp) -> None:
    before = [count(table) for table in ("orders", "order_line", "customer", "stock_hold", "journal_entry")]

    status, body = erp.post("/orders", {**A6, "dry_run": True})

    assert (status, body["dry_run"], body["order"]["money"]["total"]) == (200, True, "148.00")
    assert [count(table) for table in ("orders", "order_line", "customer", "stock_hold", "journal_entry")] == before
    assert stock(erp, "A") == (10, 0, 10)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lines": []}, "request_invalid"),
        ({"lines": [{"sku": "X", "quantity": 1}]}, "sku_not_found"),
        ({"lines": [{"sku": "A", "quantity": 11}]}, "insufficient_stock"),
        ({"lines": [{"sku": "A", "quantity": 1}, {"sku": "A", "quantity": 1}]}, "sku_twice"),
        ({"lines": [{"sku": "A", "quantity": 1, "price": "1.00"}]}, "price_reason_missing"),
        ({"lines": [{"sku": "A", "quantity": 1, "price": "1.005", "price_reason": "x"}]}, "amount_unreadable"),
        ({"discounts": [{"amount": "150.01"}]}, "discount_too_large"),
        ({"shipping": "-1.00"}, "amount_bad"),
        ({"customer": {"id": 999999}}, "not_found"),
        ({"customer": {"phone": "13800001234"}}, "name_missing"),
    ],
)
def test_what_a_rule_refuses_makes_no_order(erp, changes, code: str) -> None:
    _, body = erp.post("/orders", {**A6, **changes})

    assert body["code"] == code
    assert [count(table) for table in ("orders", "order_line", "customer", "stock_hold")] == [0, 0, 0, 0]


def test_the_whole_course_of_an_order(erp) -> None:
    path = f"/orders/{new(erp)['id']}"
    part = erp.post(f"{path}/payments", {"amount": "100.00", "method": "transfer", "reference": "R1"})[1]
    assert (part["payment_state"], part["money"]["outstanding"]) == ("partly_paid", "48.00")
    too_much = erp.post(f"{path}/payments", {"amount": "48.01", "method": "cash"})[1]
    assert too_much["code"] == "payment_amount"
    paid = erp.post(f"{path}/payments", {"amount": "48.00", "method": "cash"})[1]
    assert (paid["status"], paid["payment_state"], paid["money"]["paid"]) == ("pending_shipment", "paid", "148.00")
    assert [(row["amount"], row["method"], row["reference"]) for row in paid["payments"]] == [
        ("100.00", "transfer", None),
        ("48.00", "cash", None),
    ]

    assert erp.post(f"{path}/complete")[1]["code"] == "order_move"
    closed = erp.post(f"{path}/cancel", {"cause": "out_of_stock"})[1]
    assert (closed["status"], closed["close_cause"]) == ("closed", "out_of_stock")
    assert stock(erp, "A") == (10, 0, 10)
    assert erp.post(f"{path}/reopen")[1]["code"] == "reopen_refused"
    events = [entry["event"] for entry in erp.get(f"{path}/timeline")[1]["items"] if entry["event"]]
    assert sorted(events) == ["OrderCreated", "OrderMoved", "OrderMoved", "OrderMoved", "OrderPaid", "OrderPaid"]


def test_an_order_that_was_cancelled_unpaid_is_opened_again_with_its_stock(erp) -> None:
    path = f"/orders/{new(erp)['id']}"
    erp.post(f"{path}/cancel", {"cause": "buyer"})

    again = erp.post(f"{path}/reopen")[1]

    assert (again["status"], again["close_cause"], stock(erp, "A")) == ("pending_payment", None, (10, 3, 7))


def test_lines_are_changed_under_the_version_that_was_read_and_tried_out_first(erp) -> None:
    order = new(erp)
    path, version = f"/orders/{order['id']}", f'"{order["version"]}"'
    lines = {
        "lines": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1, "price": "45.00", "price_reason": "dent"}]
    }

    assert erp.send("PUT", f"{path}/lines", lines)[0] == 428
    tried = erp.send("PUT", f"{path}/lines", {**lines, "dry_run": True}, If_Match=version)[1]
    assert tried["effect"] == {"before": "148.00", "after": "76.33", "owed": "-71.67"}
    assert erp.get(path)[1]["money"]["total"] == "148.00"
    assert erp.last.headers["ETag"] == version
    done = erp.send("PUT", f"{path}/lines", lines, If_Match=version)[1]
    assert (done["order"]["money"]["total"], stock(erp, "A"), stock(erp, "C")) == ("76.33", (10, 1, 9), (10, 0, 10))
    assert [(line["list_price"], line["price_reason"]) for line in done["order"]["lines"][:2]] == [
        (None, ""),
        ("50.00", "dent"),
    ]
    status, stale = erp.send("PUT", f"{path}/lines", lines, If_Match=version)
    assert (status, stale["code"]) == (412, "stale_version")
    assert stale["facts"] == {"present": done["order"]["version"], "expected": order["version"]}


def test_receiver_and_note_are_changed_field_by_field(erp) -> None:
    order = new(erp)
    path = f"/orders/{order['id']}"

    status, after = erp.send("PATCH", path, {"address": "上海市浦东新区世纪大道 1 号"}, If_Match=str(order["version"]))

    assert (status, after["version"]) == (200, order["version"] + 1)
    shown = erp.get(f"{path}?personal=shown")[1]
    assert shown["delivery"] == {
        "receiver": "王小明", "phone": "13800001234", "address": "上海市浦东新区世纪大道 1 号"
    }  # fmt: skip
    assert shown["staff_note"] == "gift"


def test_tags_flag_and_comments(erp) -> None:
    path = f"/orders/{new(erp)['id']}"

    marked = erp.send("PUT", f"{path}/marks", {"tags": ["gift", "live"], "flag": "red", "flag_text": "call"})[1]
    assert (marked["tags"], marked["flag"], marked["flag_text"]) == (["gift", "live"], "red", None)
    assert erp.send("PUT", f"{path}/marks", {"tags": ["a,b"]})[1]["code"] == "request_invalid"
    assert [row["id"] for row in erp.get("/orders?tag=live")[1]["items"]] == [marked["id"]]
    assert erp.get("/orders?tag=liv")[1]["items"] == []
    said = erp.post(f"{path}/comments", {"body": "Which colour?"})
    assert (said[0], said[1]["author"]) == (201, f"key:{erp.key_id}")
    assert [row["body"] for row in erp.get(f"{path}/comments")[1]["items"]] == ["Which colour?"]


def test_buyers_data_is_masked_and_shown_only_to_who_asks_and_may_and_it_is_written_down(erp, program) -> None:
    order = new(erp)
    path = f"/orders/{order['id']}"
    masked = erp.get(path)[1]
    assert (masked["personal"], masked["staff_note"], masked["customer"]["number"]) == ("masked", None, None)
    assert masked["delivery"] == {"receiver": "王**", "phone": "138****1234", "address": "浙江省杭州市****"}
    assert "小明" not in erp.last.text + str(erp.get("/orders")[1]) + str(erp.get(f"{path}/timeline")[1])
    without = program(erp.shop, Scope.ORDERS_READ)
    assert without.get(f"{path}?personal=shown")[1]["code"] == "scope_missing"
    assert count_readings() == []

    assert erp.get(f"{path}?personal=shown")[1]["delivery"]["receiver"] == "王小明"
    assert erp.get("/orders?personal=shown")[1]["items"][0]["delivery"]["phone"] == "13800001234"
    assert count_readings() == [(erp.key_id, [order["id"]])] * 2


def count_readings() -> list[tuple[int, list[int]]]:
    with context.every_shop("test"):
        rows = db.session.scalars(select(JournalEntry).where(JournalEntry.event == "PersonalDataRead")).all()
    return [(row.subject_id, row.facts["ids"]) for row in rows]


def test_pages_follow_one_another_and_filters_by_axis(erp) -> None:
    for number in range(5):
        make.order(erp.shop, number=f"N{number}", placed_at=NOON + timedelta(hours=number // 2))
        make.order(make.shop(), number=f"N{number}")
    make.order(erp.shop, number="sent", status=OrderStatus.SHIPPED, placed_at=NOON - timedelta(days=1))
    seen, cursor = [], ""
    while cursor is not None:
        body = erp.get(f"/orders?limit=2{cursor and '&cursor=' + cursor}")[1]
        seen += [row["number"] for row in body["items"]]
        cursor = body["next_cursor"]

    assert seen == ["N4", "N3", "N2", "N1", "N0", "sent"]
    for query, found in {
        "status=shipped": ["sent"],
        "fulfilment_state=fulfilled": ["sent"],
        "payment_state=paid&order_state=open&limit=1": ["N4"],
        "number=N3": ["N3"],
        "after_sale_state=open": [],
        "kind=credit_note": [],
        f"placed_until={NOON.isoformat().replace('+00:00', 'Z')}": ["sent"],
        "placed_from=2026-11-23T13:30:00Z": ["N4"],
    }.items():
        assert [row["number"] for row in erp.get(f"/orders?{query}")[1]["items"]] == found, query


def test_changed_orders_come_in_the_order_of_their_change(erp) -> None:
    ids: list[int] = []
    for minute, number in enumerate(("first", "second", "third")):
        with clock.frozen(NOON + timedelta(minutes=minute)):
            ids.append(make.order(erp.shop, number=number).id)
    with clock.frozen(NOON + timedelta(minutes=9)):
        erp.send("PUT", f"/orders/{ids[0]}/marks", {"tags": ["x"]})
    body = erp.get("/orders?updated_since=2026-11-23T12:01:00Z&limit=2")[1]
    rest = erp.get(f"/orders?updated_since=2026-11-23T12:01:00Z&cursor={body['next_cursor']}")[1]

    assert [row["number"] for row in body["items"] + rest["items"]] == ["second", "third", "first"]
    assert rest["next_cursor"] is None


def test_a_page_of_fifty_takes_as_many_statements_as_one_of_two(erp, count_sql) -> None:
    asked = []
    for size in (2, 50):
        for _ in range(size):
            new(erp, lines=[{"sku": "C", "quantity": 1}], discounts=[], shipping="0") if size == 2 else make.order(
                erp.shop
            )
        with count_sql() as statements:
            assert len(erp.get(f"/orders?limit={size}&personal=masked")[1]["items"]) == size
        asked.append(len(statements))

    assert asked[0] == asked[1]
