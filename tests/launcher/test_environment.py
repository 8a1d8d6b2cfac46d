"""Set-up: done once, done again only when a pin changed, and clear when it cannot be done."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import environment
from launcher.terminal import LauncherError

PIP = """#!/bin/sh
echo "$@" >> {calls}
echo "Collecting demo==1.0"
exit {code}
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own whose Python is a script that writes down how it was called."""
    (tmp_path / "requirements.txt").write_text("demo==1.0 --hash=sha256:00\n")
    (tmp_path / "package-lock.json").write_text("{}")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    (python.parent / "pip").touch()
    answer(tmp_path, code=0)
    monkeypatch.setenv("KUAIDAN_STATE_DIR", str(tmp_path / "var"))
    for name, value in {
        "ROOT": tmp_path,
        "VENV": tmp_path / ".venv",
        "VENV_PYTHON": python,
        "_RUNTIME": (tmp_path / "requirements.txt",),
        "_PIP": tmp_path / "pip.txt",
        "_ASSETS": tmp_path / "node_modules",
        "_ASSETS_LOCK": tmp_path / "package-lock.json",
    }.items():
        monkeypatch.setattr(environment, name, value)
    return tmp_path


def answer(checkout: Path, code: int) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.write_text(PIP.format(calls=checkout / "calls", code=code))
    python.chmod(0o755)


def npm(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An npm of the system that makes the folder and writes down how it was called."""
    folder = checkout / "bin"
    folder.mkdir()
    (folder / "node").write_text("#!/bin/sh\n")
    (folder / "npm").write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo 10.2.0 && exit\n'
        f'echo "npm $@" >> {checkout}/calls\nmkdir -p node_modules\n'
    )
    for program in folder.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def calls(checkout: Path) -> list[str]:
    path = checkout / "calls"
    return path.read_text().splitlines() if path.exists() else []


def python_calls(checkout: Path) -> list[str]:
    return [call for call in calls(checkout) if not call.startswith("npm")]


def npm_calls(checkout: Path) -> list[str]:
    """Those of npm; it runs beside the others, so that only its own order is certain."""
    return [call for call in calls(checkout) if call.startswith("npm")]


def test_packages_and_assets_are_installed_once(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(checkout, monkeypatch)

    environment.ensure()
    environment.ensure()

    itself, packages, compiling = python_calls(checkout)
    assert itself.startswith("-m pip install --require-hashes")
    assert itself.endswith(f"-r {checkout}/pip.txt")
    assert packages.startswith("-m pip install --require-hashes")
    assert packages.endswith(f"-r {checkout}/requirements.txt")
    assert compiling.startswith("-m compileall")
    assert npm_calls(checkout) == ["npm ci --ignore-scripts --no-audit --no-fund --omit=dev"]


def test_an_old_pip_does_when_the_new_one_cannot_be_had(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(checkout, monkeypatch)
    python = checkout / ".venv" / "bin" / "python"
    python.write_text(python.read_text().replace("exit 0", 'case "$*" in *pip.txt) exit 1;; esac'))

    environment.ensure()

    assert python_calls(checkout)[0].endswith("-r " + str(checkout / "pip.txt"))
    assert environment.is_ready(with_tests=False)


def test_assets_that_cannot_be_had_are_told(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(checkout, monkeypatch)
    (checkout / "bin" / "npm").write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo 10.2.0 && exit\necho EINTEGRITY\nexit 1\n'
    )

    with pytest.raises(LauncherError, match=r"npm failed:\n  EINTEGRITY\nA downloaded package is not the one"):
        environment.ensure()

    assert not environment.is_ready(with_tests=False)
    assert len(python_calls(checkout)) == 3


def test_changed_pins_are_installed_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(checkout, monkeypatch)
    environment.ensure()

    (checkout / "requirements.txt").write_text("demo==1.1 --hash=sha256:00\n")
    environment.ensure()
    (checkout / "package-lock.json").write_text('{"changed": true}')
    assert len(python_calls(checkout)) == 6
    assert len(npm_calls(checkout)) == 1
    environment.ensure()

    assert len(python_calls(checkout)) == 6
    assert len(npm_calls(checkout)) == 2


def test_a_failed_installation_is_tried_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(checkout, monkeypatch)
    answer(checkout, code=1)
    with pytest.raises(LauncherError, match=r"pip failed:\n  Collecting demo==1\.0"):
        environment.ensure()

    assert len(python_calls(checkout)) == 2
    answer(checkout, code=0)
    environment.ensure()

    assert len(python_calls(checkout)) == 5
    assert len(npm_calls(checkout)) == 1
    assert environment.is_ready(with_tests=False)


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("NewConnectionError: Failed to establish a new connection: [Errno -3]", "is there a network"),
        ("npm error code ENOTFOUND", "is there a network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that was pinned"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "PIP_CERT and NODE_EXTRA_CA_CERTS"),
        ("ERROR: No matching distribution found for demo==1.0", "no fitting build"),
    ],
)
def test_a_failure_says_what_to_do(output: str, advice: str) -> None:
    text = environment.explain("pip", f"{output}\n", Path("var/log/pip.log"))

    assert output in text
    assert advice in text
    assert text.endswith("All of its output: var/log/pip.log")


def test_a_python_without_venv_says_which_package_to_install(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / ".venv" / "bin" / "pip").unlink()
    monkeypatch.setitem(sys.modules, "ensurepip", None)

    with pytest.raises(LauncherError, match=r"apt-get install python3\.\d+-venv"):
        environment.ensure()


def test_a_broken_environment_behind_a_link_is_not_deleted(checkout: Path) -> None:
    (checkout / ".venv").rename(checkout / "elsewhere")
    (checkout / "elsewhere" / "bin" / "pip").unlink()
    (checkout / ".venv").symlink_to(checkout / "elsewhere")

    with pytest.raises(LauncherError, match="remove the link"):
        environment.ensure()

    assert (checkout / "elsewhere" / "bin" / "python").exists()


def test_the_entry_runs_on_the_bare_standard_library() -> None:
    root = Path(__file__).resolve().parents[2]

    done = subprocess.run(
        [sys._base_executable, "-E", "-s", "-S", str(root / "run.py"), "--help"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "--setup-only" in done.stdout


def test_npm_is_told_to_add_what_the_tests_need(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(checkout, monkeypatch)
    (checkout / "test.txt").write_text("probe==2.0 --hash=sha256:00\n")
    monkeypatch.setattr(environment, "_TESTS", (checkout / "requirements.txt", checkout / "test.txt"))

    environment.ensure(with_tests=True)
    environment.ensure(with_tests=True)
    environment.ensure()

    assert len(python_calls(checkout)) == 3
    assert len(npm_calls(checkout)) == 1
    assert npm_calls(checkout)[0].endswith("--include=dev")
    assert json.loads((checkout / "package-lock.json").read_text()) == {}
