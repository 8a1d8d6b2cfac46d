"""Names of what fields of a product refer to: categories and freight templates, by the text that is stored."""

from __future__ import annotations

from app.catalog import categories, freight

FREIGHT = "freight:"
"""Stands before the ids of freight templates, so that they are not taken for categories."""


def of(shop_id: int) -> dict[str, str]:
    """{"7": "Cups", "freight:7": "Standard"}; two statements."""
    names = {str(node.id): node.name for node in categories.tree(shop_id)}
    return names | {f"{FREIGHT}{key}": name for key, name in freight.choices(shop_id)}
