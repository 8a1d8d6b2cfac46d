"""The kinds of rows that can be imported; one line a kind."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from app.imports.models import ImportKind
from app.imports.staging import Kind

MODULES = {
    ImportKind.PRODUCTS: "app.imports.product_rows",
    ImportKind.ORDERS: "app.imports.order_rows",
    ImportKind.TRACKING: "app.imports.tracking_rows",
}


def of(kind: ImportKind) -> Kind:
    """The kind's fields and verbs, which its module offers as `KIND`."""
    module: Any = import_module(MODULES[kind])
    found: Kind = module.KIND
    return found
