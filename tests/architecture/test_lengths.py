"""Every test that has two lengths is run by `make soak` too, and no other one is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.test_shape import TESTS
from tests.conftest import ROOT

SPEAKING = [path for path in TESTS if re.search(r"lengths|soak", path.read_text("utf-8"))]
"""Only these can ask for a length or carry the marker."""


def test_what_has_two_lengths_carries_the_marker_and_nothing_else_does() -> None:
    wrong, right = [], 0
    for path in SPEAKING:
        for name, has_two_lengths, is_marked in _tests(ast.parse(path.read_text("utf-8"))):
            right += has_two_lengths and is_marked
            if has_two_lengths is not is_marked:
                wrong.append(f"{path.relative_to(ROOT)}::{name}")

    assert wrong == []
    assert right >= 30


def test_lengths_are_asked_for_in_tests_alone() -> None:
    """Where a fixture or a builder asked, nobody would see which tests have two lengths."""
    asking = [path for path in SPEAKING if any(map(_imports_lengths, ast.walk(ast.parse(path.read_text("utf-8")))))]

    assert [path.name for path in asking if not path.name.startswith("test_")] == []


def test_continuous_integration_runs_both_lengths() -> None:
    assert (ROOT / ".ci/run").read_text().splitlines()[-1] == "exec make lint peers test soak"


def _tests(module: ast.Module) -> Iterator[tuple[str, bool, bool]]:
    """Each test's name, whether a length reaches it, directly or by names of its module, and whether it is marked."""
    whole = any(isinstance(one, ast.Assign) and "pytestmark" in _bound(one) and _marks(one) for one in module.body)
    reached: set[str] = {name for one in module.body if _imports_lengths(one) for name in _bound(one)}
    while more := {name for one in module.body if _read(one) & reached for name in _bound(one)} - reached:
        reached |= more
    for one in module.body:
        if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"):
            yield one.name, one.name in reached, whole or any(map(_marks, one.decorator_list))


def _imports_lengths(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "tests.lengths"


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement of a module gives to something; none but `pytestmark` for the marks of all tests."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.ImportFrom):
        return {one.asname or one.name for one in node.names}
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def _read(node: ast.stmt) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}


def _marks(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Attribute) and one.attr == "soak" for one in ast.walk(node))
