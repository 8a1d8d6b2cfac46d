"""SKUs made from option values: every combination that a product lacks, with codes by a pattern."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, text

from app.catalog.change_fields import LARGEST
from app.catalog.models import Product, Sku
from app.catalog.tag_sql import NAME_LONGEST
from app.catalog.text_steps import is_storable
from app.kit import clock
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation

MOST = 500
"""SKUs that one product may come to."""
MOST_OPTIONS = 3
VALUE_LONGEST = 80
CODE_LONGEST = 64


@dataclass(frozen=True)
class Matrix:
    """The options of a product and their values; `pattern` has {code} of the product and each option's {name}.

    `price_minor` None takes price, cost and compare-at price of the product's first SKU.
    """

    product_id: int
    options: tuple[tuple[str, tuple[str, ...]], ...]
    pattern: str
    price_minor: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As kept on the change set."""
        options = [[name, list(values)] for name, values in self.options]
        return {"product": self.product_id, "options": options, "pattern": self.pattern, "price": self.price_minor}


@dataclass(frozen=True)
class Variant:
    """One combination; `fault`: there (the product has it), taken, twice, too_long, or None when it will be made."""

    options: dict[str, str]
    code: str
    fault: str | None


def from_json(rule: Mapping[str, Any]) -> Matrix:
    """The matrix that `to_json` gave. Raises RuleViolation("bad_rule")."""
    try:
        options = tuple((name, tuple(values)) for name, values in rule["options"])
        matrix = Matrix(rule["product"], options, rule["pattern"], rule.get("price"))
    except (KeyError, TypeError, ValueError) as error:
        raise RuleViolation("bad_rule") from error
    if type(matrix.product_id) is not int or not isinstance(matrix.pattern, str):
        raise RuleViolation("bad_rule")
    if matrix.price_minor is not None and not (type(matrix.price_minor) is int and 0 <= matrix.price_minor <= LARGEST):
        raise RuleViolation("bad_rule")
    check(matrix)
    return matrix


def check(matrix: Matrix) -> None:
    """Refuse what gives no matrix. Raises RuleViolation("bad_options", "bad_pattern", "too_many_variants")."""
    names = [name for name, _ in matrix.options]
    if not 1 <= len(names) <= MOST_OPTIONS or len(set(names)) != len(names):
        raise RuleViolation("bad_options")
    for name, values in matrix.options:
        if not _is_text(name, NAME_LONGEST) or not values or len(set(values)) != len(values):
            raise RuleViolation("bad_options")
        if not all(_is_text(value, VALUE_LONGEST) for value in values):
            raise RuleViolation("bad_options")
    if not is_storable(matrix.pattern) or any(f"{{{name}}}" not in matrix.pattern for name in names):
        raise RuleViolation("bad_pattern")
    count = 1
    for _, values in matrix.options:
        count *= len(values)
    if count > MOST:
        raise RuleViolation("too_many_variants", count=f"{count:,}", limit=MOST)


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 1 <= len(value.strip()) <= longest and is_storable(value)


def default_pattern(names: list[str]) -> str:
    """ "{code}-{Colour}-{Size}"."""
    return "-".join(["{code}", *(f"{{{name}}}" for name in names)])


def combinations(matrix: Matrix) -> list[dict[str, str]]:
    """Every combination, the last option's values changing first."""
    names = [name for name, _ in matrix.options]
    return [dict(zip(names, one, strict=True)) for one in itertools.product(*(values for _, values in matrix.options))]


def code_of(pattern: str, product_code: str, options: Mapping[str, str]) -> str:
    """The code of one combination; blanks in values become dashes."""
    filled = {"code": product_code, **{name: re.sub(r"\s+", "-", value) for name, value in options.items()}}
    return re.sub(r"\{([^{}]*)\}", lambda found: filled.get(found[1], found[0]), pattern).strip()


def preview(matrix: Matrix) -> list[Variant]:
    """What would become of each combination; two statements. Raises NotFound, RuleViolation."""
    check(matrix)
    product = db.session.scalars(select(Product).where(Product.id == matrix.product_id)).first()
    if product is None:
        raise NotFound("not_found")
    wanted = [(one, code_of(matrix.pattern, product.code, one)) for one in combinations(matrix)]
    there = [dict(row) for row in db.session.scalars(select(Sku.options).where(Sku.product_id == product.id))]
    codes = [code for _, code in wanted]
    taken = set(db.session.scalars(select(Sku.code).where(Sku.shop_id == product.shop_id, Sku.code.in_(codes))))
    return [
        Variant(one, code, _fault(one, code, there, taken, codes[:place])) for place, (one, code) in enumerate(wanted)
    ]


def _fault(
    one: dict[str, str], code: str, there: list[dict[str, Any]], taken: set[str], before: list[str]
) -> str | None:
    if one in there:
        return "there"
    if len(code) > CODE_LONGEST or not code:
        return "too_long"
    if code in taken:
        return "taken"
    return "twice" if code in before else None


def make(shop_id: int, matrix: Matrix) -> int:
    """Make the missing SKUs and fill the session's table `made`; returns how many combinations were left out.

    Raises NotFound, RuleViolation("no_first_sku", "too_many_variants").
    """
    locked = select(Product.id).where(Product.id == matrix.product_id).with_for_update(key_share=True)
    if db.session.scalars(locked).first() is None:
        raise NotFound("not_found")
    variants = preview(matrix)
    wanted = [one for one in variants if one.fault is None]
    first = first_sku(matrix.product_id)
    if matrix.price_minor is None and first is None:
        raise RuleViolation("no_first_sku")
    of_product = len(db.session.scalars(select(Sku.id).where(Sku.product_id == matrix.product_id)).all())
    if of_product + len(wanted) > MOST:
        raise RuleViolation("too_many_variants", count=of_product + len(wanted), limit=MOST)
    if wanted:
        rows = [{**_values(shop_id, matrix, first), "code": one.code, "options": one.options} for one in wanted]
        made = db.session.scalars(insert(Sku).returning(Sku.id), rows).all()
        db.session.execute(text("insert into made select 'sku', unnest(cast(:ids as bigint[]))"), {"ids": list(made)})
    return len(variants) - len(wanted)


def first_sku(product_id: int) -> Sku | None:
    """The SKU whose prices new ones take."""
    return db.session.scalars(select(Sku).where(Sku.product_id == product_id).order_by(Sku.id).limit(1)).first()


def _values(shop_id: int, matrix: Matrix, first: Sku | None) -> dict[str, Any]:
    moment = clock.now()
    common = {"shop_id": shop_id, "product_id": matrix.product_id, "created_at": moment, "updated_at": moment}
    if matrix.price_minor is not None or first is None:
        return {**common, "price_minor": matrix.price_minor}
    prices = {name: getattr(first, name) for name in ("price_minor", "compare_at_minor", "cost_minor")}
    return {**common, **prices, "low_stock_limit": first.low_stock_limit}
