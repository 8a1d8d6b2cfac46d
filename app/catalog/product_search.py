"""Finding products: text search, price and stock ranges, and what runs low, each on an index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Double, Select, and_, cast, exists, false, func, or_, select, text, union_all
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import aliased

from app.catalog import categories
from app.catalog.change_fields import LARGEST
from app.catalog.models import Product, Sku
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope

MOST_CHOICES = 500
SAID = 60
"""So much of a range that is none is said back."""
FEW = 2_000
"""So many product ids go into the statement as a list; more stay a subquery."""
_SHORT, _LEFT = func.bool_or(Sku.stock_on_hand <= Sku.low_stock_limit), func.bool_or(Sku.stock_on_hand > 0)


def matching(words: str, shop_id: int) -> ColumnElement[bool]:
    """Title, code or a SKU's code contains the words, or they are a tag; a short statement finds the SKUs first."""
    pattern = _pattern(words)
    by_sku = select(Sku.product_id).where(Sku.shop_id == shop_id, Sku.code.ilike(pattern))
    found = set(db.session.scalars(by_sku.limit(FEW + 1)))
    among: ColumnElement[bool] = Product.id.in_(by_sku) if len(found) > FEW else Product.id.in_(found)
    tagged = Product.tags.contains([words.strip()])
    return or_(Product.title.ilike(pattern), Product.code.ilike(pattern), tagged, among if found else false())


def _pattern(words: str) -> str:
    """Inside the text; one or two Latin characters, which no index finds inside, at its beginning."""
    plain = words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"{plain}%" if len(words) < 3 and words.isascii() else f"%{plain}%"


def in_categories(shop_id: int) -> Callable[[list[str]], ColumnElement[bool]]:
    """In one of these categories or in one below."""

    def where(values: list[str]) -> ColumnElement[bool]:
        ids = [int(value) for value in values if value.isdigit() and len(value) < 19]
        return Product.category_id.in_(categories.branch(shop_id, ids))

    return where


def tagged(values: list[str]) -> ColumnElement[bool]:
    """With any of these tags."""
    return Product.tags.has_any(array(values))


def tags_in_use(shop_id: int) -> list[tuple[str, str]]:
    """The tags of the shop's products, in order, each as a choice."""
    in_use = text(
        "select distinct tag from product, jsonb_array_elements_text(tags) tag "
        "where shop_id = :shop_id and tags <> '[]' order by tag limit :most"
    )
    found = db.session.scalars(in_use, {"shop_id": assert_in_scope(shop_id), "most": MOST_CHOICES})
    return [(tag, tag) for tag in found]


def priced_within(shop_id: int, parse: Callable[[str], int]) -> Callable[[list[str]], ColumnElement[bool]]:
    """A SKU costs `low..high`, either end open."""

    def where(values: list[str]) -> ColumnElement[bool]:
        low, high = _range(values[0], parse)
        parts = [Sku.price_minor >= low] if low is not None else []
        parts += [Sku.price_minor <= high] if high is not None else []
        return Product.id.in_(select(Sku.product_id).where(Sku.shop_id == shop_id, *parts))

    return where


def stocked_within(shop_id: int) -> Callable[[list[str]], ColumnElement[bool]]:
    """The SKUs' stock adds up to `low..high`, either end open; without SKUs it is 0. A statement looks for the few."""

    def where(values: list[str]) -> ColumnElement[bool]:
        low, high = _range(values[0], int)

        def within(total: Any) -> list[ColumnElement[bool]]:
            return [*([total >= low] if low is not None else []), *([total <= high] if high is not None else [])]

        # whole numbers up to 2**53, and without the exact numbers that PostgreSQL adds whole numbers up in, which
        # take half as long again for each product
        total = func.sum(cast(Sku.stock_on_hand, Double))
        few: Any = select(Sku.product_id).where(Sku.shop_id == shop_id).group_by(Sku.product_id).having(*within(total))
        if (low is None or low <= 0) and (high is None or high >= 0):
            none = exists().where(Sku.product_id == Product.id)
            few = select(union_all(few, select(Product.id).where(Product.shop_id == shop_id, ~none)).subquery().c[0])
        found = list(db.session.scalars(few.limit(FEW + 1)))
        if len(found) <= FEW:
            return Product.id.in_(found)
        mine = select(func.coalesce(total, 0)).where(Sku.product_id == Product.id).correlate(Product)
        return and_(Product.shop_id == shop_id, *within(mine.scalar_subquery()))

    return where


def low_in_stock(shop_id: int) -> Select[int]:
    """The products of which some SKU is at or under its limit, and there is still something left; each once."""
    return _short(shop_id, lambda left: left)


def out_of_stock(shop_id: int) -> Select[int]:
    """The products that have SKUs, and nothing is left of any; each once."""
    return _short(shop_id, lambda left: ~left)


def is_low_in_stock() -> ColumnElement[bool]:
    """As `low_in_stock`, of one product."""
    return _of_product(and_(_SHORT, _LEFT))


def is_out_of_stock() -> ColumnElement[bool]:
    """As `out_of_stock`, of one product."""
    return _of_product(and_(_SHORT, ~_LEFT))


def _short(shop_id: int, limited: Callable[[Any], Any]) -> Select[int]:
    """A product stands where the first of its SKUs that are low does; its SKUs are looked at in one go."""
    low = aliased(Sku)
    first = func.min(Sku.id).filter(Sku.stock_on_hand <= Sku.low_stock_limit) == low.id
    stands = select(and_(first, limited(_LEFT))).where(Sku.product_id == low.product_id).correlate(low)
    # written as the partial index ix_sku_low_stock has it
    return select(low.product_id).where(
        low.shop_id == shop_id, low.stock_on_hand <= low.low_stock_limit, stands.scalar_subquery()
    )


def _of_product(said: Any) -> ColumnElement[bool]:
    return select(said).where(Sku.product_id == Product.id).correlate(Product).scalar_subquery()


def _range(value: str, parse: Callable[[str], int]) -> tuple[int | None, int | None]:
    low, _, high = value.partition("..")
    try:
        ends = parse(low) if low.strip() else None, parse(high) if high.strip() else None
    except ValueError as error:
        raise RuleViolation("bad_range", value=value[:SAID]) from error
    if any(end is not None and abs(end) > LARGEST for end in ends):
        raise RuleViolation("bad_range", value=value[:SAID])
    return ends
