"""The OpenAPI document arranged for people: one entry a route, fields as a table, examples as curl."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from app.api import openapi
from app.api.routes import ROUTES, Parameter, Route
from app.kit.json_schema import Schema


@dataclass(frozen=True)
class FieldRow:
    """One field of a body or an answer; `path` like `rows[].price`."""

    path: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True)
class RoutePage:
    """A route as the page shows it."""

    anchor: str
    method: str
    path: str
    scope: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: tuple[FieldRow, ...]
    answers: tuple[tuple[int, str, tuple[FieldRow, ...]], ...]
    faults: tuple[tuple[int, str], ...]
    example: str


def code(text: str) -> Markup:
    """Text whose `words` between backticks are set as code; everything is escaped."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(p) if n % 2 else escape(p) for n, p in enumerate(parts))


def pages(host_url: str) -> list[RoutePage]:
    """Every route in the order of its declaration; `host_url` with a slash at its end."""
    return [_page(route, host_url) for route in ROUTES]


def introduction() -> list[str]:
    """The paragraphs that hold for all routes."""
    return openapi.build()["info"]["description"].split("\n\n")


def first_call(scopes: Sequence[str], host_url: str) -> str:
    """A curl command that a new key may run; empty when no reading route is open to it."""
    for route in ROUTES:
        if route.scope.value in scopes and not route.writes and "<" not in route.path:
            return curl(route, host_url)
    return ""


def _page(route: Route, host_url: str) -> RoutePage:
    contract = route.contract
    return RoutePage(
        anchor=route.name,
        method=route.method,
        path="/api/v1" + openapi.shown_path(route.path),
        scope=route.scope.value,
        summary=contract.summary,
        description=contract.description,
        parameters=tuple(openapi.parameters(route)),
        body=tuple(_fields(contract.body or {})),
        answers=tuple(
            (status, meaning, tuple(_fields(schema))) for status, (meaning, schema) in contract.answers.items()
        ),
        faults=tuple(sorted(openapi.faults(route).items())),
        example=curl(route, host_url),
    )


def curl(route: Route, host_url: str) -> str:
    """The call as a command line; `$KUAIDAN_KEY` holds the key."""
    address = host_url.rstrip("/") + "/api/v1" + openapi.shown_path(route.path)
    parts = [f"curl {'' if route.method == 'GET' else '-X ' + route.method + ' '}'{address}'"]
    parts.append('-H "Authorization: Bearer $KUAIDAN_KEY"')
    if route.writes:
        parts.append('-H "Idempotency-Key: $(uuidgen)"')
    if route.contract.example is not None:
        parts.append("-H 'Content-Type: application/json'")
        parts.append(f"-d '{json.dumps(route.contract.example, ensure_ascii=False)}'")
    return " \\\n  ".join(parts)


def _fields(schema: Schema, prefix: str = "") -> Iterator[FieldRow]:
    required = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        yield from _field(prefix + name, one, name in required)


def _field(path: str, schema: Schema, required: bool) -> Iterator[FieldRow]:
    yield FieldRow(path, _kind(schema), required, schema.get("description", ""))
    if isinstance(schema.get("items"), Mapping):
        yield from _fields(schema["items"], path + "[].")
    yield from _fields(schema, path + ".")


def _kind(schema: Schema) -> str:
    types = schema.get("type", "")
    words = types if isinstance(types, str) else " / ".join(types)
    if "enum" in schema:
        return f"{words}: {', '.join(str(one) for one in schema['enum'])}"
    bounds = [f"≥ {schema['minimum']}"] if "minimum" in schema else []
    bounds += [f"≤ {schema[key]}" for key in ("maximum", "maxLength", "maxItems") if key in schema]
    return ", ".join([words, *bounds])
