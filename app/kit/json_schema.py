"""JSON Schema, the part that our API needs, as fast checks: one text for the checks and for the API's document.

Knows `type`, `enum`, `minLength`, `maxLength`, `pattern`, `minimum`, `maximum`, `properties`, `required`,
`additionalProperties`, `maxProperties`, `items`, `minItems` and `maxItems` of draft 2020-12. A schema with
another keyword that restricts is refused when it is compiled. Whole numbers are written without a point.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
Check = Callable[[Any], "list[Fault] | None"]
MOST_FAULTS = 20
_NOTES = frozenset({"title", "description", "examples", "default", "format", "deprecated", "readOnly"})
_KNOWN = _NOTES | {
    "type", "enum", "minLength", "maxLength", "pattern", "minimum", "maximum", "properties", "required",
    "additionalProperties", "maxProperties", "items", "minItems", "maxItems",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One breach: where (`rows[3].price`), which rule, and what the rule says."""

    path: str
    code: str
    facts: Mapping[str, Any]

    def under(self, step: str) -> Fault:
        """The same breach, seen from one level up."""
        joined = step + self.path if self.path.startswith("[") else f"{step}.{self.path}" if self.path else step
        return Fault(joined, self.code, self.facts)


def compile_schema(schema: Schema) -> Check:
    """A function that gives the breaches of a value (at most `MOST_FAULTS`), or None when it fits."""
    unknown = set(schema) - _KNOWN
    if unknown:
        raise ValueError(f"keywords that are not checked here: {sorted(unknown)}")
    types = schema.get("type")
    names = [types] if isinstance(types, str) else list(types or [])
    checks = {name: _CHECKS[name](schema) for name in names}
    allowed = schema.get("enum")

    def check(value: Any) -> list[Fault] | None:
        name = _type_of(value)
        if checks and name not in checks:
            return [Fault("", "wrong_type", {"wanted": " / ".join(names), "found": name})]
        if allowed is not None and value not in allowed:
            return [Fault("", "not_allowed", {"allowed": ", ".join(str(one) for one in allowed)})]
        return checks[name](value) if checks else None

    return check


_TYPES: dict[type, str] = {
    str: "string", int: "integer", bool: "boolean", type(None): "null", dict: "object", list: "array",
}  # fmt: skip


def _type_of(value: Any) -> str:
    return _TYPES.get(type(value), "number")


def _string(schema: Schema) -> Check:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 10**9)
    pattern = re.compile(schema["pattern"]) if "pattern" in schema else None

    def check(value: str) -> list[Fault] | None:
        if len(value) > longest:
            return [Fault("", "text_too_long", {"limit": longest, "length": len(value)})]
        if len(value) < shortest:
            return [Fault("", "text_too_short", {"limit": shortest})]
        if pattern is not None and not pattern.search(value):
            return [Fault("", "wrong_form", {"pattern": pattern.pattern})]
        return None if _storable(value) else [Fault("", "not_text", {})]

    return check


def _storable(value: str) -> bool:
    """Neither NUL, which PostgreSQL does not take, nor half a character."""
    if "\x00" in value:
        return False
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False


def _integer(schema: Schema) -> Check:
    least, most = schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1)

    def check(value: int) -> list[Fault] | None:
        if least <= value <= most:
            return None
        return [Fault("", "out_of_range", {"least": least, "most": most})]

    return check


def _object(schema: Schema) -> Check:
    known = {name: compile_schema(one) for name, one in schema.get("properties", {}).items()}
    required = tuple(schema.get("required", ()))
    most = schema.get("maxProperties", 10**9)
    more = schema.get("additionalProperties", True)
    others = compile_schema(more) if isinstance(more, Mapping) else None

    def check(value: dict[str, Any]) -> list[Fault] | None:
        faults = [Fault(name, "field_missing", {}) for name in required if name not in value]
        if len(value) > most:
            faults.append(Fault("", "too_many", {"limit": most}))
        for name, one in value.items():
            checked = known.get(name, others)
            if name not in known and not _storable(name):
                faults.append(Fault("", "not_text", {}))
            elif checked is not None:
                found = checked(one)
                if found:
                    faults += [fault.under(name) for fault in found]
            elif more is False:
                faults.append(Fault(name[:64], "field_unknown", {}))
        return faults or None

    return check


def _array(schema: Schema) -> Check:
    least, most = schema.get("minItems", 0), schema.get("maxItems", 10**9)
    item = compile_schema(schema.get("items", {}))

    def check(value: list[Any]) -> list[Fault] | None:
        if len(value) > most:
            return [Fault("", "too_many", {"limit": most})]
        if len(value) < least:
            return [Fault("", "too_few", {"limit": least})]
        return _of_items(item, value)

    return check


def _of_items(item: Check, values: Iterable[Any]) -> list[Fault] | None:
    faults: list[Fault] = []
    for number, one in enumerate(values):
        found = item(one)
        if found:
            faults += [fault.under(f"[{number}]") for fault in found]
            if len(faults) >= MOST_FAULTS:
                break
    return faults[:MOST_FAULTS] or None


def _anything(schema: Schema) -> Check:
    return lambda value: None


_CHECKS: dict[str, Callable[[Schema], Check]] = {
    "string": _string,
    "integer": _integer,
    "boolean": _anything,
    "null": _anything,
    "object": _object,
    "array": _array,
}
