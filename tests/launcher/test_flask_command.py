"""`run.py flask …`: one command of the product, with the settings of this installation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def _run(servers: dict[str, str], state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "DATABASE_URL": servers["database"], "REDIS_URL": servers["redis"]}
    environ["KUAIDAN_STATE_DIR"] = str(state)
    command = [sys.executable, str(ROOT / "run.py"), "flask", *words]
    return subprocess.run(command, cwd=state, env=environ, capture_output=True, text=True, check=False)


def test_a_command_answers_and_gives_its_exit_code(app, servers, tmp_path: Path) -> None:
    done = _run(servers, tmp_path, "prepare", "--json")
    refused = _run(servers, tmp_path, "report", "sales", "--shop", "nowhere", "--from", "x", "--to", "y", "--out", "z")

    assert (done.returncode, json.loads(done.stdout.splitlines()[-1])["created"]) == (0, False)
    assert (refused.returncode, "not a day" in refused.stderr) == (1, True)
    assert not (tmp_path / "z").exists()
