"""A product's timeline: its own facts and fields, and those of its SKUs, in words."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.catalog import change_words, reference_names
from app.catalog.change_fields import FIELDS
from app.catalog.change_models import ChangeSet
from app.catalog.lifecycle import LABELS
from app.catalog.models import Product, ProductStatus
from app.console import timeline
from app.kit import history
from app.kit.audit import FieldChange
from app.kit.db import db
from app.kit.history import Entry
from app.shops.models import Shop

MOST = 200
_LABELS: dict[str, Any] = {
    **{name: field.label for (_, name), field in FIELDS.items()},
    "code": _l("Code"),
    "product_id": _l("Product"),
}


def shown(product: Product, shop: Shop) -> list[dict[str, Any]]:
    """The timeline as the macro of ui.html takes it, newest first."""
    entries = _merge(history.of("product", "product", product.id, MOST), _of_skus(product))
    names = reference_names.of(shop.id)
    labels = {key: _label(key) for entry in entries for key in entry.changes}

    def value(key: str, stored: Any) -> str:
        return change_words.value(key.rpartition(" ")[2], change_words.as_stored(stored), shop.currency, names)

    told = timeline.shown(entries, timeline.Words(_EVENTS, labels, value), shop.time_zone)
    sets = _sets(entries)
    for entry, one in zip(entries, told, strict=True):
        if change_set := sets.get(entry.change_set_id or 0):
            one["text"] = gettext("Change #%(number)s", number=change_set.id)
            said = change_words.title(change_set, shop.currency, names)
            one["note"] = f"{said} · {change_set.note}" if change_set.note else said
    return told


def _sets(entries: list[Entry]) -> dict[int, ChangeSet]:
    """The sets that entries were part of, by id; no statement when there are none."""
    ids = {entry.change_set_id for entry in entries if entry.change_set_id}
    return {row.id: row for row in db.session.scalars(select(ChangeSet).where(ChangeSet.id.in_(ids)))} if ids else {}


def _label(key: str) -> str:
    code, _, name = key.rpartition(" ")
    label = str(_LABELS.get(name, name))
    return f"{code} · {label}" if code else label


def _of_skus(product: Product) -> list[Entry]:
    codes = {sku.id: sku.code for sku in product.skus}
    query = select(FieldChange).where(FieldChange.table_name == "sku", FieldChange.row_id.in_(codes))
    rows = db.session.scalars(query.order_by(FieldChange.id.desc()).limit(MOST))
    return [
        Entry(
            row.at,
            row.actor,
            row.request_id,
            changes={f"{codes[row.row_id]} {name}": pair for name, pair in row.changes.items()},
            change_set_id=row.change_set_id,
        )
        for row in rows
    ]


def _merge(entries: list[Entry], of_skus: list[Entry]) -> list[Entry]:
    """SKU changes under the entry of the same person and request; the others stand alone."""
    by_request = {(entry.actor, entry.request_id): entry for entry in reversed(entries)}
    for entry in of_skus:
        same = by_request.get((entry.actor, entry.request_id))
        if same is None or entry.request_id == "-":
            by_request[entry.actor, entry.request_id] = entry
            entries = [*entries, entry]
        else:
            same.changes = {**same.changes, **entry.changes}
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _moved(entry: Entry) -> timeline.Telling:
    names = [str(LABELS[ProductStatus(entry.facts[key])]) for key in ("from_status", "to_status")]
    return "arrows-exchange", "info", gettext("%(before)s → %(after)s", before=names[0], after=names[1])


_EVENTS = {
    "ProductCreated": lambda entry: ("plus", "success", gettext("Created")),
    "ProductEdited": lambda entry: ("pencil", "secondary", gettext("Edited")),
    "ProductMoved": _moved,
}
