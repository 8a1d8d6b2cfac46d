"""Routes of the REST API: declared once, with scope, schemas and answers; served and documented from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from app.api_keys.models import ApiKey
from app.api_keys.scopes import Scope
from app.kit.errors import PreconditionFailed, PreconditionNeeded
from app.kit.json_schema import Check, Schema, compile_schema
from app.shops.models import Shop

SMALL_BODY = 64 * 1024


@dataclass(frozen=True)
class Parameter:
    """A value in the path or in the query string; `schema` is of one simple type."""

    name: str
    schema: Schema
    description: str
    place: str = "query"


@dataclass(frozen=True)
class Contract:
    """What a route takes and gives. `answers` has its good statuses; those of every route are added to the document.

    `cost` is what a call takes from the key's limit; `faults` are the statuses of its own: 404, 409. A `versioned`
    route takes the header If-Match.
    """

    summary: str
    answers: Mapping[int, tuple[str, Schema]]
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    example: Any = None
    faults: Mapping[int, str] = field(default_factory=dict)
    body_bytes: int = SMALL_BODY
    cost: int = 1
    versioned: bool = False

    @cached_property
    def check_body(self) -> Check:
        return compile_schema(self.body or {})

    @cached_property
    def check_query(self) -> Check:
        """Of the query string, after the whole numbers in it have been read as such."""
        known = {one.name: one.schema for one in self.parameters if one.place == "query"}
        return compile_schema({"type": "object", "properties": known, "additionalProperties": False})

    @property
    def whole_numbers(self) -> frozenset[str]:
        return frozenset(one.name for one in self.parameters if one.schema.get("type") == "integer")


@dataclass(frozen=True)
class Call:
    """One authenticated request, checked against its contract.

    `version` is what If-Match says; `require(scope)` raises Forbidden unless the caller has that scope, too.
    """

    key: ApiKey
    shop: Shop
    query: Mapping[str, Any]
    body: Any
    version: int | None
    require: Callable[[Scope], None]

    def check_version(self, present: int) -> None:
        """Raise PreconditionFailed when the caller means another version of the row, which is locked by now."""
        if self.version is not None and self.version != present:
            raise PreconditionFailed("stale_version", present=present, expected=self.version)

    def need_version(self, present: int) -> None:
        """The same, and raise PreconditionNeeded when the caller names none."""
        if self.version is None:
            raise PreconditionNeeded("version_needed", present=present)
        self.check_version(present)


@dataclass(frozen=True)
class Reply:
    """What a route gives: plain data for JSON; the `version` of a row that was read becomes its ETag."""

    data: Any
    status: int = 200
    version: int | None = None


@dataclass(frozen=True)
class Asked:
    """What one of several calls asks for, checked against the contract; plain data for whichever thread does them."""

    body: Any
    path: Mapping[str, Any]


@dataclass(frozen=True)
class Together:
    """Does several calls of one key in its shop within a transaction; None leaves one to the route's own function.

    The answers must be those that the function would have given to the calls in some order. It refuses nobody itself.
    Calls of several routes share a transaction: those of a lower `turn` go first, in the order of the locks they take.
    """

    do: Callable[[int, Sequence[Asked]], Sequence[Reply | None]]
    turn: int


@dataclass(frozen=True)
class Route:
    """One address and method; `path` as Flask writes it, below /api/v1. With `together` calls may be gathered."""

    scope: Scope
    method: str
    path: str
    contract: Contract
    function: Callable[..., Reply]
    together: Together | None = None

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def writes(self) -> bool:
        return self.method != "GET"


ROUTES: list[Route] = []


def scoped(
    scope: Scope, method: str, path: str, contract: Contract, together: Together | None = None
) -> Callable[[Callable[..., Reply]], Callable[..., Reply]]:
    """Declare a route. The function gets a `Call` and the values of the path; a write runs within a transaction."""

    def declare(function: Callable[..., Reply]) -> Callable[..., Reply]:
        ROUTES.append(Route(scope, method, path, contract, function, together))
        return function

    return declare
