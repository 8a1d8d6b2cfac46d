"""Requests as data: the body read within its bounds, body and query string checked against the contract."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from app.api.routes import Contract
from app.kit.errors import DomainError, RuleViolation
from app.kit.json_schema import Fault

MOST_BRACKETS = 200_000
"""Opening brackets of a body; 10,000 rows with everything that a row can hold need a quarter."""
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,100}")
_VERSION = re.compile(r'"?(\d{1,9})"?')
_WHOLE = re.compile(r"-?\d{1,18}")


class BadRequest(DomainError):
    """The request cannot be read."""

    status = 400


class TooLarge(DomainError):
    """The body is larger than the route takes."""

    status = 413


class WrongType(DomainError):
    """The body is of a type that is not taken."""

    status = 415


class Invalid(RuleViolation):
    """The request can be read, and does not fit; `more` has every fault that was found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        told = [
            {"path": one.path, "code": one.code, "message": DomainError(one.code, **one.facts).message()}
            for one in faults
        ]
        super().__init__("request_invalid", path=told[0]["path"], reason=told[0]["message"])
        self.more = {"errors": told}


def read_query(contract: Contract) -> dict[str, Any]:
    """The query string, whole numbers read as such. Raises Invalid, also for a name that is unknown or given twice."""
    values: dict[str, Any] = {}
    for name, many in request.args.lists():
        if len(many) > 1:
            raise Invalid([Fault(name[:64], "too_many", {"limit": 1})])
        plain = name in contract.whole_numbers and _WHOLE.fullmatch(many[0])
        values[name] = int(many[0]) if plain else many[0]
    if faults := contract.check_query(values):
        raise Invalid(faults)
    return values


def read_body(contract: Contract) -> Any:
    """The JSON body that fits the contract; None where the contract has none and nothing came."""
    raw = _bytes(contract)
    if contract.body is None:
        if raw.strip():
            raise BadRequest("no_body")
        return None
    if request.mimetype != "application/json" or request.headers.get("Content-Encoding", "identity") != "identity":
        raise WrongType("not_json")
    if not raw:  # or sent in chunks without its length, which the server does not read
        raise BadRequest("body_missing")
    data = _parsed(raw)
    if faults := contract.check_body(data):
        raise Invalid(faults)
    return data


def _bytes(contract: Contract) -> bytes:
    request.max_content_length = contract.body_bytes
    try:
        return request.get_data()
    except RequestEntityTooLarge as error:
        raise TooLarge("body_too_large", limit_bytes=contract.body_bytes) from error


def _parsed(raw: bytes) -> Any:
    """Nested thousands deep, or with a number of thousands of digits: refused by the parser itself.

    Millions of empty lists would fit into few bytes, and cost a hundred times as many in memory.
    """
    if raw.count(b"[") + raw.count(b"{") > MOST_BRACKETS:
        raise BadRequest("json_broken", reason=f"> {MOST_BRACKETS:,} × [ {{")
    try:
        return json.loads(raw, parse_constant=_no_such_number, object_pairs_hook=_once_each)
    except UnicodeDecodeError as error:
        raise BadRequest("json_broken", reason="UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise BadRequest("json_broken", reason=str(error)[:120]) from error


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a field twice")
    return found


def idempotency_key() -> str:
    """The caller's name for this write. Raises BadRequest."""
    key = request.headers.get("Idempotency-Key", "")
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise BadRequest("idempotency_key_missing")
    return key


def version_meant() -> int | None:
    """The version that the header If-Match names, as our ETags write it; None without one. Raises BadRequest."""
    given = request.headers.get("If-Match", "").strip()
    if not given or given == "*":
        return None
    if not (found := _VERSION.fullmatch(given)):
        raise BadRequest("version_unreadable", value=given[:40])
    return int(found[1])


def fingerprint() -> str:
    """A hash of all that the request asks for."""
    meant = request.headers.get("If-Match", "").encode()
    parts = (request.method.encode(), request.full_path.encode(), request.get_data(), meant)
    return hashlib.sha256(b"\n".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
