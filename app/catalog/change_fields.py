"""What a change set may change: each field's table, kind and limits, as facts and as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flask_babel import lazy_gettext as _l

from app.catalog import tag_sql
from app.catalog.lifecycle import MOVES

WHOLE_NUMBER = r"^[+-]?\d{1,18}$"
LARGEST = 10**15
"""Above this a price or a count is a slip of the keyboard, whatever the currency."""


class FieldKind(StrEnum):
    """How the text of a value is read."""

    MONEY = "money"
    COUNT = "count"
    TEXT = "text"
    STATUS = "status"
    CATEGORY = "category"
    OPTIONS = "options"
    TAGS = "tags"
    ATTRIBUTES = "attributes"
    FREIGHT = "freight"


NUMBERS = (FieldKind.MONEY, FieldKind.COUNT)
REFERENCES = (FieldKind.CATEGORY, FieldKind.FREIGHT)
OBJECTS = (FieldKind.OPTIONS, FieldKind.TAGS, FieldKind.ATTRIBUTES)


@dataclass(frozen=True)
class ChangeField:
    """One column that change sets may write; `longest` limits text, `nullable` lets it be emptied."""

    table: str
    name: str
    kind: FieldKind
    label: object
    nullable: bool = False
    longest: int = 0

    @property
    def is_number(self) -> bool:
        """Stored as a whole number: an amount, a count, or the id of what it refers to."""
        return self.kind in (*NUMBERS, *REFERENCES)

    @property
    def is_amount(self) -> bool:
        """Whether sums and relative changes of it make sense."""
        return self.kind in (FieldKind.MONEY, FieldKind.COUNT)

    @property
    def sql_type(self) -> str:
        """The column's type, for the cast from text."""
        return "bigint" if self.is_number else "jsonb" if self.kind in OBJECTS else "text"


_ALL = (
    ChangeField("sku", "price_minor", FieldKind.MONEY, _l("Price")),
    ChangeField("sku", "compare_at_minor", FieldKind.MONEY, _l("Compare-at price"), nullable=True),
    ChangeField("sku", "cost_minor", FieldKind.MONEY, _l("Cost"), nullable=True),
    ChangeField("sku", "stock_on_hand", FieldKind.COUNT, _l("Stock")),
    ChangeField("sku", "low_stock_limit", FieldKind.COUNT, _l("Low-stock limit")),
    ChangeField("sku", "barcode", FieldKind.TEXT, _l("Barcode"), longest=64),
    ChangeField("sku", "options", FieldKind.OPTIONS, _l("Option values")),
    ChangeField("product", "title", FieldKind.TEXT, _l("Title"), longest=200),
    ChangeField("product", "description", FieldKind.TEXT, _l("Description"), longest=100_000),
    ChangeField("product", "status", FieldKind.STATUS, _l("Status")),
    ChangeField("product", "category_id", FieldKind.CATEGORY, _l("Category"), nullable=True),
    ChangeField("product", "tags", FieldKind.TAGS, _l("Tags")),
    ChangeField("product", "attributes", FieldKind.ATTRIBUTES, _l("Attributes")),
    ChangeField("product", "freight_template_id", FieldKind.FREIGHT, _l("Freight template"), nullable=True),
)
FIELDS = {(field.table, field.name): field for field in _ALL}
NUMBER_NAMES_SQL = ", ".join(f"'{field.name}'" for field in _ALL if field.kind in NUMBERS)
"""Names of the fields that add up and have a percentage, as an SQL list."""


def canonical_sql(field: ChangeField) -> str:
    """`w.new` as the column would print it, so that "007" and "7" are the same wish."""
    if field.is_number:
        return f"case when w.new ~ '{WHOLE_NUMBER}' then (w.new::bigint)::text else w.new end"
    if field.kind is FieldKind.OPTIONS:
        is_object = "pg_input_is_valid(w.new, 'jsonb') and w.new is json object"
        return f"case when {is_object} then (w.new::jsonb)::text else w.new end"
    if field.kind is FieldKind.TAGS:
        return tag_sql.canonical_tags_sql("w.new")
    if field.kind is FieldKind.ATTRIBUTES:
        return tag_sql.canonical_attributes_sql("w.new")
    return "w.new"


def refusal_sql(field: ChangeField) -> str:
    """The reason for which `j.new` is refused for this field, or null."""
    rules = [] if field.nullable else [("j.new is null", "blank")]
    rules.extend(_RULES[field.kind](field))
    return "case " + " ".join(f"when {test} then '{reason}'" for test, reason in rules) + " end"


