"""Changing texts: set, put before or after, find and replace; the same in Python and in SQL.

Case and word borders are spelt out as character classes, because the two languages differ in what they call
the same letter or a word; there are no patterns of people's own, so nothing can run away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from app.catalog.formulas import Bind
from app.kit.errors import RuleViolation

LONGEST = 1_000
MOST_STEPS = 5
WORD = "0-9A-Za-z_À-ÖØ-öø-ɏͰ-ϿЀ-ӿ"
"""Letters and digits of scripts that set words apart; a Chinese character is a word of its own."""


class TextStep:
    """One change of a text: `of` in Python, `sql` as an expression; neither gives null for a text."""

    kind: ClassVar[str]

    def of(self, text: str) -> str:
        raise NotImplementedError

    def sql(self, text: str, bind: Bind) -> str:
        raise NotImplementedError


@dataclass(frozen=True)
class SetText(TextStep):
    """The same text for every row."""

    kind: ClassVar[str] = "set"
    text: str

    def of(self, text: str) -> str:
        return self.text

    def sql(self, text: str, bind: Bind) -> str:
        return f"cast({bind(self.text)} as text)"


@dataclass(frozen=True)
class Before(TextStep):
    """Put before a text; a blank one stays blank."""

    kind: ClassVar[str] = "before"
    text: str

    def of(self, text: str) -> str:
        return self.text + text if text else text

    def sql(self, text: str, bind: Bind) -> str:
        return f"(case when {text} = '' then '' else cast({bind(self.text)} as text) || {text} end)"


@dataclass(frozen=True)
class After(TextStep):
    """Put after a text; a blank one stays blank."""

    kind: ClassVar[str] = "after"
    text: str

    def of(self, text: str) -> str:
        return text + self.text if text else text

    def sql(self, text: str, bind: Bind) -> str:
        return f"(case when {text} = '' then '' else {text} || cast({bind(self.text)} as text) end)"


@dataclass(frozen=True)
class Replace(TextStep):
    """Every `find` becomes `text`, from left to right, none twice."""

    kind: ClassVar[str] = "replace"
    find: str
    text: str
    any_case: bool = False
    whole_word: bool = False

    def of(self, text: str) -> str:
        return re.sub(self.pattern, lambda found: self.text, text)

    def sql(self, text: str, bind: Bind) -> str:
        if not (self.any_case or self.whole_word):
            return f"replace({text}, {bind(self.find)}, {bind(self.text)})"
        literal = self.text.replace("\\", "\\\\")
        return f"regexp_replace({text}, {bind(self.pattern)}, {bind(literal)}, 'g')"

    @property
    def pattern(self) -> str:
        """The text to find as an expression that both languages read alike."""
        plain = "".join(_either(one) if self.any_case else _plain(one) for one in self.find)
        return f"(?<![{WORD}]){plain}(?![{WORD}])" if self.whole_word else plain


def _plain(one: str) -> str:
    return one if one.isalnum() or ord(one) > 127 else f"[{one}]" if one not in "\\^[]" else f"\\{one}"


def _either(one: str) -> str:
    """A letter in both cases, where each is one character."""
    both = {form for form in (one, one.lower(), one.upper()) if len(form) == 1}
    return f"[{''.join(sorted(both))}]" if len(both) > 1 else _plain(one)


STEPS: dict[str, type[TextStep]] = {step.kind: step for step in (SetText, Before, After, Replace)}


def of(steps: tuple[TextStep, ...], text: str) -> str:
    """A text after these steps."""
    for step in steps:
        text = step.of(text)
    return text


def sql(steps: tuple[TextStep, ...], text: str, bind: Bind) -> str:
    """The same as an expression."""
    for step in steps:
        text = step.sql(text, bind)
    return text


def to_json(steps: tuple[TextStep, ...]) -> list[dict[str, Any]]:
    """As kept on the change set."""
    return [{"kind": step.kind, **asdict(step)} for step in steps]  # type: ignore[call-overload]


def from_json(steps: Any) -> tuple[TextStep, ...]:
    """The steps that `to_json` gave. Raises RuleViolation("bad_rule")."""
    try:
        found = tuple(_step(dict(step)) for step in steps)
    except (KeyError, TypeError, ValueError) as error:
        raise RuleViolation("bad_rule") from error
    if not 1 <= len(found) <= MOST_STEPS:
        raise RuleViolation("bad_rule")
    return found


def _step(values: dict[str, Any]) -> TextStep:
    step = STEPS[values.pop("kind")](**values)
    _check(asdict(step))  # type: ignore[call-overload]
    return step


def _check(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if type(value) is not (bool if name in ("any_case", "whole_word") else str):
            raise ValueError(name)
        if isinstance(value, str) and not is_storable(value):
            raise ValueError(name)
    if values.get("find") == "":
        raise ValueError("find")


def is_storable(text: str) -> bool:
    """Whether the database can keep it: not too long, no null character, no half of a pair."""
    return len(text) <= LONGEST and "\x00" not in text and not re.search("[\ud800-\udfff]", text)
