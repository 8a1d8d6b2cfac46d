"""A product as a form holds it: plain values of the product and its SKUs, flat for comparing and merging."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.catalog.models import Product, Sku

PRODUCT_FIELDS = (
    "title",
    "code",
    "description",
    "category_id",
    "status",
    "tags",
    "attributes",
    "freight_template_id",
)
SKU_FIELDS = (
    "code",
    "barcode",
    "options",
    "price_minor",
    "compare_at_minor",
    "cost_minor",
    "stock_on_hand",
    "low_stock_limit",
)


@dataclass(frozen=True)
class SkuDraft:
    """One SKU row; `id` is None for a new one. `values` has SKU_FIELDS, money in minor units."""

    values: dict[str, Any]
    id: int | None = None


@dataclass(frozen=True)
class ProductDraft:
    """A product's own `values` (PRODUCT_FIELDS), its SKUs, and the ids of SKUs to be removed."""

    values: dict[str, Any]
    skus: tuple[SkuDraft, ...] = ()
    removed: frozenset[int] = field(default_factory=frozenset)

    def flat(self) -> dict[str, Any]:
        """The values of the product and of its present SKUs, by `title` or `sku:7:price_minor`."""
        kept = ((sku.id, sku.values) for sku in self.skus if sku.id is not None)
        return {**self.values, **_flat_skus(kept)}


def of(product: Product) -> ProductDraft:
    """A stored product, with its SKUs loaded, as a draft."""
    values = {name: getattr(product, name) for name in PRODUCT_FIELDS}
    values["status"] = product.status.value
    return ProductDraft(values, tuple(SkuDraft(sku_values(sku), sku.id) for sku in product.skus))


def sku_values(sku: Sku) -> dict[str, Any]:
    """A stored SKU's values."""
    return {name: getattr(sku, name) for name in SKU_FIELDS}


def sku_key(sku_id: int, name: str) -> str:
    """The flat name of a SKU's field."""
    return f"sku:{sku_id}:{name}"


def _flat_skus(skus: Iterable[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    return {sku_key(key, name): values[name] for key, values in skus for name in SKU_FIELDS}
