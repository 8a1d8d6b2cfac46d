"""What leaves in exchange: the goods that came back, or another variant of the same product, such as the right size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from app.after_sale import access
from app.after_sale.models import AfterSaleCase, CaseKind
from app.catalog.models import Sku
from app.fulfilment.resending import Goods
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.stock import levels


@dataclass(frozen=True)
class Variant:
    """A SKU that can be sent: its options in words, and how many are available."""

    sku_id: int
    code: str
    words: str
    available: int


@dataclass(frozen=True)
class Choice:
    """Units of a SKU that a case asks for, and what can be sent for them; the same SKU is the first."""

    sku_id: int
    quantity: int
    variants: list[Variant]

    @property
    def is_sold_out(self) -> bool:
        """Whether no variant has as many left."""
        return all(one.available < self.quantity for one in self.variants)


def units(case: AfterSaleCase) -> dict[int, int]:
    """The units of a case by SKU; those of goods that are in no catalogue travel unseen."""
    found: dict[int, int] = {}
    for line in access.lines_of(case.id):
        if line.line is not None and line.line.sku_id is not None and line.asked_units:
            found[line.line.sku_id] = found.get(line.line.sku_id, 0) + line.asked_units
    return found


def choices(case: AfterSaleCase) -> list[Choice]:
    """What can be sent for each SKU of an exchange or a re-send; nothing for other kinds. Three statements."""
    asked = units(case) if case.kind in (CaseKind.EXCHANGE, CaseKind.RESEND) else {}
    if not asked:
        return []
    skus = _with_siblings(case.shop_id, list(asked))
    there = levels.available(case.shop_id, [sku.id for sku in skus])
    of_product = {sku.id: sku.product_id for sku in skus}
    told = [(sku, Variant(sku.id, sku.code, _words(sku), there.get(sku.id, 0))) for sku in skus]
    return [
        Choice(
            sku_id,
            quantity,
            sorted(
                (variant for sku, variant in told if sku.product_id == of_product.get(sku_id)),
                key=lambda one: (one.sku_id != sku_id, one.code),
            ),
        )
        for sku_id, quantity in sorted(asked.items())
    ]


def goods(case: AfterSaleCase, instead: Mapping[int, int]) -> list[Goods]:
    """The units that leave; `instead` names for a SKU asked for another one of its product.

    Raises RuleViolation("not_a_variant").
    """
    asked = units(case)
    wanted = {sku_id: other for sku_id, other in instead.items() if other != sku_id}
    if wanted:
        of_product = {sku.id: sku.product_id for sku in _with_siblings(case.shop_id, list(asked))}
        if any(one not in asked or of_product.get(other) != of_product.get(one) for one, other in wanted.items()):
            raise RuleViolation("not_a_variant")
    leaving: dict[int, int] = {}
    for sku_id, quantity in asked.items():
        sent = wanted.get(sku_id, sku_id)
        leaving[sent] = leaving.get(sent, 0) + quantity
    return [Goods(sku_id, quantity) for sku_id, quantity in sorted(leaving.items())]


def _with_siblings(shop_id: int, sku_ids: list[int]) -> list[Sku]:
    products = select(Sku.product_id).where(Sku.shop_id == shop_id, Sku.id.in_(sku_ids))
    query = select(Sku).where(Sku.shop_id == shop_id, Sku.product_id.in_(products)).order_by(Sku.code)
    return list(db.session.scalars(query))


def _words(sku: Sku) -> str:
    return " / ".join(map(str, sku.options.values()))
