"""What a person can say to run.py, and what it answers."""

import os
import stat
from pathlib import Path

import pytest

from launcher import command_line, first_run
from launcher.locks import FileLock
from launcher.terminal import LauncherError


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KUAIDAN_STATE_DIR", str(tmp_path / "var"))
    return tmp_path / "var"


def test_reset_without_a_terminal_deletes_nothing(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (state / "postgres").mkdir(parents=True)

    assert command_line.main(["--reset"]) == 1

    assert "add --yes" in capsys.readouterr().err
    assert (state / "postgres").exists()


def test_reset_deletes_all_data_when_sure(state: Path) -> None:
    (state / "postgres").mkdir(parents=True)

    assert command_line.main(["--reset", "--yes"]) == 0

    assert not state.exists()


def test_reset_refuses_while_it_runs(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    running = FileLock(state / "run.lock")
    running.acquire()

    assert command_line.main(["--reset", "--yes"]) == 1

    running.close()
    assert "--stop" in capsys.readouterr().err
    assert state.exists()


def test_stop_with_nothing_running_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["--stop"]) == 0
    assert capsys.readouterr().out == "Kuaidan is not running here.\n"


@pytest.mark.parametrize("port", ["70000", "0x50", "-1"])
def test_an_impossible_port_is_refused(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUAIDAN_PORT", port)

    with pytest.raises(LauncherError, match="port"):
        command_line._options(command_line._parse([]))


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUAIDAN_PORT", "8100")
    monkeypatch.setenv("KUAIDAN_DEMO", "0")

    options = command_line._options(command_line._parse(["--port", "8200"]))

    assert (options.port, options.demo, options.host) == (8200, False, "127.0.0.1")


def test_env_files_may_hold_comments_and_quotes() -> None:
    text = (
        "# KUAIDAN_HOST=0.0.0.0\nKUAIDAN_PORT=8100   # taken?\nexport A='b # c'\nREDIS_URL=redis://:a#b@h/0\nEMPTY=\n"
    )

    assert command_line.env_lines(text) == {
        "KUAIDAN_PORT": "8100",
        "A": "b # c",
        "REDIS_URL": "redis://:a#b@h/0",
        "EMPTY": "",
    }


def test_the_secret_key_is_made_once_and_private(state: Path) -> None:
    state.mkdir()
    path = first_run.secret_key_file(state)
    key = path.read_text()

    assert first_run.secret_key_file(state).read_text() == key
    assert len(key) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_first_password_survives_an_interruption_and_is_shown_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "first_password.json"
    first_run.FirstPassword(path).keep("admin", "correct horse")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    first_run.FirstPassword(path).show()
    first_run.FirstPassword(path).show()

    assert capsys.readouterr().out.count("correct horse") == 1
    assert not path.exists()


def test_preparing_is_left_out_only_for_the_same_code_and_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = first_run.Record(tmp_path / "prepared.json")
    assert record.wants_demo("a1") is None

    record.write("a1", wants_demo=True)
    assert record.wants_demo("a1") is True
    assert record.wants_demo("b2") is None
    assert record.wants_demo("") is None

    monkeypatch.setattr(first_run, "code_digest", lambda: "other code")
    assert record.wants_demo("a1") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_state_folder_of_another_user_says_so(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state.mkdir(mode=0o500)

    assert command_line.main([]) == 1

    assert "belongs to another user" in capsys.readouterr().err
