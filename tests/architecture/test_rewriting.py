"""Tests are rewritten beforehand into exactly what pytest would make, in the place where it looks."""

import sys
from pathlib import Path

import pytest
from _pytest.assertion import rewrite

from tests import rewriting

TEST = "def test_sum():\n    total = 1 + 1\n    assert total == 3\n"


def test_what_is_left_is_what_pytest_makes(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "test_sum.py"
    path.write_text(TEST)

    rewriting.rewrite_one(path)

    _, expected = rewrite._rewrite_test(path, request.config)
    found = rewrite._read_pyc(path, rewriting.kept(path))
    assert found == expected
    assert "@pytest_ar" in found.co_names
    assert [file.name for file in rewriting.kept(path).parent.iterdir()] == [rewriting.kept(path).name]


def test_a_changed_test_is_old(tmp_path: Path) -> None:
    path = tmp_path / "test_sum.py"
    path.write_text(TEST)
    assert rewriting.is_old(path)
    rewriting.rewrite_one(path)
    assert not rewriting.is_old(path)

    path.write_text(TEST.replace("3", "2"))

    assert rewriting.is_old(path)


@pytest.mark.skipif(sys.dont_write_bytecode, reason="Python is told to keep no bytecode")
def test_pytest_takes_what_is_left(request: pytest.FixtureRequest) -> None:
    """This very module was loaded from that place, whoever wrote it."""
    hook = request.module.__loader__

    assert isinstance(hook, rewrite.AssertionRewritingHook)
    assert not rewriting.is_old(Path(__file__))