def _number_rules(field: ChangeField) -> list[tuple[str, str]]:
    negative = "price_negative" if field.kind is FieldKind.MONEY else "stock_negative"
    rules = [
        (f"j.new !~ '{WHOLE_NUMBER}'", "not_a_number"),
        ("j.new::bigint < 0", negative),
        (f"j.new::bigint > {LARGEST}", "too_large"),
    ]
    if field.name == "price_minor":
        rules.append(("j.new::bigint < :floor and j.old::bigint >= :floor", "price_under_one"))
    return rules


def _text_rules(field: ChangeField) -> list[tuple[str, str]]:
    blank = [("btrim(j.new) = ''", "blank")] if field.name == "title" else []
    return [*blank, (f"length(j.new) > {field.longest}", "too_long")]


def _status_rules(field: ChangeField) -> list[tuple[str, str]]:
    known = ", ".join(f"'{status.value}'" for status in MOVES)
    legal = ", ".join(f"('{a.value}', '{b.value}')" for a, targets in MOVES.items() for b in sorted(targets))
    return [
        (f"j.new not in ({known})", "status_unknown"),
        # taking a move back is not a move of its own, so an undo is not held to the table
        (f"j.new <> j.old and not :undoing and (j.old, j.new) not in ({legal})", "illegal_move"),
        (
            "j.new = 'on_sale' and j.old <> 'on_sale' and not exists (select from sku k where k.product_id = j.row_id)",
            "no_skus",
        ),
    ]


def _reference_rules(field: ChangeField) -> list[tuple[str, str]]:
    table, unknown = _TARGETS[field.kind]
    ours = f"select from {table} c where c.shop_id = :shop_id and c.id = j.new::bigint"
    return [
        (f"j.new !~ '{WHOLE_NUMBER}'", "not_a_number"),
        (f"j.new is not null and not exists ({ours})", unknown),
    ]


_TARGETS = {
    FieldKind.CATEGORY: ("category", "category_unknown"),
    FieldKind.FREIGHT: ("freight_template", "freight_unknown"),
}


def _options_rules(field: ChangeField) -> list[tuple[str, str]]:
    return [("not pg_input_is_valid(j.new, 'jsonb') or j.new is not json object", "not_options")]


_RULES = {
    FieldKind.MONEY: _number_rules,
    FieldKind.COUNT: _number_rules,
    FieldKind.TEXT: _text_rules,
    FieldKind.STATUS: _status_rules,
    FieldKind.CATEGORY: _reference_rules,
    FieldKind.OPTIONS: _options_rules,
    FieldKind.TAGS: lambda field: tag_sql.tag_rules("j.new"),
    FieldKind.ATTRIBUTES: lambda field: tag_sql.attribute_rules("j.new"),
    FieldKind.FREIGHT: _reference_rules,
}

REASONS = {
    "field_unknown": _l("there is no such field"),
    "row_unknown": _l("there is no such row in this shop; it may have been deleted"),
    "duplicate": _l("the same field of the same row was wanted twice"),
    "blank": _l("it must not be empty, and there was no value to work from"),
    "not_a_number": _l("it is not a whole number"),
    "too_large": _l("the number is too large"),
    "too_long": _l("the text is too long"),
    "price_negative": _l("a price cannot be below zero"),
    "stock_negative": _l("stock cannot be below zero"),
    "price_under_one": _l("the price would fall below the smallest coin"),
    "status_unknown": _l("there is no such status"),
    "illegal_move": _l("this status cannot follow the present one"),
    "no_skus": _l("a product without SKUs cannot go on sale"),
    "category_unknown": _l("there is no such category in this shop"),
    "not_options": _l("option values could not be read"),
    "not_tags": _l("tags could not be read"),
    "bad_tag": _l("a tag is blank, too long, or has a comma in it"),
    "too_many_tags": _l("these are more tags than a product may have"),
    "not_attributes": _l("attributes could not be read"),
    "bad_attribute": _l("the name or the value of an attribute is too long or cannot be stored"),
    "too_many_attributes": _l("these are more attributes than a product may have"),
    "freight_unknown": _l("there is no such freight template in this shop"),
    "changed_since": _l("changed by somebody afterwards, so it was kept"),
    "base_changed": _l("changed by somebody since the preview, so it was left alone"),
}
"""Why a line was refused or kept, for people."""
