"""Freight templates: what the postage of a parcel is, and the choice of templates in a shop."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from app.catalog.models import FreightTemplate, Product
from app.kit.db import db


def fee_minor(template: FreightTemplate, units: int, amount_minor: int) -> int:
    """The postage of `units` pieces worth `amount_minor`: nothing from `free_above_minor` on, nor for no pieces.

    Further pieces count in whole steps: with steps of 5, the sixth piece after the first ones pays two steps.
    """
    is_free = template.free_above_minor is not None and amount_minor >= template.free_above_minor
    if units <= 0 or is_free:
        return 0
    steps = -(-max(units - template.first_units, 0) // template.further_units)
    return template.first_fee_minor + steps * template.further_fee_minor


def choices(shop_id: int) -> list[tuple[str, str]]:
    """(id, name) of every template of the shop, by name."""
    rows = db.session.execute(
        select(FreightTemplate.id, FreightTemplate.name)
        .where(FreightTemplate.shop_id == shop_id)
        .order_by(FreightTemplate.name)
    )
    return [(str(row.id), row.name) for row in rows]


def with_template(values: list[str]) -> ColumnElement[bool]:
    """Products of one of these templates."""
    return Product.freight_template_id.in_([int(v) for v in values if v.isdecimal() and len(v) < 19])
