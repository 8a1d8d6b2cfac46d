"""Prices typed into the product form that go beyond the shop's limits: held back, as a change set that waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.catalog import change_limits, change_sets
from app.catalog.change_models import ChangeSet, ChangeSource
from app.catalog.models import Product

HELD = ("price_minor", "cost_minor")
"""What was typed together waits together: whether a price is below cost depends on both."""


def hold_back(product: Product, changes: Mapping[str, Any]) -> tuple[dict[str, Any], ChangeSet | None]:
    """What of a form's changes may be written now, and the set that waits for a second person, if one must.

    `changes` are flat: `sku:7:price_minor`. The product's rows are locked by the caller.
    """
    held = _cut(product, changes)
    if not held:
        return dict(changes), None

    def fill(session: Session) -> None:
        present = {sku.id: sku for sku in product.skus}
        rows = [
            {"id": sku_id, "field": name, "new": _stored(value), "old": _stored(getattr(present[sku_id], name))}
            for (sku_id, name), value in held.items()
        ]
        session.execute(text(_WANT), rows)

    change_set = change_sets.propose(
        product.shop_id, ChangeSource.FORM, {"product_title": product.title}, {"ids": [product.id]}, fill
    )
    if not change_limits.needs_approval(change_set):
        change_sets.discard(change_set)
        return dict(changes), None
    change_sets.confirm(change_set)
    waiting = {f"sku:{sku_id}:{name}" for sku_id, name in held}
    return {key: value for key, value in changes.items() if key not in waiting}, change_set


def _cut(product: Product, changes: Mapping[str, Any]) -> dict[tuple[int, str], Any]:
    """Prices and costs of the SKUs whose price falls."""
    held: dict[tuple[int, str], Any] = {}
    for sku in product.skus:
        price = changes.get(f"sku:{sku.id}:price_minor")
        if price is not None and price < sku.price_minor:
            mine = {(sku.id, name): f"sku:{sku.id}:{name}" for name in HELD}
            held |= {key: changes[name] for key, name in mine.items() if name in changes}
    return held


def _stored(value: int | None) -> str | None:
    return None if value is None else str(value)


_WANT = """insert into wanted (target_table, row_id, field, new, guarded, expected)
    values ('sku', :id, :field, :new, true, :old)"""
