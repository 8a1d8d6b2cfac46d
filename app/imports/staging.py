"""The contract between the framework of imports and a kind of rows; and the staged rows themselves.

The framework loads the file into the temp table `staged` of the session: `row integer primary key` (as Excel
numbers it), one text column per field key of the kind (null: not mapped, or the cell is blank), and
`err_column text, err_code text, err_facts jsonb`. A kind's `check` fills `err_*` of bad rows with set-based SQL
and writes to temp tables only; its `commit` takes the rows whose `err_code is null`. Both run within one open
transaction; the dry run is the same two calls, the second rolled back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.catalog.change_models import ChangeSource
from app.imports.models import ImportKind, ImportMode
from app.shops.models import Shop

CLEAR = "#CLEAR"
"""Typed into a cell, it empties the field; a blank cell changes nothing."""


@dataclass(frozen=True)
class Field:
    """A field that a column can be mapped to. `key` names its column in `staged`: a plain SQL identifier."""

    key: str
    label: Any
    synonyms: tuple[str, ...] = ()
    required: bool = False
    hint: Any = ""


@dataclass(frozen=True)
class Counts:
    """What became of the good rows; `change_set_id` is the change set that holds the undo, if there is one.

    `notes` are further numbers worth telling, by name.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    change_set_id: int | None = None
    notes: Mapping[str, int] = field(default_factory=dict)


def _nothing(done: int, step: str) -> None:
    """No one listens."""


@dataclass(frozen=True)
class Rule:
    """A fault that the row itself shows; `where` and `facts` are SQL about the row `s` of `staged`."""

    where: str
    column: str
    code: str
    facts: str = "'{}'::jsonb"


@dataclass(frozen=True)
class Stage:
    """One file, staged. `extras` names the open-ended columns: {"extra_1": "Colour"}."""

    shop: Shop
    session: Session
    run_id: int
    mapped: frozenset[str]
    extras: Mapping[str, str] = field(default_factory=dict)
    mode: ImportMode = ImportMode.BOTH
    file_name: str = ""
    source: ChangeSource = ChangeSource.WORKBOOK
    on_progress: Callable[[int, str], None] = _nothing

    @property
    def rule(self) -> dict[str, Any]:
        """What a change set says about its origin."""
        if self.source is not ChangeSource.WORKBOOK:
            return {}
        return {"file_name": self.file_name, "import_run": self.run_id}

    def run(self, sql: str, **values: Any) -> Any:
        """Execute SQL with `:shop_id` bound to the shop of this import."""
        return self.session.execute(text(sql), {"shop_id": self.shop.id, **values})

    def refuse(
        self, where: str, column: str, code: str, facts: str = "'{}'::jsonb", *, using: str = "", **values: Any
    ) -> int:
        """Mark the rows `s` of `staged` that have no fault yet and meet `where`; returns how many.

        `where`, `facts` and `using` (more tables to join) are SQL of the kind's own, never text from outside.
        """
        sql = (
            f"update staged s set err_column = :err_column, err_code = :err_code, err_facts = {facts} "
            f"{'from ' + using if using else ''} where s.err_code is null and ({where})"
        )
        return int(self.run(sql, err_column=column, err_code=code, **values).rowcount)

    def refuse_first(self, rules: Sequence[Rule], **values: Any) -> int:
        """Mark each row without a fault by the first of the rules that it breaks, in one pass; returns how many."""
        codes = {f"rule_{n}_{part}": text for n, one in enumerate(rules) for part, text in _named(one)}
        broken = "case " + " ".join(f"when {one.where} then {n}" for n, one in enumerate(rules)) + " end"
        picks = {
            "err_column": " ".join(f"when {n} then :rule_{n}_column" for n in range(len(rules))),
            "err_code": " ".join(f"when {n} then :rule_{n}_code" for n in range(len(rules))),
            "err_facts": " ".join(f"when {n} then {one.facts}" for n, one in enumerate(rules)),
        }
        sql = (
            f"update staged s set {', '.join(f'{name} = case b.rule {cases} end' for name, cases in picks.items())} "
            f"from (select s.row, {broken} as rule from staged s where s.err_code is null) b "
            "where b.row = s.row and b.rule is not null"
        )
        return int(self.run(sql, **codes, **values).rowcount)


def _named(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "column", rule.column
    yield "code", rule.code


@dataclass(frozen=True)
class Kind:
    """A kind of rows: its fields and its two verbs.

    `extra_name` gives the name that an open-ended header carries ("Option: Colour" → "Colour"), else None.
    """

    key: ImportKind
    title: Any
    fields: tuple[Field, ...]
    check: Callable[[Stage], None]
    commit: Callable[[Stage], Counts]
    extra_name: Callable[[str], str | None] = lambda header: None
    has_modes: bool = False

    def label(self, key: str) -> str:
        """The name of a field for people."""
        return next((str(one.label) for one in self.fields if one.key == key), key)
