"""The shape of the code: imports point downwards, one place commits, sizes stay small, pages are fresh."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PRODUCT = [*sorted((ROOT / "app").rglob("*.py")), ROOT / "config.py", ROOT / "run.py"]
LAUNCHER = sorted((ROOT / "launcher").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEMPLATES = sorted((ROOT / "app").rglob("*.html"))

LONG_FUNCTIONS: dict[str, str] = {}
"""`path::function`: why it may be longer than 40 lines."""


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_imports_point_downwards() -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout


def test_only_kit_db_commits() -> None:
    commits = [
        f"{_name(path)}:{number}"
        for path in PRODUCT
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"(session|connection|db)\w*\.commit\(", line)
    ]

    assert [c for c in commits if not c.startswith("app/kit/db.py:")] == []
    assert len(commits) == 1


def test_modules_have_at_most_300_lines_and_tests_400() -> None:
    long = [_name(p) for p in PRODUCT + LAUNCHER if len(p.read_text("utf-8").splitlines()) > 300]
    long += [_name(p) for p in TESTS if len(p.read_text("utf-8").splitlines()) > 400]

    assert long == []


def test_functions_have_at_most_40_lines_and_6_parameters() -> None:
    long = []
    for path in PRODUCT + LAUNCHER:
        for function in _functions(path):
            lines = (function.end_lineno or 0) - function.lineno + 1
            parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
            taken = [p for p in parameters if p.arg not in ("self", "cls")]
            if lines > 40 or len(taken) > 6:
                long.append(f"{_name(path)}::{function.name}")

    assert sorted(set(long) - set(LONG_FUNCTIONS)) == []
    assert set(LONG_FUNCTIONS) <= set(long), "an exception that is not needed any more"


def test_templates_have_at_most_150_lines_and_no_inline_handlers() -> None:
    assert [_name(t) for t in TEMPLATES if len(t.read_text("utf-8").splitlines()) > 150] == []
    handlers = re.compile(r"<[^>]*\son(click|change|submit|load|input|key\w+|mouse\w+)\s*=", re.IGNORECASE)
    assert [_name(t) for t in TEMPLATES if handlers.search(t.read_text("utf-8"))] == []


def test_every_module_and_public_function_of_the_product_says_what_it_is() -> None:
    silent = []
    for path in PRODUCT + LAUNCHER:
        tree = ast.parse(path.read_text("utf-8"))
        if not ast.get_docstring(tree):
            silent.append(_name(path))
        if path.name in ("console.py", "home.py", "jobs_page.py", "shops_page.py", "staff.py"):
            continue  # routes are named by their address
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                silent.append(f"{_name(path)}::{node.name}")

    assert silent == []


def test_nothing_loads_from_elsewhere() -> None:
    outside = re.compile(r"""(src|href)\s*=\s*["'](https?:)?//""")
    pages = TEMPLATES + sorted((ROOT / "app/static").glob("*.*"))

    assert [_name(p) for p in pages if outside.search(p.read_text("utf-8", errors="ignore"))] == []


def test_money_is_never_a_float() -> None:
    found = []
    for path in PRODUCT:
        if "sheets" in path.parts:
            continue  # a workbook's own numbers are floats; they leave as text
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
                found.append(f"{_name(path)}:{node.lineno}")

    assert found == []


STATUSES = {"status", "order_state", "payment_state", "fulfilment_state", "after_sale_state"}


def test_no_code_but_a_lifecycle_assigns_a_status() -> None:
    assigned = []
    for path in PRODUCT:
        if path.name == "lifecycle.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else []
            assigned += [
                f"{_name(path)}:{node.lineno}" for t in targets if isinstance(t, ast.Attribute) and t.attr in STATUSES
            ]

    assert assigned == []


@pytest.mark.parametrize("tool", ["tools.docs", "tools.styles", "tools.translations"])
def test_generated_pages_styles_and_catalogues_are_fresh(tool: str) -> None:
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, "-m", tool, "--check"], cwd=ROOT, capture_output=True, text=True, check=False, env=environ
    )

    assert found.returncode == 0, found.stderr
