"""The document is a valid one, and every answer that it promises is really given, in the promised shape."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app import api_routes
from app.api import openapi
from app.api.routes import Route
from app.api_keys.scopes import Scope
from app.fulfilment import parcels
from app.kit import context
from app.kit.db import transaction
from app.orders.models import OrderStatus
from tests import factories as make
from tests.api.conftest import Program
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("app")
ROUTES = api_routes()
OFFICIAL = json.loads((ROOT / "tests/api/openapi-3.1-schema.json").read_text("utf-8"))
"""The OpenAPI Initiative's schema of such documents: spec.openapis.org/oas/3.1/schema/2022-10-07, Apache-2.0."""
IN_PROGRESS = "tests/api/test_idempotency.py, with a second connection"
"""Why 409 of a write is shown there: it is the shell's, the same for all."""
Answer = tuple[int, Any]


def test_the_document_is_a_valid_openapi_3_1_document() -> None:
    document = json.loads(json.dumps(openapi.build()))

    assert [error.message for error in Draft202012Validator(OFFICIAL).iter_errors(document)] == []


_number = itertools.count(11)


def _row(price: str) -> dict[str, Any]:
    return {"rows": [{"sku": "A", "price": price}]}


class World:
    """A program, and one of everything that an address can name."""

    def __init__(self, erp: Program) -> None:
        self.erp = erp
        self._known: dict[str, str] = {}
        for code in ("A", "CUP-BLUE", "CUP-RED"):
            make.sku(erp.shop, code=code, price_minor=1000, stock_on_hand=20)

    def change(self) -> int:
        return int(self.erp.post("/skus/bulk", _row(f"{next(_number)}"))[1]["change_set_id"])

    def order(self, total: str = "") -> int:
        line = {"sku": "CUP-BLUE", "quantity": 1}
        made = self.erp.post("/orders", {"lines": [line], "shipping": total or "0"})[1]
        return int(made["order"]["id"])

    def delivered(self) -> int:
        return int(make.order(self.erp.shop, status=OrderStatus.DELIVERED).id)

    def hold(self) -> str:
        name = f"cart-{next(_number)}"
        self.erp.post("/stock/holds", {"holder": name, "lines": [{"sku": "A", "quantity": 1}]})
        return name

    def paid(self) -> int:
        order = self.order("138")
        self.erp.post(f"/orders/{order}/payments", {"amount": "148.00", "method": "cash"})
        return order

    def parcel(self) -> int:
        return int(self.erp.post(f"/orders/{self.paid()}/parcels", {"carrier": "own"})[1]["id"])

    def label(self) -> int:
        order = self.paid()
        with context.shops([self.erp.shop.id]), transaction():
            return parcels.label(order, "zto", f"7531234567{next(_number):04}").id

    def case(self, kind: str = "refund_only", order: int | None = None) -> int:
        order = order or self.paid()
        line = self.erp.get(f"/orders/{order}")[1]["lines"][0]["id"]
        wish = {"kind": kind, "reason": "damaged", "lines": [{"order_line_id": line, "units": 1}]}
        return int(self.erp.post(f"/orders/{order}/cases", wish)[1]["case"]["id"])

    def batch(self) -> int:
        wanted = {"act": "tag", "orders": [self.order()], "tags": ["gift"]}
        return int(self.erp.post("/batches", wanted)[1]["id"])

    def path(self, route: Route) -> str:
        """The address of something that is there."""
        makers: dict[str, Callable[[], Any]] = {
            "order_id": self.order, "change_id": self.change, "holder": self.hold, "code": lambda: "A",
            "parcel_id": self.parcel, "case_id": self.case, "batch_id": self.batch,
        }  # fmt: skip
        return re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda name: str(makers[name[1]]()), route.path)

    def known(self, route: Route) -> str:
        """The same, made once: for calls that are refused before they change it."""
        if route.name not in self._known:
            self._known[route.name] = self.path(route)
        return self._known[route.name]

    def refused(self, route: Route, **more: Any) -> Answer:
        """The route's own example with something wrong about the call."""
        return self.send(route, self.known(route), **more)

    def send(self, route: Route, path: str | None = None, body: Any = ..., **headers: str) -> Answer:
        """The route's own example, to something that is there, of its first version where one must be named."""
        meant = {"If_Match": "1"} if 428 in route.contract.faults else {}
        wanted = route.contract.example if body is ... else body
        return self.erp.send(route.method, path or self.path(route), wanted, **meant | headers)


def _count(expected: int) -> dict[str, Any]:
    return {"deed": "count", "sku": "A", "quantity": 7, "expected": expected, "reason": "count"}


def _undone_twice(erp: Program) -> Answer:
    waiting = erp.post("/skus/bulk", _row("1"))[1]["change_set_id"]
    return erp.post(f"/changes/{waiting}/undo")


def _reopened(world: World) -> Answer:
    order = world.order()
    world.erp.post(f"/orders/{order}/cancel", {"cause": "buyer"})
    return world.erp.post(f"/orders/{order}/reopen")


def _confirmed_late(world: World) -> Answer:
    name = world.hold()
    world.erp.post(f"/stock/holds/{name}/release")
    return world.erp.post(f"/stock/holds/{name}/confirm")


def _opened(world: World, **more: Any) -> Answer:
    order = world.paid()
    line = world.erp.get(f"/orders/{order}")[1]["lines"][0]["id"]
    wish = {"kind": "refund_only", "reason": "damaged", "lines": [{"order_line_id": line, "units": 1}], **more}
    return world.erp.post(f"/orders/{order}/cases", wish)


