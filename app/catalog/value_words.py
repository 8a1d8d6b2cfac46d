"""A stored value as people read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.catalog import reference_names
from app.catalog.change_fields import FIELDS, FieldKind
from app.catalog.lifecycle import LABELS
from app.catalog.models import ProductStatus
from app.kit import formats


def value(field: str, stored: str | None, currency: str, names: Mapping[str, str] | None = None) -> str:
    """A stored value as people read it; `names` has those of what it may refer to (`reference_names.of`)."""
    if stored is None:
        return "–"
    known = next((f for f in FIELDS.values() if f.name == field), None)
    kind = known.kind if known else FieldKind.TEXT
    try:
        return _VALUES[kind](stored, currency, names or {})
    except ValueError:
        return stored  # a refused line keeps what was typed


def as_stored(plain: Any) -> str | None:
    """A value from the field history or a draft as a change line would hold it."""
    return plain if plain is None or isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _options(stored: str, currency: str, names: Mapping[str, str]) -> str:
    return ", ".join(f"{key}: {its}" for key, its in json.loads(stored).items()) or "–"


def _tags(stored: str, currency: str, names: Mapping[str, str]) -> str:
    return ", ".join(json.loads(stored)) or "–"


_VALUES: dict[FieldKind, Any] = {
    FieldKind.MONEY: lambda stored, currency, names: formats.money(int(stored), currency),
    FieldKind.COUNT: lambda stored, currency, names: formats.number(int(stored)),
    FieldKind.STATUS: lambda stored, currency, names: str(LABELS[ProductStatus(stored)]),
    FieldKind.CATEGORY: lambda stored, currency, names: names.get(stored, f"#{stored}"),
    FieldKind.OPTIONS: _options,
    FieldKind.TAGS: _tags,
    FieldKind.ATTRIBUTES: _options,
    FieldKind.FREIGHT: lambda stored, currency, names: names.get(f"{reference_names.FREIGHT}{stored}", f"#{stored}"),
    FieldKind.TEXT: lambda stored, currency, names: stored or "–",
}
