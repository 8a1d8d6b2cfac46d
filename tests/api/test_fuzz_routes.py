"""Whatever fits the form of a route, and whatever does not: an answer that the document knows, no fault of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import api_routes
from app.api import openapi
from app.api.routes import Route
from tests.api.test_documented import World
from tests.api.test_fuzz import NASTY, _any
from tests.lengths import often

pytestmark = pytest.mark.usefixtures("app")
ROUTES = [route for route in api_routes() if route.contract.body is not None and route.name != "upsert_skus"]
_good = st.sampled_from([text for text in NASTY if text not in ("\x00", "\ud800")] + ["A", "1", "10.00", "cash", "c1"])


def fitting(schema: Any) -> st.SearchStrategy[Any]:
    """Values of the form of a schema, whatever they hold; some outside its bounds."""
    if "enum" in schema:
        return st.sampled_from(list(schema["enum"]))
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if kind == "object":
        fields = {name: fitting(one) for name, one in schema.get("properties", {}).items()}
        needed = {name: fields.pop(name) for name in schema.get("required", ())}
        return st.fixed_dictionaries(needed, optional=fields)
    return {
        "string": lambda: _good,
        "integer": lambda: st.sampled_from([0, 1, 2, 7, -1, 10**9, 10**12]),
        "boolean": st.booleans,
        "array": lambda: st.lists(fitting(schema["items"]), max_size=3),
    }[kind]()


@pytest.mark.soak
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_no_body_is_a_fault_of_ours(app, program, monkeypatch, route: Route) -> None:
    monkeypatch.setitem(app.config, "KUAIDAN_API_LIMIT", "100000 per minute")
    world = World(program())
    path, known = world.path(route), {*route.contract.answers, *openapi.faults(route)}

    @settings(max_examples=often(20, 5), deadline=None, suppress_health_check=list(HealthCheck))
    @given(body=fitting(route.contract.body) | fitting(route.contract.body) | _any)
    def try_it(body: Any) -> None:
        status, answer = world.send(route, path, json.dumps(body).encode())

        assert status in known, answer
        assert status < 300 or answer["message"]

    try_it()