def _received(world: World) -> Answer:
    order = world.paid()
    world.erp.post(f"/orders/{order}/parcels", {"carrier": "own"})
    case = world.case("return_refund", order)
    told = world.erp.post(f"/cases/{case}/approve")[1]
    line = told["lines"][0]["id"]
    return world.erp.post(f"/cases/{case}/receive", {"lines": [{"line_id": line, "restocked": 1}]})


def _given_back(world: World) -> Answer:
    order = world.paid()
    world.erp.post(f"/orders/{order}/parcels", {"carrier": "own"})
    return world.erp.post(f"/cases/{world.case('return_refund', order)}/refund")


SPECIAL: dict[tuple[str, int], Callable[[World], Answer]] = {
    ("undo_change", 409): lambda world: _undone_twice(world.erp),
    ("upsert_skus", 202): lambda world: world.erp.post("/skus/bulk", _row("1")),
    ("upsert_skus", 200): lambda world: world.erp.post("/skus/bulk", _row("99999")),
    ("create_order", 200): lambda world: world.erp.post(
        "/orders", {"lines": [{"sku": "A", "quantity": 1}], "dry_run": True}
    ),
    ("record_order_payment", 200): lambda world: world.erp.post(
        f"/orders/{world.order('138')}/payments", {"amount": "148.00", "method": "cash"}
    ),
    ("reopen_order", 200): _reopened,
    ("complete_order", 200): lambda world: world.erp.post(f"/orders/{world.delivered()}/complete"),
    ("confirm_hold", 409): _confirmed_late,
    ("move_stock", 409): lambda world: world.erp.post("/stock/movements", _count(19)),
    ("send_parcel", 200): lambda world: world.erp.post(f"/orders/{world.paid()}/parcels", {"carrier": "own"}),
    ("cancel_parcel", 200): lambda world: world.erp.post(f"/parcels/{world.label()}/cancel"),
    ("open_case", 201): _opened,
    ("open_case", 200): lambda world: _opened(world, dry_run=True),
    ("cancel_paid_order", 201): lambda world: world.erp.post(
        f"/orders/{world.paid()}/cancel-paid", {"reason": "out_of_stock"}
    ),
    ("receive_return", 200): _received,
    ("refund_case", 200): _given_back,
    ("start_batch", 202): lambda world: world.erp.post(
        "/batches", {"act": "cancel", "orders": [world.order()], "cause": "buyer"}
    ),
    ("start_batch", 404): lambda world: world.erp.post(
        "/batches", {"act": "cancel", "orders": [world.order(), 999999], "cause": "buyer"}
    ),
    ("move_stock", 200): lambda world: world.erp.post("/stock/movements", _count(20)),
}


FAULTS: dict[int, Callable[[World, Route], Answer]] = {
    400: lambda world, route: world.refused(route, Idempotency_Key=""),
    401: lambda world, route: world.refused(route, Authorization=""),
    404: lambda world, route: world.send(route, re.sub(r"<[^>]+>", "999999", route.path)),
    412: lambda world, route: world.refused(route, If_Match='"99"'),
    413: lambda world, route: world.refused(route, body=b" " * (route.contract.body_bytes + 1)),
    415: lambda world, route: world.refused(route, Content_Encoding="br"),
    422: lambda world, route: world.send(route, world.known(route) + "?colour=red"),
    428: lambda world, route: world.refused(route, If_Match=""),
}


def _promised(route: Route) -> list[int]:
    document = openapi.build()["paths"]["/api/v1" + openapi.shown_path(route.path)][route.method.lower()]
    return [int(status) for status in document["responses"]]


def _provoke(world: World, route: Route, status: int, app: Any, program: Any) -> Answer:
    if (route.name, status) in SPECIAL:
        return SPECIAL[route.name, status](world)
    if status in route.contract.answers:
        return world.send(route)
    if status == 403:
        poor = program(world.erp.shop, next(scope for scope in Scope if scope is not route.scope))
        return poor.send(route.method, re.sub(r"<[^>]+>", "1", route.path), route.contract.example)
    if status == 429:
        path = world.known(route)
        app.config["KUAIDAN_API_LIMIT"] = "1 per minute"
        world.erp.get("/skus")
        return world.send(route, path)
    return FAULTS[status](world, route)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_promised_answer_is_given_in_its_shape(app, program, monkeypatch, route: Route) -> None:
    monkeypatch.setitem(app.config, "KUAIDAN_API_LIMIT", "600 per minute")
    world = World(program())
    for status in sorted(_promised(route), key=lambda one: (one == 429, one)):
        if status == 409 and (route.name, 409) not in SPECIAL:
            continue  # see IN_PROGRESS
        given, body = _provoke(world, route, status, app, program)

        assert given == status, (status, body)
        promised = route.contract.answers.get(status)
        schema = promised[1] if promised else openapi.ERROR
        Draft202012Validator(schema).validate(body)
        assert _unknown(schema, body) == [], "a field that the document does not know"


def _unknown(schema: Any, body: Any, path: str = "") -> list[str]:
    """Fields of an answer that its schema does not name, at any depth."""
    if isinstance(body, list):
        return [one for row in body for one in _unknown(schema.get("items", {}), row, f"{path}[]")]
    if not isinstance(body, dict) or "properties" not in schema:
        return []
    known = schema["properties"]
    return [f"{path}.{name}" for name in body if name not in known] + [
        one for name, value in body.items() if name in known for one in _unknown(known[name], value, f"{path}.{name}")
    ]
