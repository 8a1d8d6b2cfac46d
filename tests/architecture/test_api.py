"""Every route of the API: a scope that is really checked, closed to all other keys, documented, and true to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import text

from app import api_routes
from app.after_sale.access import By
from app.after_sale.models import CaseKind, Party
from app.after_sale.opening import Wish, everything, open_case
from app.api import openapi
from app.api.routes import Route
from app.api_keys import keys
from app.api_keys.models import ApiKey
from app.api_keys.scopes import SCOPES, Scope
from app.console.roles import ROLES, Role
from app.fulfilment import parcels
from app.fulfilment.wanted import Sending
from app.kit import clock, context
from app.kit.db import db, transaction
from app.orders import batches
from app.orders.models import Order, OrderStatus
from app.stock import holds
from tests import factories as make
from tests.api.conftest import _no_counts, inside, program  # noqa: F401 - fixtures

pytestmark = pytest.mark.usefixtures("app")
ROUTES = api_routes()
every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")


def _things(shop: Any, route: Route) -> dict[str, Any]:
    """A SKU, a hold and an order, and what else the route's address names, by the name of its place in the path."""
    sku = make.sku(shop, code="1")
    order = make.order(shop, ("1", 1, 1000), status=OrderStatus.PENDING_PAYMENT)
    with context.shops([shop.id]), transaction():
        holds.place(shop.id, {sku.id: 1}, "checkout:1", 900)
        named = {name: find(shop, order) for name, find in RARER.items() if f":{name}>" in route.path}
    return {"code": "1", "holder": "1", "change_id": 1, "order_id": order.id, **named}


def _case(shop: Any, _order: Order) -> int:
    paid = make.order(shop, ("1", 2, 1000))
    return open_case(paid.id, Wish(CaseKind.REFUND_ONLY, "damaged", everything(paid)), By(Party.BUYER)).id


RARER: dict[str, Callable[[Any, Order], int]] = {
    "parcel_id": lambda shop, _: parcels.send(make.order(shop, ("1", 2, 1000)).id, Sending("own")).id,
    "case_id": _case,
    "batch_id": lambda shop, one: (
        batches.propose(shop.id, "tag", [batches.Row(one.id, one.number)], {"tags": ["x"]}).id
    ),
}
"""What takes many statements to make."""


NOWHERE = dict.fromkeys(("code", "holder", "change_id", "order_id", "parcel_id", "case_id", "batch_id"), 1)


def _address(route: Route, things: dict[str, Any]) -> str:
    return re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda name: str(things[name[1]]), route.path)


def _call(route: Route, erp: Any, things: dict[str, Any]) -> tuple[int, str]:
    status, body = erp.send(route.method, _address(route, things), route.contract.example)
    return status, body["code"]


def _rows() -> list[int]:
    """How many rows every table has that a call could write."""
    tables = (
        "sku", "product", "category", "change_set", "change_line", "job", "journal_entry", "idempotent_answer",
        "orders", "order_line", "order_payment", "order_comment", "customer", "stock_movement", "stock_hold",
        "parcel", "after_sale_case", "refund_line", "refund", "batch", "payment",
    )  # fmt: skip
    counts = ", ".join(f"(select count(*) from {table})" for table in tables)  # noqa: S608 - names of these lines
    return list(db.session.execute(text(f"select {counts}")).one())


def _state() -> list[Any]:
    """What calls could change in the rows that are there."""
    found: list[Any] = []
    for table, columns in {
        "sku": "code, price_minor, version",
        "orders": "number, status, version, paid_minor, tags, address",
        "order_line": "order_id, code, quantity",
        "stock_hold": "holder, state, quantity",
        "parcel": "id, state, tracking_no",
        "after_sale_case": "number, state, version, amount_minor",
        "batch": "id, state, total",
        "stock_level": "sku_id, on_hand, reserved",
    }.items():
        found += db.session.execute(text(f"select '{table}', {columns} from {table} order by 2, 3"))  # noqa: S608
    return found


@every_route
def test_no_key_of_another_kind_opens_it_and_nothing_is_changed(route: Route, program, inside) -> None:  # noqa: F811
    shop = make.shop()
    things = _things(shop, route)
    right = program(shop, route.scope)
    none, revoked, expired = (program(shop, owner=right.owner) for _ in range(3))
    others = program(shop, *(scope for scope in Scope if scope is not route.scope), owner=right.owner)
    none.token = ""
    with inside(), transaction() as session:
        keys.revoke(revoked.key_id)
        session.get(ApiKey, expired.key_id).expires_at = clock.now() - timedelta(seconds=1)
    before = _rows(), _state()

    assert _call(route, none, things) == (401, "key_missing")
    assert _call(route, revoked, things) == (401, "key_revoked")
    assert _call(route, expired, things) == (401, "key_expired")
    assert _call(route, others, things) == (403, "scope_missing")
    assert (_rows(), _state()) == before
    status, _ = right.send(route.method, _address(route, things), route.contract.example)
    assert status not in (401, 403), "the right key must be let in, or this test proves nothing"


@every_route
def test_a_key_of_another_shop_sees_and_changes_nothing_here(route: Route, program) -> None:  # noqa: F811
    mine, theirs = make.shop(), make.shop()
    things = _things(mine, route)
    before = _state()

    status, body = program(theirs).send(route.method, _address(route, things), route.contract.example, If_Match="1")

    assert status == 404 if "<" in route.path else status < 300 or body["code"] in ("sku_not_found", "not_found")
    assert body.get("items", []) == []
    assert [row for row in _state() if row in before] == before


@pytest.mark.parametrize("role", list(Role))
def test_a_key_does_what_its_owners_role_may_do_and_no_more(role: Role, program) -> None:  # noqa: F811
    erp, wrong = program(None, role=role), []
    for route in ROUTES:
        allowed = all(verb in ROLES[role].get(noun, ()) for noun, verb in SCOPES[route.scope].needs)
        status, body = erp.send(route.method, _address(route, NOWHERE))
        if (status == 403) is allowed or (body.get("code") == "owner_may_not") is allowed:
            wrong.append((route.name, status, body))

    assert wrong == []


def test_every_address_of_the_api_is_a_declared_route(app) -> None:
    served = {
        (method, rule.rule.removeprefix("/api/v1"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert served == {(route.method, route.path) for route in ROUTES} | {("GET", "/openapi.json")}
    assert all(SCOPES[route.scope].needs for route in ROUTES)


def test_the_document_names_every_route_with_its_scope() -> None:
    paths = openapi.build()["paths"]

    for route in ROUTES:
        operation = paths["/api/v1" + openapi.shown_path(route.path)][route.method.lower()]
        assert operation["security"] == [{"key": [route.scope.value]}]
        assert operation["summary"]
        names = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert names == set(re.findall(r"<(?:[^:>]+:)?(\w+)>", route.path))


def _schemas(found: Any) -> Any:
    """Every schema within the document."""
    if isinstance(found, dict):
        if "schema" in found:
            yield found["schema"]
        for value in found.values():
            yield from _schemas(value)
    elif isinstance(found, list):
        for value in found:
            yield from _schemas(value)


def test_every_schema_of_the_document_is_a_valid_one() -> None:
    found = list(_schemas(openapi.build()))

    assert len(found) > 3 * len(ROUTES)
    for schema in found:
        Draft202012Validator.check_schema(schema)


def test_every_example_fits_its_own_schema() -> None:
    for route in ROUTES:
        if route.contract.body is not None:
            Draft202012Validator(route.contract.body).validate(route.contract.example)
            assert route.contract.check_body(route.contract.example) is None
