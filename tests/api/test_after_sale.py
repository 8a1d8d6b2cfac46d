"""A6 by the API alone: one unit at a time, to the fen, and not a fen more; returns, limits, stale versions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.api_keys.scopes import Scope
from app.kit import context
from app.kit.db import db, transaction
from app.payments import refund_course
from app.payments.models import Refund
from tests import factories as make
from tests.api.conftest import Program, count
from tests.api.test_orders import A6

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def erp(program) -> Program:
    """A program whose shop sells the goods of A6."""
    made = program()
    for code, price in (("A", 3333), ("B", 5000), ("C", 1)):
        make.sku(made.shop, make.product(made.shop, title=code), code=code, price_minor=price, stock_on_hand=10)
    return made


@pytest.fixture
def order(erp) -> dict[str, Any]:
    """A6, paid and sent."""
    made = erp.post("/orders", A6)[1]["order"]
    erp.post(f"/orders/{made['id']}/payments", {"amount": "148.00", "method": "transfer"})
    erp.post(f"/orders/{made['id']}/parcels", {"carrier": "own"})
    return erp.get(f"/orders/{made['id']}")[1]


def opened(erp: Program, order: dict[str, Any], code: str | None, kind: str = "refund_only", **line: Any) -> Any:
    """A case about one line of the order, by its code; None is the shipping."""
    ids = {row["code"]: row["id"] for row in order["lines"]}
    wanted = {"order_line_id": ids[code] if code else None, **(line or {"units": 1})}
    return erp.post(f"/orders/{order['id']}/cases", {"kind": kind, "reason": "damaged", "lines": [wanted]})


def pay_back(order_id: int) -> None:
    """A person has paid back all that waits."""
    with context.every_shop("test"), transaction():
        for refund_id in list(db.session.scalars(select(Refund.id).where(Refund.order_id == order_id))):
            refund_course.paid_back_by_hand(refund_id, "bank 1")


def test_unit_by_unit_all_of_it_goes_back_to_the_fen_and_not_a_fen_more(erp, order) -> None:
    amounts = []
    for code, line in (("A", {}), ("A", {}), ("A", {}), ("B", {}), ("C", {}), ("SHIPPING", {"amount": "8.00"})):
        status, told = opened(erp, order, code, **line)
        assert status == 201, told
        amounts.append(told["case"]["amount"])
        erp.post(f"/cases/{told['case']['id']}/approve")

    assert amounts == ["31.10", "31.11", "31.11", "46.67", "0.01", "8.00"]
    assert {row["amount"] for row in erp.get(f"/orders/{order['id']}/refundable")[1]["items"]} == {"0.00"}
    status, refused = opened(erp, order, "SHIPPING", amount="0.01")
    assert (status, refused["code"]) == (422, "refund_beyond")
    assert opened(erp, order, "A")[1]["code"] == "refund_units"
    assert len(erp.get(f"/cases?order_id={order['id']}")[1]["items"]) == 6
    transactions = erp.get(f"/orders/{order['id']}/transactions")[1]
    assert sum(Decimal(row["amount"]) for row in transactions["refunds"]) == Decimal("148.00")


def test_a_dry_run_says_what_would_go_back_and_takes_nothing_of_the_ledger(erp, order) -> None:
    ids = {row["code"]: row["id"] for row in order["lines"]}
    wish = {"kind": "refund_only", "reason": "damaged", "lines": [{"order_line_id": ids["A"], "units": 3}]}

    status, told = erp.post(f"/orders/{order['id']}/cases", {**wish, "dry_run": True})

    assert (status, told["case"]["amount"], count("after_sale_case")) == (200, "93.32", 0)


def test_returned_units_are_booked_one_by_one_and_what_is_missing_is_not_paid_for(erp, order) -> None:
    case = opened(erp, order, "A", "return_refund", units=3)[1]["case"]
    waiting = erp.post(f"/cases/{case['id']}/approve")[1]
    assert (waiting["state"], waiting["state_code"]) == ("waits_for_return", 30)
    line = waiting["lines"][0]["id"]
    body = {"lines": [{"line_id": line, "restocked": 1, "damaged": 1}]}
    assert erp.post(f"/cases/{case['id']}/receive", body)[1]["code"] == "receipt_sum"

    body["lines"][0]["missing"] = 1
    told = erp.post(f"/cases/{case['id']}/receive", body)[1]

    assert (told["state"], told["amount"]) == ("refunding", "62.21")
    row = erp.get("/stock?sku=A")[1]["items"][0]
    assert (row["on_hand"], row["unavailable"], row["available"]) == (9, 1, 8)


def test_a_refusal_needs_its_words_and_a_stale_version_is_refused(erp, order) -> None:
    case = opened(erp, order, "B")[1]["case"]
    path = f"/cases/{case['id']}"

    assert erp.post(f"{path}/refuse", {"reason": "no_fault"})[1]["code"] == "refusal_text"
    refused = erp.post(f"{path}/refuse", {"reason": "no_fault", "words": "It is."}, If_Match=str(case["version"]))[1]
    assert (refused["state"], refused["state_code"], refused["refusal"]) == ("refused", 12, "no_fault")
    status, stale = erp.post(f"{path}/approve", If_Match=str(case["version"]))
    assert (status, stale["code"]) == (412, "stale_version")


def test_beyond_the_limit_a_key_needs_the_scope_for_it(erp, order, program) -> None:
    make.sku(erp.shop, code="GOLD", price_minor=30_000, stock_on_hand=1)
    gold = erp.post("/orders", {"lines": [{"sku": "GOLD", "quantity": 1}]})[1]["order"]
    erp.post(f"/orders/{gold['id']}/payments", {"amount": "300.00", "method": "cash"})
    case = opened(erp, gold, "GOLD")[1]["case"]
    clerk = program(erp.shop, Scope.AFTER_SALE_WRITE, owner=erp.owner)

    assert clerk.post(f"/cases/{case['id']}/approve")[1]["code"] == "case_over_limit"
    assert erp.post(f"/cases/{case['id']}/approve")[1]["state"] == "refunding"


def test_a_paid_order_is_cancelled_by_giving_its_money_back(erp, run_jobs) -> None:
    made = erp.post("/orders", {"lines": [{"sku": "B", "quantity": 1}]})[1]["order"]
    erp.post(f"/orders/{made['id']}/payments", {"amount": "50.00", "method": "cash"})

    status, case = erp.post(f"/orders/{made['id']}/cancel-paid", {"reason": "out_of_stock"})

    assert (status, case["state"], case["amount"], case["refunded"]) == (201, "refunding", "50.00", "0.00")
    assert erp.get(f"/orders/{made['id']}")[1]["status"] == "pending_shipment", "until the money is back"
    run_jobs()
    pay_back(made["id"])
    assert erp.get(f"/cases/{case['id']}")[1]["refunded"] == "50.00"
    closed = erp.get(f"/orders/{made['id']}")[1]
    assert (closed["status"], closed["close_cause"], closed["money"]["refunded"]) == ("closed", "refunded", "50.00")
