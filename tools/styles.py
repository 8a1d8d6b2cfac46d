"""Write app/static/tabler.css, what the console uses of Tabler's sheet: `make styles`; `--check` compares.

A browser reads, sorts and keeps the whole sheet on every page, of which we use a sixth.
See docs/decisions/0030-what-is-used-of-the-style-sheet.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2

ROOT = Path(__file__).resolve().parents[1]
WHOLE = ROOT / "node_modules/@tabler/core/dist/css/tabler.min.css"
SCRIPT = ROOT / "node_modules/@tabler/core/dist/js/tabler.min.js"
SHIPPED = ROOT / "app/static/tabler.css"
COMPOSED = frozenset({"alert-danger", "alert-info", "alert-success", "alert-warning", "text-center", "text-start"})
"""Classes that templates put together, so that no file holds them as a word."""
DRAWN = frozenset({"cursor-crosshair", "cursor-grab", "cursor-move", "cursor-pointer", "user-select-none"})
"""Classes that plotly gives to its charts, of which Tabler has a style, too."""
NOTE = "/* What Kuaidan uses of it: made by `make styles`, do not edit. */"

_WORD = re.compile(r"-?[A-Za-z_][\w-]*")
_LITERAL = re.compile(r""""([^"\\]*)"|'([^'\\]*)'""")
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_VARIABLE = re.compile(r"--[A-Za-z][\w-]*")


@cache
def words() -> frozenset[str]:
    """What may be a class or an attribute: each word of our templates, code and scripts, and of Tabler's texts."""
    texts = " ".join(first or second for first, second in _LITERAL.findall(SCRIPT.read_text("utf-8")))
    return frozenset(_WORD.findall(f"{_ours('html', 'py', 'js')} {texts}")) | COMPOSED | DRAWN


@cache
def left_out() -> frozenset[str]:
    """The classes that Tabler styles and that we do not ship."""
    return frozenset(_CLASS.findall(WHOLE.read_text("utf-8"))) - words()


def sheet() -> str:
    """The rules that may meet an element of ours, a line each, without variables and animations that nothing reads."""
    whole = WHOLE.read_text("utf-8")
    rules = _alive(tinycss2.parse_stylesheet(whole, skip_comments=True, skip_whitespace=True))
    read = _read_somewhere(rules)
    licence = whole[whole.index("/*!") : whole.index("*/") + 2]
    return "\n".join(['@charset "UTF-8";', licence, NOTE, *_written(rules, read), ""])


def _ours(*endings: str) -> str:
    paths = (path for path in sorted((ROOT / "app").rglob("*")) if path.suffix[1:] in endings and path != SHIPPED)
    return " ".join(path.read_text("utf-8") for path in paths)


def _alive(rules: list[Any]) -> list[Any]:
    """The rules of which a selector may meet an element of ours, and the groups in which there is such a rule."""
    alive = []
    for rule in rules:
        if rule.type == "qualified-rule":
            rule.prelude = _alive_of(rule.prelude)
            rule.content = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
        elif rule.at_keyword == "media":
            rule.content = _alive(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))
        if rule.prelude and rule.content:
            alive.append(rule)
    return alive


def _alive_of(prelude: list[Any]) -> list[Any]:
    """A list of selectors without those that meet no element of ours."""
    selectors: list[list[Any]] = [[]]
    for part in prelude:
        if part == ",":
            selectors.append([])
        else:
            selectors[-1].append(part)
    alive = [tinycss2.serialize(selector) for selector in selectors if _may_meet(selector)]
    return tinycss2.parse_component_value_list(",".join(alive))  # type: ignore[no-any-return]


def _may_meet(selector: list[Any]) -> bool:
    """Whether each class and each `data-` attribute that it asks for is in `words()`."""
    for before, token in pairwise([None, *selector]):
        if before == "." and token.type == "ident" and token.value not in words():
            return False
        if token.type == "function" and token.lower_name in ("is", "where") and not _alive_of(token.arguments):
            return False
        if token.type == "[] block" and (name := token.content[0].value).startswith("data-") and name not in words():
            return False
    return True


def _read_somewhere(rules: list[Any]) -> set[str]:
    """The variables that a page needs: what our files and plain declarations read, and what those are made of."""
    read = set(_VARIABLE.findall(_ours("html", "py", "js", "css")))
    made_of: dict[str, set[str]] = {}
    for declaration in _declarations(rules):
        names = set(_VARIABLE.findall(tinycss2.serialize(declaration.value)))
        is_variable = declaration.name.startswith("--")
        (made_of.setdefault(declaration.name, set()) if is_variable else read).update(names)
    todo = list(read)
    while todo:
        further = made_of.get(todo.pop(), set()) - read
        read |= further
        todo += further
    return read


def _declarations(rules: list[Any]) -> Iterator[Any]:
    for rule in rules:
        if rule.type == "qualified-rule":
            yield from rule.content
        elif rule.at_keyword == "media":
            yield from _declarations(rule.content)


def _written(rules: list[Any], read: set[str]) -> Iterator[str]:
    """The rules as text; `read` are the variables to keep."""
    used = {word for one in _declarations(rules) if "animation" in one.name for word in _WORD.findall(one.serialize())}
    for rule in rules:
        prelude = tinycss2.serialize(rule.prelude).strip()
        if rule.type == "qualified-rule":
            kept = [one.serialize() for one in rule.content if not one.name.startswith("--") or one.name in read]
            if kept:
                yield f"{prelude}{{{';'.join(kept)}}}"
        elif rule.at_keyword == "media":
            if kept := list(_written(rule.content, read)):
                yield "\n".join([f"@media {prelude}{{", *kept, "}"])
        elif prelude in used | read:
            yield f"@{rule.at_keyword} {prelude}{{{tinycss2.serialize(rule.content)}}}"


def main() -> int:
    """Command line."""
    made = sheet()
    if "--check" not in sys.argv:
        SHIPPED.write_text(made, "utf-8")
    elif SHIPPED.read_text("utf-8") != made:
        sys.stderr.write(f"{SHIPPED.relative_to(ROOT)} is stale; run `make styles`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
