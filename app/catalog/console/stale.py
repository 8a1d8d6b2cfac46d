"""The page after a refused save: mine and theirs side by side, who and when; nothing was written."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext

from app.catalog import change_words, reference_names
from app.catalog.change_fields import FIELDS
from app.catalog.models import Product
from app.console.base import ConsoleBase
from app.kit.merge import Clash, StaleEdit
from app.shops.models import Shop


def page(view: ConsoleBase, product: Product, shop: Shop, error: StaleEdit) -> str:
    """Both versions of each clashing field."""
    names = reference_names.of(shop.id)
    codes = {sku.id: sku.code for sku in product.skus}
    return view.page(
        "catalog/stale.html",
        product=product,
        shop=shop,
        who=error.who,
        at=error.at,
        clashes=[_shown(clash, shop, names, codes) for clash in error.clashes],
        typed=request.form,
    )


def _shown(clash: Clash, shop: Shop, names: dict[str, str], codes: dict[int, str]) -> dict[str, str]:
    name = clash.field.rpartition(":")[2]
    label = str(next((f.label for f in FIELDS.values() if f.name == name), gettext("Code")))
    if clash.field.startswith("sku:"):
        label = f"{codes.get(int(clash.field.split(':')[1]), gettext('Removed SKU'))} · {label}"

    def text(value: Any) -> str:
        if value is None:
            return "–"
        stored = change_words.as_stored(value)
        return change_words.value(name, stored, shop.currency, names)

    return {"label": label, "base": text(clash.base), "mine": text(clash.mine), "theirs": text(clash.theirs)}
