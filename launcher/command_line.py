"""`python3 run.py`: the words a person can say to the launcher."""

import argparse
import os
import re
import shutil
import sys
from collections.abc import Sequence

from launcher import environment
from launcher.locks import is_held
from launcher.options import Options
from launcher.paths import ROOT, VENV, VENV_PYTHON, state_dir
from launcher.terminal import LauncherError, say


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    is_command = words[:1] == ["flask"]
    asked = _parse([] if is_command else words)
    _read_env_file()
    try:
        return _flask(words) if is_command else _obey(asked, words)
    except LauncherError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except PermissionError as problem:
        print(
            f"\n{problem.filename} belongs to another user: start as that user, or remove it.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the next start goes on from here.", file=sys.stderr)
        return 130


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="Set up and run Kuaidan on this machine. Without options: set up what is "
        "missing, start everything, print the address, stay until Ctrl-C.",
        epilog="`run.py flask …` runs one command of the product: import, report, demo. "
        "Settings come from the environment or from a file .env; .env.example lists them.",
    )
    parser.add_argument("--port", type=int, help="port of the web server (KUAIDAN_PORT, else 8000)")
    parser.add_argument("--no-demo", action="store_true", help="start with empty shops")
    parser.add_argument("--setup-only", action="store_true", help="set up, start nothing")
    parser.add_argument("--with-tests", action="store_true", help="also set up what the tests need")
    parser.add_argument("--stop", action="store_true", help="end the running Kuaidan of this folder")
    parser.add_argument("--reset", action="store_true", help="delete all data of this folder (asks)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser.parse_args(words)


def _obey(asked: argparse.Namespace, words: list[str]) -> int:
    if asked.reset:
        return _reset(is_sure=asked.yes)
    if asked.stop and not VENV_PYTHON.exists():
        say("Kuaidan is not set up here.")
        return 0
    if not asked.stop:
        environment.ensure(with_tests=asked.with_tests)
    if asked.setup_only:
        return 0
    if not _is_inside_venv():
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), str(ROOT / "run.py"), *words])  # noqa: S606
    from launcher import instance  # a second of imports that set-up alone does not need

    if asked.stop:
        return instance.stop_running()
    return instance.Instance(_options(asked)).run()


def _flask(words: list[str]) -> int:
    environment.ensure(with_tests=False)
    if not _is_inside_venv():
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), str(ROOT / "run.py"), *words])  # noqa: S606
    from launcher import instance

    return instance.Instance(_options(_parse([]))).flask(words[1:])


def _is_inside_venv() -> bool:
    return VENV.exists() and VENV.samefile(sys.prefix)


def _options(asked: argparse.Namespace) -> Options:
    text = os.environ.get("KUAIDAN_PORT") or "8000"
    if not text.isdecimal():
        raise LauncherError(f"KUAIDAN_PORT is not a port number: {text}")
    port = asked.port or int(text)
    if not 0 < port < 65_536:
        raise LauncherError(f"There is no port {port}: choose one from 1024 to 65535.")
    demo = not asked.no_demo and os.environ.get("KUAIDAN_DEMO", "1") != "0"
    return Options(host=os.environ.get("KUAIDAN_HOST") or "127.0.0.1", port=port, demo=demo)


def _read_env_file() -> None:
    """Take .env into the environment; what is set already stays."""
    path = ROOT / ".env"
    if path.is_file():
        for key, value in env_lines(path.read_text(encoding="utf-8")).items():
            os.environ.setdefault(key, value)


def env_lines(text: str) -> dict[str, str]:
    """The KEY=VALUE lines of `text`; quotes are taken off, else ` # …` is a comment."""
    found = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if not equals or key.startswith("#"):
            continue
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        else:
            value = re.split(r"(?:^|\s)#", value)[0].strip()
        found[key.removeprefix("export ").strip()] = value
    return found


def _reset(*, is_sure: bool) -> int:
    state = state_dir()
    if not state.exists():
        say(f"There is nothing to delete: {state} does not exist.")
        return 0
    if is_held(state / "run.lock"):
        raise LauncherError("Kuaidan is running here; end it first: python3 run.py --stop")
    if not is_sure:
        if not sys.stdin.isatty():
            raise LauncherError("--reset deletes all data; without a terminal to ask at, add --yes.")
        answer = input(f"Delete {state} with all shops, orders and accounts in it? Type yes: ")
        if answer.strip().lower() != "yes":
            say("Nothing was deleted.")
            return 1
    from launcher import unprivileged

    for folder in (state / "postgres", state / "test" / "postgres"):
        elsewhere = unprivileged.fallback_path(folder)
        if elsewhere.exists() and elsewhere.stat().st_uid == os.geteuid():
            shutil.rmtree(elsewhere)
    shutil.rmtree(state)
    say(f"Deleted {state}.")
    return 0
