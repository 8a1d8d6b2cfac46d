"""The OpenAPI 3.1 document, made of the routes' own contracts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from flask import Response, jsonify

from app.api.routes import ROUTES, Parameter, Route
from app.webhooks import contract

ERROR = {
    "type": "object",
    "description": "A problem document of RFC 9457.",
    "required": ["type", "title", "status", "detail", "code", "message", "facts"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "urn:kuaidan:problem: and the code."},
        "title": {"type": "string", "description": "The name of the status."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "The same as message."},
        "code": {"type": "string", "description": "Stable, for programs."},
        "message": {"type": "string", "description": "For people, in the language of Accept-Language (zh or en)."},
        "facts": {"type": "object", "description": "The values within the message."},
        "errors": {
            "type": "array",
            "description": "Every fault of a request that does not fit, at most 20.",
            "items": {
                "type": "object",
                "required": ["path", "code", "message"],
                "properties": {name: {"type": "string"} for name in ("path", "code", "message")},
            },
        },
    },
}
EVERY_ROUTE = {
    401: "No API key, or one that is not (or no longer) believed.",
    403: "The key lacks the scope, or its owner may not do this any more.",
    422: "The request does not fit this description, or a rule says no.",
    429: "Too many requests; Retry-After says how many seconds to wait.",
}
WRITES = {
    400: "The body is not JSON, or the Idempotency-Key is missing.",
    409: "The same request is being worked on.",
    413: "The body is too large.",
}
VERSIONED = {
    412: "The row is of another version by now than If-Match says; nothing was written.",
}
WITH_BODY = {415: "The body is not of the type application/json."}
_INTRODUCTION = """\
Every request needs an API key in the header `Authorization: Bearer kd_live_…`; a key works in one shop, and never
does more than the person who made it may do today. Amounts are decimal strings in the shop's currency. Times are UTC.

Every write needs an `Idempotency-Key` header, a fresh one for each new request. For 24 hours the same key with the
same request gives the stored answer again, with the header `Idempotent-Replayed: true`; with another request it is
refused. A write that fails keeps nothing, and its key is free again.

Errors are problem documents (RFC 9457) with a `code` for programs. What has a `version` gives it as `ETag`; send it
back as `If-Match`, and the write is refused when somebody else was faster.

Fields and parameters that are not known are errors. `X-Request-ID` is given back and stands in the history of
whatever the request has changed."""


def document() -> Response:
    """The document as JSON; the same for everybody, so it needs no key."""
    return jsonify(build())


@cache
def build() -> dict[str, Any]:
    """The document; made once, after all routes are known."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault("/api/v1" + shown_path(route.path), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kuaidan API", "version": "1", "description": _INTRODUCTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": ERROR, "WebhookMessage": contract.MESSAGE},
        },
        "webhooks": contract.paths(),
    }


def shown_path(path: str) -> str:
    """`/skus/<path:code>` as OpenAPI writes it: `/skus/{code}`."""
    return re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", path)


def _operation(route: Route) -> dict[str, Any]:
    contract = route.contract
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": contract.summary,
        "description": contract.description,
        "security": [{"key": [route.scope.value]}],
        "parameters": [_parameter(one) for one in parameters(route)],
        "responses": dict(_responses(route)),
    }
    if contract.body is not None:
        content: dict[str, Any] = {"schema": contract.body}
        if contract.example is not None:
            content["example"] = contract.example
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def parameters(route: Route) -> Iterator[Parameter]:
    """Those of the contract, and the header that every write needs."""
    yield from route.contract.parameters
    if route.writes:
        schema = {"type": "string", "minLength": 1, "maxLength": 100}
        yield Parameter("Idempotency-Key", schema, "Your own name for this request, such as a UUID.", "header")
    if route.contract.versioned:
        schema = {"type": "string", "maxLength": 20}
        yield Parameter("If-Match", schema, 'The version you have read, as its ETag: `"7"`.', "header?")


def _parameter(one: Parameter) -> dict[str, Any]:
    return {
        "name": one.name,
        "in": one.place.rstrip("?"),
        "required": one.place in ("path", "header"),
        "description": one.description,
        "schema": one.schema,
    }


def faults(route: Route) -> dict[int, str]:
    """Every status that is not a success, with its meaning."""
    found = dict(EVERY_ROUTE)
    if route.writes:
        found |= WRITES
    if route.contract.body is not None:
        found |= WITH_BODY
    if route.contract.versioned:
        found |= VERSIONED
    return {**found, **route.contract.faults}


def _responses(route: Route) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, (meaning, schema) in sorted(route.contract.answers.items()):
        yield str(status), {"description": meaning, "content": {"application/json": {"schema": schema}}}
    for status, meaning in sorted(faults(route).items()):
        error = {"schema": {"$ref": "#/components/schemas/Error"}}
        yield str(status), {"description": meaning, "content": {"application/problem+json": error}}


__all__ = ["build", "document", "faults", "parameters", "shown_path"]
