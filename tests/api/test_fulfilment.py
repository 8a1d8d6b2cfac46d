"""A7 by the API alone: twelve tracking numbers with a result for each, a split order, the same call again; parcels."""

from __future__ import annotations

from typing import Any

import pytest

from app.kit import context
from app.kit.db import db
from app.orders.models import OrderStatus
from tests import factories as make
from tests.api.conftest import Program, count

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def erp(program) -> Program:
    """A program whose shop has a hundred of CUP at 10.00."""
    made = program()
    make.sku(made.shop, make.product(made.shop, "Cup"), code="CUP", price_minor=1000, stock_on_hand=100)
    make.sku(made.shop, make.product(made.shop, "Pot"), code="POT", price_minor=5000, stock_on_hand=100)
    return made


def paid(erp: Program, *lines: tuple[str, int], address: str = "") -> dict[str, Any]:
    """A paid order, made by the API."""
    rows = [{"sku": sku, "quantity": quantity} for sku, quantity in lines or (("CUP", 1),)]
    delivery = {"receiver": "Li", "address": address or "Road 1"}
    order = erp.post("/orders", {"lines": rows, "delivery": delivery})[1]["order"]
    amount = {"amount": order["money"]["total"], "method": "cash"}
    return erp.post(f"/orders/{order['id']}/payments", amount)[1]


def number(n: int) -> str:
    return f"753123456789{n:02}"


def test_twelve_tracking_numbers_have_a_result_each_and_the_same_call_again_sends_nothing(erp) -> None:
    simple = [paid(erp, address=f"Road {n}")["number"] for n in range(6)]
    split = paid(erp, ("CUP", 1), ("POT", 1), address="Split Road")
    closed = make.order(erp.shop, ("CUP", 1, 1000), number="CLOSED", status=OrderStatus.CLOSED)
    far, sent, odd = paid(erp, address="Elsewhere 9"), paid(erp, address="Sent Road"), paid(erp, address="Odd Road")
    erp.post(f"/orders/{sent['id']}/parcels", {"carrier": "zto", "tracking_no": number(50)})
    rows = [
        *({"order": order, "carrier": "中通", "tracking_no": number(n)} for n, order in enumerate(simple)),
        {"order": split["number"], "carrier": "zto", "tracking_no": number(6), "sku": "CUP", "quantity": 1},
        {"order": split["number"], "carrier": "9", "tracking_no": number(7), "sku": "POT", "quantity": 1},
        {"order": odd["number"], "carrier": "Pigeon Post", "tracking_no": number(8)},
        {"order": far["number"], "carrier": "zto", "tracking_no": number(0)},
        {"order": closed.number, "carrier": "zto", "tracking_no": number(9)},
        {"order": sent["number"], "carrier": "zto", "tracking_no": number(50)},
    ]  # fmt: skip

    status, told = erp.post("/parcels/bulk", {"rows": rows})

    assert (status, told["counts"]) == (200, {"done": 8, "unchanged": 1, "refused": 3})
    refused = {row["index"]: (row["code"], row["field"]) for row in told["results"] if row["outcome"] == "refused"}
    assert {place: code for place, (code, _) in refused.items()} == {
        8: "carrier_unknown", 9: "tracking_two_addresses", 10: "order_closed"
    }  # fmt: skip
    assert told["results"][11]["outcome"] == "unchanged"
    parcels = erp.get(f"/orders/{split['id']}/parcels")[1]["items"]
    assert [(row["tracking_no"], row["lines"][0]["sku"]) for row in parcels] == [(number(6), "CUP"), (number(7), "POT")]
    assert erp.get(f"/orders/{split['id']}")[1]["status"] == "shipped"
    assert erp.get("/stock?sku=CUP")[1]["items"][0]["on_hand"] == 100 - 8

    again = erp.post("/parcels/bulk", {"rows": rows})[1]
    assert again["counts"] == {"done": 0, "unchanged": 9, "refused": 3}
    assert erp.get("/stock?sku=CUP")[1]["items"][0]["on_hand"] == 100 - 8


