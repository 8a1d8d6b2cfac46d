"""What a product draft must be: every fault by its field, before anything is written."""

from __future__ import annotations

from collections import Counter

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.catalog.drafts import ProductDraft
from app.catalog.models import Category, FreightTemplate, Product, Sku
from app.kit.db import db
from app.kit.errors import RuleViolation

FAULTS = {
    "needed": _l("This is needed."),
    "too_long": _l("This is too long."),
    "taken": _l("This code is in use already. Codes are unique in a shop."),
    "twice": _l("This code stands here twice."),
    "category_unknown": _l("There is no such category in this shop."),
    "freight_unknown": _l("There is no such freight template in this shop."),
    "no_skus": _l("A product needs at least one SKU before it can go on sale."),
    "below_zero": _l("It cannot be below zero."),
}
LENGTHS = {"title": 200, "code": 64, "description": 100_000}
NOT_NEGATIVE = ("price_minor", "compare_at_minor", "cost_minor", "stock_on_hand", "low_stock_limit")


class DraftRefused(RuleViolation):
    """Fields at fault: `title`, or `skus.0.code` by the position in the draft → a key of FAULTS."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("draft_refused", fields=", ".join(sorted(faults)))
        self.faults = faults


def check(draft: ProductDraft, shop_id: int, product_id: int | None) -> None:
    """Refuse a draft that breaks a rule. Raises DraftRefused with every fault."""
    faults = {**_own(draft, shop_id, product_id), **_of_skus(draft, shop_id)}
    if faults:
        raise DraftRefused(faults)


def _own(draft: ProductDraft, shop_id: int, product_id: int | None) -> dict[str, str]:
    values = draft.values
    faults = {name: "too_long" for name, longest in LENGTHS.items() if len(values[name]) > longest}
    faults |= {name: "needed" for name in ("title", "code") if not values[name].strip()}
    same_code = select(Product.id).where(Product.shop_id == shop_id, Product.code == values["code"])
    if set(db.session.scalars(same_code)) - {product_id}:
        faults["code"] = "taken"
    ours = select(Category.id).where(Category.shop_id == shop_id, Category.id == values["category_id"])
    if values["category_id"] is not None and db.session.scalars(ours).first() is None:
        faults["category_id"] = "category_unknown"
    freight_id = values.get("freight_template_id")
    known = select(FreightTemplate.id).where(FreightTemplate.shop_id == shop_id, FreightTemplate.id == freight_id)
    if freight_id is not None and db.session.scalars(known).first() is None:
        faults["freight_template_id"] = "freight_unknown"
    if values["status"] == "on_sale" and not draft.skus:
        faults["status"] = "no_skus"
    return faults


def _of_skus(draft: ProductDraft, shop_id: int) -> dict[str, str]:
    faults: dict[str, str] = {}
    counted = Counter(sku.values["code"] for sku in draft.skus)
    owners = _owners(shop_id, set(counted))
    for position, sku in enumerate(draft.skus):
        code = sku.values["code"]
        where = f"skus.{position}"
        if not code.strip():
            faults[f"{where}.code"] = "needed"
        elif counted[code] > 1:
            faults[f"{where}.code"] = "twice"
        elif owners.get(code, sku.id) != sku.id and owners[code] not in draft.removed:
            faults[f"{where}.code"] = "taken"
        faults |= {f"{where}.{n}": "too_long" for n in ("code", "barcode") if len(sku.values[n]) > 64}
        faults |= {f"{where}.{n}": "below_zero" for n in NOT_NEGATIVE if (sku.values[n] or 0) < 0}
    return faults


def _owners(shop_id: int, codes: set[str]) -> dict[str, int]:
    found = db.session.execute(select(Sku.code, Sku.id).where(Sku.shop_id == shop_id, Sku.code.in_(codes)))
    return {row.code: row.id for row in found}
