"""Guess which column of a file holds which field, by its header in Chinese or English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_BRACKETS = re.compile(r"[(\[【〔{<《].*?[)\]】〕}>》]")
_NOISE = re.compile(r"[\W_]+")
_NEAR = 0.84
_CONTAINED = 0.75


@dataclass(frozen=True)
class FieldName:
    """A field of ours and the names by which files may call it."""

    key: str
    synonyms: tuple[str, ...]


@dataclass(frozen=True)
class Guess:
    """The header taken for one field (empty if none, or if several fit equally well), and what else would fit."""

    header: str
    confidence: float
    """1.0 the same name, 0.95 the same beside a unit or remark in brackets, below that alike only."""
    alternatives: tuple[str, ...]


def guess_mapping(header: Sequence[str], fields: Sequence[FieldName]) -> dict[str, Guess]:
    """For each field key a guess. A header serves one field, a field has one header; a tie is left to the person.

    Names are compared without case, spaces, punctuation, full-width forms and what stands in brackets; equal names
    win over names that are merely alike. O(headers × synonyms).
    """
    scores = {field.key: _scores(header, field.synonyms) for field in fields}
    taken: set[str] = set()
    chosen: dict[str, str] = {}
    pairs = [(by[name], key, name) for key, by in scores.items() for name in header if name in by]
    for score in sorted({pair[0] for pair in pairs}, reverse=True):
        level = [(key, name) for s, key, name in pairs if s == score and key not in chosen and name not in taken]
        for key, name in level:
            if _is_sole(level, key, name):
                chosen[key] = name
                taken.add(name)
            elif sum(1 for other, _ in level if other == key) > 1:
                chosen[key] = ""
    return {key: _guess(by_header, chosen.get(key, ""), taken) for key, by_header in scores.items()}


def normal(name: str) -> str:
    """The name in one form: half-width, lower case, letters and digits only."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", name).casefold())


def _scores(header: Sequence[str], synonyms: Sequence[str]) -> dict[str, float]:
    found = {name: max((_likeness(name, synonym) for synonym in synonyms), default=0.0) for name in header if name}
    return {name: score for name, score in found.items() if score > 0}


def _likeness(name: str, synonym: str) -> float:
    ours, theirs = normal(synonym), normal(name)
    bare = normal(_BRACKETS.sub("", unicodedata.normalize("NFKC", name)))
    if not ours or not theirs:
        return 0.0
    if theirs == ours:
        return 1.0
    if bare == ours:
        return 0.95
    ratio = SequenceMatcher(None, bare or theirs, ours, autojunk=False).ratio()
    if ratio >= _NEAR and min(len(bare), len(ours)) > 3:
        return round(ratio * 0.9, 2)
    longer, shorter = sorted((bare, ours), key=len, reverse=True)
    if len(shorter) > 1 and (longer.startswith(shorter) or longer.endswith(shorter)):
        return round(max(_CONTAINED * len(shorter) / len(longer), 0.3), 2)
    return 0.0


def _is_sole(level: Sequence[tuple[str, str]], key: str, name: str) -> bool:
    return sum(1 for other, _ in level if other == key) == 1 and sum(1 for _, other in level if other == name) == 1


def _guess(by_header: Mapping[str, float], header: str, taken: set[str]) -> Guess:
    others = sorted((name for name in by_header if name != header and name not in taken), key=by_header.__getitem__)
    return Guess(header, by_header.get(header, 0.0), tuple(reversed(others)))
