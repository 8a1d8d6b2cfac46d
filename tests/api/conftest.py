"""A shop with a key, and a client that speaks as a program does."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from app.api_keys import keys
from app.api_keys.models import ApiKey
from app.api_keys.scopes import Scope
from app.console.roles import Role
from app.kit import context
from app.kit.db import Model, db, transaction
from tests import factories as make

_number = itertools.count(1)


@dataclass
class Program:
    """What a program knows: its token; `get` and `post` answer (status, JSON)."""

    client: Any
    token: str
    shop: Any
    owner: Any
    key_id: int
    last: Any = None

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        if method != "GET":
            given["Idempotency-Key"] = f"k{next(_number)}"
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
        type_ = None if body is None else "application/json"
        self.last = self.client.open(f"/api/v1{path}", method=method, data=data, content_type=type_, headers=given)
        return self.last.status_code, self.last.json

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)


def new_key(shop: Any, owner: Any, *scopes: Scope, **values: Any) -> tuple[ApiKey, str]:
    """A key and its token; all scopes when none is named."""
    wish = keys.Wish(values.pop("name", "ERP"), frozenset(scopes or Scope), **values)
    with context.shops([shop.id]), context.acting(context.Actor("staff", str(owner.id))), transaction():
        return keys.make(shop.id, owner.id, wish, frozenset(Scope))


def count(table: str) -> int:
    """How many rows a table has, over all shops."""
    return db.session.scalar(select(func.count()).select_from(Model.metadata.tables[table])) or 0


@pytest.fixture
def program(app: Any) -> Callable[..., Program]:
    """`program(shop, Scope.X, role=…)`: a program with a key of that shop."""

    def build(shop: Any = None, *scopes: Scope, role: Role = Role.MANAGER, owner: Any = None) -> Program:
        shop = shop or make.shop()
        owner = owner or make.staff(role, shop)
        key, token = new_key(shop, owner, *scopes)
        return Program(app.test_client(), token, shop, owner, key.id)

    return build


@pytest.fixture(autouse=True)
def _no_counts(app: Any) -> Iterator[None]:
    """Every test with fresh limits."""
    yield
    redis = app.extensions["kuaidan_redis"]
    for name in redis.keys("LIMITS*"):
        redis.delete(name)


@pytest.fixture
def inside() -> Callable[..., Any]:
    """Over all shops, for looking at what is stored."""
    return lambda: context.every_shop("test")
