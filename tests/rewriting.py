"""Rewrite the asserts of all tests that have changed, once and on all cores: `python -m tests.rewriting`.

Pytest does it where a test is imported and keeps the result; in a fresh checkout each of its processes would do all of
it at the same time. What is left here is what pytest looks for, under a hash of the source.
"""

from __future__ import annotations

import ast
import os
from concurrent.futures import ProcessPoolExecutor
from importlib.util import source_hash
from pathlib import Path

from _pytest.assertion import rewrite

TESTS = Path(__file__).resolve().parent
AT_ONCE = 8
"""Files that a process takes in one go."""


def main() -> None:
    """Leave the rewritten form of every test and conftest beside it."""
    if old := [path for pattern in ("test_*.py", "conftest.py") for path in TESTS.rglob(pattern) if is_old(path)]:
        with ProcessPoolExecutor() as processes:
            list(processes.map(rewrite_one, old, chunksize=AT_ONCE))


def is_old(path: Path) -> bool:
    """Whether pytest would have to rewrite it."""
    return rewrite._read_pyc(path, kept(path)) is None


def kept(path: Path) -> Path:
    """Where pytest looks for the rewritten form."""
    return rewrite.get_cache_dir(path) / (path.stem + rewrite.PYC_TAIL)


def rewrite_one(path: Path) -> None:
    """As pytest does; the file is whole at every moment, whoever else writes it."""
    source = path.read_bytes()
    tree = ast.parse(source, filename=str(path))
    rewrite.rewrite_asserts(tree, source, str(path))
    code = compile(tree, str(path), "exec", dont_inherit=True)
    target = kept(path)
    target.parent.mkdir(exist_ok=True)
    working = target.with_name(f"{target.name}.{os.getpid()}")
    with working.open("wb") as file:
        rewrite._write_pyc_fp(file, source_hash(source), code)
    working.replace(target)


if __name__ == "__main__":
    main()
