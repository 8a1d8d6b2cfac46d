"""Our checks of JSON Schema say the same as the reference implementation, and where a fault is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.kit.json_schema import MOST_FAULTS, compile_schema
from tests.lengths import often

SCHEMAS = [
    {"type": "string", "minLength": 1, "maxLength": 3},
    {"type": ["string", "null"], "pattern": "^a"},
    {"type": "integer", "minimum": -1, "maximum": 2},
    {"type": "boolean"},
    {"enum": ["a", "b"]},
    {"type": "string", "enum": ["a", "b"]},
    {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": ["integer", "string"], "maximum": 1}},
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    {"type": "object", "maxProperties": 2, "additionalProperties": {"type": ["string", "null"], "maxLength": 1}},
    {"type": "object", "properties": {"b": {"type": "array", "items": {"type": "object", "required": ["c"]}}}},
    {},
]
_names = st.sampled_from(["a", "b", "c"])
_plain = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "ab", "b", "bcde"])
_values = st.recursive(
    _plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3), max_leaves=6
)


@pytest.mark.soak
@settings(max_examples=often(300, 75), deadline=None)
@given(schema=st.sampled_from(SCHEMAS), value=_values)
def test_it_agrees_with_the_reference(schema: dict[str, Any], value: Any) -> None:
    if "enum" in schema and isinstance(value, list | dict):
        return
    assert (compile_schema(schema)(value) is None) is Draft202012Validator(schema).is_valid(value)


def test_a_fault_says_where_and_what() -> None:
    rows = {
        "type": "array",
        "items": {"type": "object", "properties": {"price": {"type": "string"}}, "additionalProperties": False},
    }
    check = compile_schema({"type": "object", "properties": {"rows": rows}, "required": ["mode"]})

    faults = check({"rows": [{"price": "1"}, {"price": 1.5, "colour": "red"}]})

    assert [(one.path, one.code) for one in faults] == [
        ("mode", "field_missing"),
        ("rows[1].price", "wrong_type"),
        ("rows[1].colour", "field_unknown"),
    ]
    assert faults[1].facts == {"wanted": "string", "found": "number"}


def test_at_most_twenty_faults_of_a_list_are_told() -> None:
    check = compile_schema({"type": "array", "items": {"type": "string"}})

    assert len(check(list(range(1000)))) == MOST_FAULTS == 20


@pytest.mark.parametrize("bad", ["a\x00b", "\ud800"])
def test_text_that_cannot_be_kept_is_refused(bad: str) -> None:
    assert compile_schema({"type": "string"})(bad)[0].code == "not_text"
    assert compile_schema({"type": "string"})("红") is None


def test_whole_numbers_have_no_point_and_fit_the_database() -> None:
    check = compile_schema({"type": "integer"})

    assert check(1.0)[0].code == "wrong_type"
    assert check(True)[0].code == "wrong_type"
    assert check(2**63 - 1) is None
    assert check(2**63)[0].code == "out_of_range"


def test_a_keyword_that_is_not_checked_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="oneOf"):
        compile_schema({"type": "object", "properties": {"a": {"oneOf": []}}})
