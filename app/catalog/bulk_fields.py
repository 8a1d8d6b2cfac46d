"""What the bulk form offers: fields by kind, how each kind may be changed, and what must be filled in for it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.catalog.change_fields import FIELDS

KINDS = {
    "price_minor": "money",
    "compare_at_minor": "money",
    "cost_minor": "money",
    "stock_on_hand": "count",
    "low_stock_limit": "count",
    "title": "text",
    "description": "text",
    "barcode": "text",
    "options": "named",
    "attributes": "attribute",
    "tags": "tags",
    "category_id": "category",
    "freight_template_id": "freight",
    "status": "status",
}
"""Fields in the order of the form, and the kind that says what may be done with them."""
NUMBER, TEXTUAL = ("money", "count"), ("text", "named", "attribute")
GROUPS = ((_l("Prices and stock"), NUMBER), (_l("Texts"), TEXTUAL), (_l("Facts"), ()))

HOWS = (
    ("percent", _l("Change by percent"), NUMBER),
    ("plus", _l("Add an amount (negative takes away)"), NUMBER),
    ("set", _l("Set to"), NUMBER),
    ("copy", _l("Copy from another field"), NUMBER),
    ("over_cost", _l("Cost plus percent"), ("money",)),
    ("margin", _l("Cost with a margin of … % of the price"), ("money",)),
    ("round", _l("Only round"), NUMBER),
    ("replace", _l("Find and replace"), TEXTUAL),
    ("before", _l("Put before"), TEXTUAL),
    ("after", _l("Put after"), TEXTUAL),
    ("text", _l("Set to"), TEXTUAL),
    ("take_off", _l("Take off"), ("attribute",)),
    ("tags_add", _l("Add tags"), ("tags",)),
    ("tags_remove", _l("Take tags off"), ("tags",)),
    ("tags_replace", _l("Only these tags"), ("tags",)),
)
"""How: (value, label, kinds of fields)."""
ROUNDINGS = (
    ("", _l("Do not round further")),
    ("ending", _l("End in ….99")),
    ("own_ending", _l("End in …")),
    ("step", _l("Round to a step")),
)
PLAIN_ROUNDINGS = tuple(one for one in ROUNDINGS if one[0] != "own_ending")
MOST_ROWS = 8


def grouped() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """The fields for a select box: (heading, [(name, label)])."""
    labels = {field.name: field.label for field in FIELDS.values()}
    taken = {kind for _, kinds in GROUPS for kind in kinds}
    return [
        (
            heading,
            [(name, labels[name]) for name, kind in KINDS.items() if kind in (kinds or set(KINDS.values()) - taken)],
        )
        for heading, kinds in GROUPS
    ]


def numbers() -> list[tuple[str, Any]]:
    """The fields to copy from."""
    return [(name, label) for _, fields in grouped()[:1] for name, label in fields]


def allowed(how: str, field: str) -> bool:
    """Whether a field may be changed like that."""
    return any(value == how and KINDS[field] in kinds for value, _, kinds in HOWS)


def hows_of(field: str) -> list[tuple[str, Any]]:
    """How one field may be changed, for a select box."""
    return [(value, label) for value, label, kinds in HOWS if KINDS[field] in kinds]