def test_an_order_that_left_in_part_waits_until_the_rest_has_left(erp) -> None:
    order = paid(erp, ("CUP", 3))
    line = order["lines"][0]["id"]
    path = f"/orders/{order['id']}/parcels"
    part = {"carrier": "own", "lines": [{"order_line_id": line, "quantity": 2}]}
    assert erp.post(path, part)[1]["units"] == 2
    assert erp.get(f"/orders/{order['id']}")[1]["fulfilment_state"] == "partly_fulfilled"
    assert erp.post(path, part)[1]["code"] == "over_quantity"

    rest = erp.post(path, {"carrier": "own"})[1]
    assert [(row["sku"], row["quantity"]) for row in rest["lines"]] == [("CUP", 1)]
    assert erp.get(f"/orders/{order['id']}")[1]["status"] == "shipped"


def test_a_parcel_is_corrected_signed_for_and_its_order_delivered_and_completed(erp) -> None:
    order = paid(erp)
    sent = erp.post(f"/orders/{order['id']}/parcels", {"carrier": "zto", "tracking_no": number(1)})[1]
    path = f"/parcels/{sent['id']}"
    right = {"carrier": "顺丰", "tracking_no": "SF1234567890123"}
    corrected = erp.post(f"{path}/correct", right, If_Match=str(sent["version"]))[1]
    assert (corrected["carrier"], corrected["tracking_no"]) == ("sf", "SF1234567890123")
    assert erp.post(f"{path}/correct", right, If_Match=str(sent["version"]))[0] == 412

    for _ in range(2):
        assert erp.post(f"{path}/signed")[1]["state"] == "signed"
    assert erp.post(f"/orders/{order['id']}/complete")[1]["status"] == "completed"
    assert [row["kind"] for row in erp.get(path)[1]["events"]][:2] == ["signed", "corrected"]
    assert [row["id"] for row in erp.get("/parcels?tracking_no=SF1234567890123")[1]["items"]] == [sent["id"]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"carrier": "Pigeon Post", "tracking_no": "1"}, "carrier_unknown"),
        ({"carrier": "zto"}, "tracking_missing"),
        ({"carrier": "sf", "tracking_no": "12"}, "tracking_shape"),
        ({"carrier": "own", "lines": [{"order_line_id": 999999, "quantity": 1}]}, "line_unknown"),
    ],
)
def test_what_the_platform_would_refuse_is_refused_and_nothing_leaves(erp, body, code: str) -> None:
    order = paid(erp)

    assert erp.post(f"/orders/{order['id']}/parcels", body)[1]["code"] == code
    assert (count("parcel"), erp.get("/stock?sku=CUP")[1]["items"][0]["on_hand"]) == (0, 100)


def test_an_unpaid_order_does_not_leave(erp) -> None:
    order = erp.post("/orders", {"lines": [{"sku": "CUP", "quantity": 1}]})[1]["order"]

    assert erp.post(f"/orders/{order['id']}/parcels", {"carrier": "own"})[1]["code"] == "order_not_paid"


def test_many_orders_are_cancelled_by_one_call_with_a_result_for_each(erp, run_jobs) -> None:
    open_ones = [erp.post("/orders", {"lines": [{"sku": "CUP", "quantity": 1}]})[1]["order"]["id"] for _ in range(3)]
    done = make.order(erp.shop, status=OrderStatus.COMPLETED).id
    status, batch = erp.post("/batches", {"act": "cancel", "orders": [*open_ones, done], "cause": "buyer"})
    assert (status, batch["state"], batch["total"]) == (202, "queued", 4)
    assert erp.post("/batches", {"act": "cancel", "orders": open_ones})[1]["code"] == "batch_fact_missing"

    run_jobs()
    db.session.expire_all()
    told = erp.get(f"/batches/{batch['id']}")[1]
    assert (told["state"], told["done"], told["unchanged"], told["refused"]) == ("partly", 3, 0, 1)
    refused = erp.get(f"/batches/{batch['id']}/rows?outcome=refused")[1]["items"]
    assert [(row["subject_id"], row["code"], row["from_state"]) for row in refused] == [
        (done, "order_move", "completed")
    ]
    assert erp.get("/stock?sku=CUP")[1]["items"][0]["reserved"] == 0
    with context.every_shop("test"):
        assert count("batch") == 1
