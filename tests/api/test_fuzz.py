"""Whatever JSON comes in, the answer is one that the document knows; nothing is a fault of ours."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.imports.api import ROW
from tests import factories as make
from tests.lengths import often

pytestmark = pytest.mark.usefixtures("app")
NASTY = [
    "", " ", "\x00", "\ud800", "#CLEAR", "A", "B", "NaN", "1e9", "-0", "12.50", "９", "٣", "1" * 400, "a\tb\nc\\",
    "%(x)s", "on_sale", "draft", "x" * 300, "> >", "Kitchen > Cups", "'; drop table sku; --", ":shop_id", "😀",
]  # fmt: skip
_texts = st.sampled_from(NASTY)
_numbers = st.sampled_from([0, 1, -1, 2**31, 2**53, 2**63 - 1, -(2**63), 2**64, 10**30, 0.1, 1e308])
_good_texts = st.sampled_from([text for text in NASTY if text not in ("\x00", "\ud800")])
_plain = _texts | _numbers | st.none() | st.booleans()
_any = st.recursive(
    _plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3), max_leaves=4
)


def _fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of the right type, whatever they hold."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_OF_TYPE[name](schema) for name in types])


_OF_TYPE: dict[str, Any] = {
    "string": lambda schema: _good_texts,
    "null": lambda schema: st.none(),
    "integer": lambda schema: st.sampled_from([0, 1, 5, 10**9, 10**12]),
    "array": lambda schema: st.lists(_good_texts, max_size=3),
    "object": lambda schema: (
        st.fixed_dictionaries({}, optional={name: _fitting(one) for name, one in schema.get("properties", {}).items()})
        | st.dictionaries(_texts, _texts | st.none(), max_size=3)
    ),
}
_rows = st.fixed_dictionaries(
    {"sku": st.sampled_from(["A", "B", "C", " A", ""])},
    optional={name: _fitting(one) for name, one in ROW["properties"].items() if name != "sku"},
)
_bodies = st.fixed_dictionaries(
    {"rows": st.lists(_rows, max_size=4)},
    optional={
        "on_error": st.sampled_from(["skip", "stop", "all_or_nothing"]),
        "mode": st.sampled_from(["upsert", "create"]),
    },
)


@pytest.fixture
def _unlimited(app, monkeypatch) -> None:
    monkeypatch.setitem(app.config, "KUAIDAN_API_LIMIT", "100000 per minute")


@pytest.mark.usefixtures("_unlimited")
@pytest.mark.soak
@settings(max_examples=often(150, 40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_bodies | _any)
def test_no_body_is_a_fault_of_ours(program, body: Any) -> None:
    erp = _programs.get(id(program)) or _programs.setdefault(id(program), _start(program))

    status, answer = erp.post("/skus/bulk", json.dumps(body).encode())

    assert status in (200, 202, 400, 422), answer
    if status < 300:
        assert len(answer["results"]) == len(body["rows"])
        for result in answer["results"]:
            assert (result["outcome"] in ("refused", "stale")) is ("message" in result)


_programs: dict[int, Any] = {}


def _start(program: Any) -> Any:
    erp = program()
    make.sku(erp.shop, code="A", price_minor=1000)
    make.sku(erp.shop, code="B", price_minor=1000)
    return erp


@pytest.mark.parametrize("text", ["limit", "cursor", "updated_since", "status", "category"])
def test_no_query_is_a_fault_of_ours(program, text: str) -> None:
    erp = program()
    for value in NASTY:
        status, _ = erp.get(f"/skus?{text}={quote(value, errors='surrogatepass')}")
        assert status in (200, 422), (text, value)
