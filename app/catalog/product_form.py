"""The product form: what people typed → a draft, or a sentence for each field that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext

from app.catalog import amounts, tags
from app.catalog.bulk_form import FormFaults
from app.catalog.drafts import SKU_FIELDS, ProductDraft, SkuDraft
from app.catalog.models import ProductStatus
from app.kit.money import exponent

MONEY = ("price_minor", "compare_at_minor", "cost_minor")
NEEDED = ("price_minor", "stock_on_hand", "low_stock_limit")
MOST_SKUS = 500


def read(form: Mapping[str, str], currency: str) -> ProductDraft:
    """The draft that a filled-in form means. SKU rows are `sku-<n>-<field>`. Raises FormFaults."""
    faults: dict[str, str] = {}
    values = {
        "title": form.get("title", "").strip(),
        "code": form.get("code", "").strip(),
        "description": form.get("description", "").replace("\r\n", "\n").strip(),
        "category_id": _id(form.get("category_id", "")),
        "status": form.get("status", "") if form.get("status", "") in set(ProductStatus) else "draft",
        "freight_template_id": _id(form.get("freight_template_id", "")),
        "tags": _read_words(form, "tags", tags.read, faults),
        "attributes": _read_words(form, "attributes", tags.read_attributes, faults),
    }
    skus, removed = [], set()
    for position in rows(form):
        sku_id = _id(form.get(f"sku-{position}-id", ""))
        if form.get(f"sku-{position}-removed"):
            removed |= {sku_id} if sku_id is not None else set()
        else:
            skus.append(SkuDraft(_sku(form, position, currency, faults), sku_id))
    if faults:
        raise FormFaults(faults)
    return ProductDraft(values, tuple(skus), frozenset(removed))


def rows(form: Mapping[str, str]) -> list[int]:
    """The numbers of the SKU rows that a form has sent, in order; blank new ones are none."""
    found = {name.split("-")[1] for name in form if name.startswith("sku-") and name.count("-") == 2}
    numbers = sorted(int(number) for number in found if number.isdigit() and len(number) < 6)[:MOST_SKUS]
    return [
        number
        for number in numbers
        if any(form.get(f"sku-{number}-{name}", "").strip() for name in ("id", *SKU_FIELDS))
    ]


def kept_rows(form: Mapping[str, str]) -> list[int]:
    """The rows that are not to be removed: `skus.<i>` of a draft's faults is the i-th of these."""
    return [position for position in rows(form) if not form.get(f"sku-{position}-removed")]


def base_of(form: Mapping[str, str]) -> tuple[dict[str, Any], int]:
    """What the form was filled with when it was opened, and the version then. Raises FormFaults if damaged."""
    try:
        base = json.loads(form.get("base", ""))
        return dict(base["values"]), int(base["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise FormFaults({"base": gettext("The form is damaged. Reload the page.")}) from error


def typed(draft: ProductDraft, currency: str) -> dict[str, str]:
    """A draft as the form's fields hold it."""
    values = {name: "" if value is None else str(value) for name, value in draft.values.items()}
    values["tags"] = tags.typed_tags(draft.values["tags"])
    values["attributes"] = tags.typed_attributes(draft.values["attributes"])
    for position, sku in enumerate(draft.skus):
        values[f"sku-{position}-id"] = str(sku.id or "")
        for name in SKU_FIELDS:
            values[f"sku-{position}-{name}"] = text_of(name, sku.values[name], currency)
    return values


def text_of(name: str, value: Any, currency: str) -> str:
    """One stored value as it is typed: 1250 → "12.50", {"Size": "S"} → "Size: S"."""
    if value is None:
        return ""
    if name in MONEY:
        digits = exponent(currency)
        whole, part = divmod(int(value), 10**digits)
        return f"{whole}.{part:0{digits}d}" if digits else str(whole)
    if name == "options":
        return "; ".join(f"{key}: {its}" for key, its in value.items())
    return str(value)


def _read_words(form: Mapping[str, str], name: str, parse: Callable[[str], Any], faults: dict[str, str]) -> Any:
    try:
        return parse(form.get(name, ""))
    except amounts.BadAmount as error:
        faults[name] = str(error)
        return None


def _sku(form: Mapping[str, str], position: int, currency: str, faults: dict[str, str]) -> dict[str, Any]:
    return {
        name: _read(name, form.get(f"sku-{position}-{name}", "").strip(), currency, faults, f"sku-{position}-{name}")
        for name in SKU_FIELDS
    }


def _read(name: str, text: str, currency: str, faults: dict[str, str], key: str) -> Any:
    try:
        return _READERS.get(name, _plain)(name, text, currency)
    except amounts.BadAmount as error:
        faults[key] = str(error)
        return None


def _plain(name: str, text: str, currency: str) -> str:
    return text


def _amount(name: str, text: str, currency: str) -> int | None:
    if not text and name not in NEEDED:
        return None
    if not text and name != "price_minor":
        return 0
    return amounts.not_negative(amounts.money(text, currency) if name in MONEY else amounts.count(text))


def _options(name: str, text: str, currency: str) -> dict[str, str]:
    pairs = [part.replace("：", ":").partition(":") for part in text.replace("；", ";").split(";") if part.strip()]
    if any(not key.strip() or not value.strip() for key, _, value in pairs):
        raise amounts.BadAmount(gettext("Write option values like: Colour: red; Size: M"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def _id(text: str) -> int | None:
    return int(text) if text.isdigit() and len(text) < 19 else None


_READERS: dict[str, Callable[[str, str, str], Any]] = {
    "options": _options,
    **dict.fromkeys((*NEEDED, *MONEY), _amount),
}
