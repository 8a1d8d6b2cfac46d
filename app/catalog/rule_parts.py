"""The parts of a rule that are no arithmetic: one value, texts, tags, attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.catalog import formulas, tag_sql, text_steps
from app.catalog.change_fields import FIELDS
from app.catalog.formulas import Bind, Formula
from app.catalog.tags import clean
from app.catalog.text_steps import SetText, TextStep
from app.kit.errors import RuleViolation

TEXTS = {"title": "product", "description": "product", "barcode": "sku"}
NAMED = {"options": "sku", "attributes": "product"}
"""Fields that hold texts by name, and their tables."""
TAGGING = ("add", "remove", "replace")


@dataclass(frozen=True)
class ProductValue:
    """One value for a field of every chosen product, such as status → off shelf; None empties."""

    table: ClassVar[str] = "product"
    floor: ClassVar[int] = 0
    field: str
    value: str | None

    def new_sql(self, row: str, old: str, bind: Bind) -> str:
        """The new value as SQL."""
        return f"cast({bind(self.value)} as text)"

    def where_sql(self, row: str, bind: Bind) -> str:
        """Which rows it is about: all."""
        return "true"

    def to_json(self) -> dict[str, Any]:
        """As kept on the change set."""
        return {"product": self.field, "value": self.value}


@dataclass(frozen=True)
class Words:
    """Steps over a text field, or over the text of that `name` among options or attributes.

    Rows without such a text are left alone, but for a step that sets it.
    """

    floor: ClassVar[int] = 0
    field: str
    steps: tuple[TextStep, ...]
    name: str = ""

    @property
    def table(self) -> str:
        """The table of the field."""
        return {**TEXTS, **NAMED}[self.field]

    @property
    def sets(self) -> bool:
        """Whether it gives a text to rows that have none."""
        return any(isinstance(step, SetText) for step in self.steps)

    def of(self, old: Any) -> Any:
        """The new value in Python; `old` is a text, or a mapping of texts by name."""
        if not self.name:
            return text_steps.of(self.steps, old)
        if self.name not in old and not self.sets:
            return old
        return {**old, self.name: text_steps.of(self.steps, old.get(self.name, ""))}

    def new_sql(self, row: str, old: str, bind: Bind) -> str:
        """The new value as SQL: text, or jsonb where texts have names."""
        if not self.name:
            return text_steps.sql(self.steps, old, bind)
        name = f"cast({bind(self.name)} as text)"
        said = text_steps.sql(self.steps, f"coalesce({old} ->> {name}, '')", bind)
        made = f"{old} || jsonb_build_object({name}, {said})"
        return f"({made})" if self.sets else f"(case when {old} ? {name} then {made} else {old} end)"

    def where_sql(self, row: str, bind: Bind) -> str:
        """Rows that have such a text, or all."""
        if not self.name or self.sets:
            return "true"
        return f"{row}.{self.field} ? cast({bind(self.name)} as text)"

    def to_json(self) -> dict[str, Any]:
        """As kept on the change set."""
        named = {"name": self.name} if self.name else {}
        return {"text": self.field, **named, "steps": text_steps.to_json(self.steps)}


@dataclass(frozen=True)
class Tagging:
    """Tags put on, taken off, or put in place of all others."""

    table: ClassVar[str] = "product"
    field: ClassVar[str] = "tags"
    floor: ClassVar[int] = 0
    how: str
    tags: tuple[str, ...]

    def of(self, old: list[str]) -> list[str]:
        """The new tags in Python."""
        if self.how == "remove":
            return clean(set(old) - set(self.tags))
        return clean([*(old if self.how == "add" else []), *self.tags])

    def new_sql(self, row: str, old: str, bind: Bind) -> str:
        """The new tags as SQL."""
        given = f"cast({bind(list(self.tags))} as text[])"
        if self.how == "remove":
            return f"({old} - {given})"
        if self.how == "replace":
            return tag_sql.from_elements_sql(f"unnest({given})")
        both = f"(select jsonb_array_elements_text({old}) union select unnest({given}))"
        return tag_sql.from_elements_sql(both)

    def where_sql(self, row: str, bind: Bind) -> str:
        """Which rows it is about: those that have one of them, where they are taken off."""
        return f"{row}.tags ?| cast({bind(list(self.tags))} as text[])" if self.how == "remove" else "true"

    def to_json(self) -> dict[str, Any]:
        """As kept on the change set."""
        return {"tags": self.how, "values": list(self.tags)}


@dataclass(frozen=True)
class NoAttribute:
    """The attribute of that name is taken off."""

    table: ClassVar[str] = "product"
    field: ClassVar[str] = "attributes"
    floor: ClassVar[int] = 0
    name: str

    def of(self, old: Mapping[str, str]) -> dict[str, str]:
        """The new attributes in Python."""
        return {key: value for key, value in old.items() if key != self.name}

    def new_sql(self, row: str, old: str, bind: Bind) -> str:
        """The new attributes as SQL."""
        return f"({old} - cast({bind(self.name)} as text))"

    def where_sql(self, row: str, bind: Bind) -> str:
        """Rows that have it."""
        return f"{row}.attributes ? cast({bind(self.name)} as text)"

    def to_json(self) -> dict[str, Any]:
        """As kept on the change set."""
        return {"no_attribute": self.name}


Part = Formula | ProductValue | Words | Tagging | NoAttribute


def from_json(rule: Any) -> Part:
    """The part that `to_json` gave. Raises RuleViolation("bad_rule") for anything else."""
    if not isinstance(rule, Mapping):
        raise RuleViolation("bad_rule")
    read = next((reader for key, reader in _READERS.items() if key in rule), None)
    if read is None:
        return formulas.from_json(rule)
    part = read(rule)
    if not _is_sound(part):
        raise RuleViolation("bad_rule")
    return part


def _tagging(rule: Mapping[str, Any]) -> Tagging:
    values = rule.get("values")
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise RuleViolation("bad_rule")
    return Tagging(rule["tags"], tuple(values))


_READERS: dict[str, Any] = {
    "product": lambda rule: ProductValue(rule["product"], rule.get("value")),
    "text": lambda rule: Words(rule["text"], text_steps.from_json(rule.get("steps")), rule.get("name", "")),
    "tags": _tagging,
    "no_attribute": lambda rule: NoAttribute(rule["no_attribute"]),
}


def _is_sound(part: Part) -> bool:
    match part:
        case ProductValue(field=field, value=value):
            known = isinstance(field, str) and ("product", field) in FIELDS
            return known and (value is None or _is_text(value, longest=100_000))
        case Words(field=field, name=name):
            return isinstance(field, str) and (field in NAMED if _is_name(name) else field in TEXTS and name == "")
        case Tagging(how=how, tags=tags):
            return how in TAGGING and len(tags) <= tag_sql.MOST_TAGS and all(_is_text(tag) for tag in tags)
        case NoAttribute(name=name):
            return _is_name(name)
    return False


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and 1 <= len(name) <= tag_sql.NAME_LONGEST and text_steps.is_storable(name)


def _is_text(value: Any, longest: int = text_steps.LONGEST) -> bool:
    return isinstance(value, str) and len(value) <= longest and text_steps.is_storable(value[: text_steps.LONGEST])
