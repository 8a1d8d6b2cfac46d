"""SKUs as programs read them: by code, or page by page in the order of their making."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.catalog import prices
from app.catalog.models import ProductStatus
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.kit.money import Money
from app.kit.shop_wall import assert_in_scope
from app.shops.models import Shop


@dataclass(frozen=True)
class Wanted:
    """Which SKUs: changed since a moment (they or their product), of a status, in a category or below it."""

    after: int = 0
    limit: int = 100
    updated_since: datetime | None = None
    status: ProductStatus | None = None
    category: str | None = None


def page(shop: Shop, wanted: Wanted) -> tuple[list[dict[str, Any]], int | None]:
    """One page in the order of making, and where the next one begins. Raises RuleViolation("category_unknown_path")."""
    values: dict[str, Any] = {
        "shop_id": assert_in_scope(shop.id),
        "after": wanted.after,
        "size": wanted.limit + 1,
        "since": wanted.updated_since,
        "status": wanted.status.value if wanted.status else None,
    }
    where = "s.id > :after"
    if wanted.updated_since is not None:
        where += " and greatest(s.updated_at, p.updated_at) >= :since"
    if wanted.status is not None:
        where += " and p.status = :status"
    if wanted.category is not None:
        where += " and p.category_id = any(:category_ids)"
        values["category_ids"] = _below(shop, wanted.category)
    rows = db.session.execute(text(_SQL.format(where=where)), values).mappings().all()
    more = rows[wanted.limit - 1]["id"] if len(rows) > wanted.limit else None
    return _told_all(rows[: wanted.limit], shop), more


def one(shop: Shop, code: str) -> dict[str, Any]:
    """The SKU of that code. Raises NotFound."""
    values = {"shop_id": assert_in_scope(shop.id), "code": code, "size": 1}
    held = "\0" not in code  # PostgreSQL takes none
    row = db.session.execute(text(_SQL.format(where="s.code = :code")), values).mappings().first() if held else None
    if row is None:
        raise NotFound("sku_not_found", code=code[:64])
    return _told_all([row], shop)[0]


_TREE = """
with recursive tree as (
    select id, name::text as path from category where shop_id = :shop_id and parent_id is null
    union all
    select c.id, t.path || ' > ' || c.name from category c join tree t on c.parent_id = t.id
    where c.shop_id = :shop_id and length(t.path) < 2000
)"""
_SQL = (
    _TREE
    + """
select s.id, s.code, s.barcode, s.options, s.price_minor, s.compare_at_minor, s.cost_minor, s.stock_on_hand,
    s.low_stock_limit, s.version, s.updated_at, p.code as product, p.title, p.status, p.tags,
    p.attributes, f.name as freight_template, p.version as product_version,
    p.updated_at as product_updated_at, t.path as category
from sku s join product p on p.id = s.product_id left join tree t on t.id = p.category_id
    left join freight_template f on f.id = p.freight_template_id
where s.shop_id = :shop_id and {where} order by s.id limit :size"""
)


_BELOW = f"{_TREE} select id from tree where path = :path or starts_with(path, :path || ' > ')"  # noqa: S608 - all bound


def _below(shop: Shop, path: str) -> list[int]:
    """The category of that path, and those below it."""
    names = " > ".join(name.strip() for name in path.split(">"))
    ids = db.session.scalars(
        text(_BELOW),
        {"shop_id": shop.id, "path": names},
    ).all()
    if not ids:
        raise RuleViolation("category_unknown_path", path=path[:120])
    return list(ids)


def _told_all(rows: Sequence[Any], shop: Shop) -> list[dict[str, Any]]:
    now = prices.at(shop.id, [row["id"] for row in rows])
    return [_told(row, now[row["id"]].price_minor, shop) for row in rows]


def _told(row: Any, now_minor: int, shop: Shop) -> dict[str, Any]:
    return {
        "sku": row["code"],
        "product": row["product"],
        "title": row["title"],
        "status": row["status"],
        "category": row["category"],
        "price": _amount(row["price_minor"], shop),
        "price_minor": row["price_minor"],
        "price_now": _amount(now_minor, shop),
        "compare_at_price": _amount(row["compare_at_minor"], shop),
        "cost": _amount(row["cost_minor"], shop),
        "currency": shop.currency,
        "stock": row["stock_on_hand"],
        "low_stock_limit": row["low_stock_limit"],
        "barcode": row["barcode"],
        "options": row["options"],
        "tags": row["tags"],
        "attributes": row["attributes"],
        "freight_template": row["freight_template"],
        "version": row["version"],
        "product_version": row["product_version"],
        "updated_at": max(row["updated_at"], row["product_updated_at"]).isoformat().replace("+00:00", "Z"),
    }


def _amount(minor: int | None, shop: Shop) -> str | None:
    return None if minor is None else str(Money(minor, shop.currency))
