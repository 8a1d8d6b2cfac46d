"""What happens once per installation: secret key, tables, administrator, demonstration data."""

import json
import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from launcher.logs import Log
from launcher.paths import ROOT, private_folder, write_private
from launcher.processes import Children
from launcher.terminal import LauncherError, say

Wait = Callable[["subprocess.Popen[bytes]"], None]
_FLASK = [sys.executable, "-m", "flask", "--app", "app.wsgi"]


@dataclass(frozen=True)
class FirstPassword:
    """The administrator's one-time password, kept (mode 0600) until it has been shown."""

    path: Path

    def keep(self, username: str, password: str) -> None:
        """Remember it, in case we are interrupted before the person has seen it."""
        write_private(self.path, json.dumps({"username": username, "password": password}))

    def show(self) -> None:
        """Print it, once."""
        if not self.path.exists():
            return
        kept = json.loads(self.path.read_text())
        say()
        say(f"  Sign in as   {kept['username']}")
        say(f"  Password     {kept['password']}      (shown this once; change it after signing in)")
        self.path.unlink()


@dataclass(frozen=True)
class Record:
    """What `prepare` last did to the embedded database, and with which code; saves three seconds a start."""

    path: Path

    def wants_demo(self, migration: str) -> bool | None:
        """What `prepare` answered last; None when it must run: other code, or another database."""
        try:
            last = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return None
        if not migration or last.get("migration") != migration or last.get("code") != code_digest():
            return None
        return bool(last.get("wants_demo"))

    def write(self, migration: str, *, wants_demo: bool) -> None:
        """Remember it for the next start."""
        write_private(self.path, json.dumps({"code": code_digest(), "migration": migration, "wants_demo": wants_demo}))


def code_digest() -> str:
    """One hash over everything that decides what `prepare` does."""
    files = [ROOT / "config.py", ROOT / "requirements.txt"]
    for folder in (ROOT / "app", ROOT / "migrations"):
        files += sorted(folder.rglob("*.py"))
    whole = sha256()
    for file in files:
        whole.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return whole.hexdigest()


def secret_key_file(state: Path) -> Path:
    """The file of the key that signs sessions, made at the first call (mode 0600)."""
    path = state / "secret_key"
    if not path.exists():
        write_private(path, secrets.token_hex(32))
    return path


def empty_metrics_folder(state: Path) -> Path:
    """The folder where the web processes share their counters; emptied of those of dead ones."""
    folder = private_folder(state / "metrics")
    for left in folder.glob("*.db"):
        left.unlink()
    return folder


def prepare(children: Children, wait: Wait, password: FirstPassword) -> bool:
    """Bring the tables up to date and make the administrator if there is none. Idempotent.

    Returns whether the database wants the demonstration data. Raises LauncherError.
    """
    answer = flask(children, wait, ["prepare", "--json"], "prepare", "Preparing the database")
    if answer.get("created"):
        password.keep(str(answer["username"]), str(answer["password"]))
    return bool(answer.get("demo"))


def load_demo(children: Children, wait: Wait) -> None:
    """Load the demonstration shops; shows its own progress. Raises LauncherError."""
    say("Loading the demonstration shops (once; KUAIDAN_DEMO=0 or --no-demo leaves them out) …")
    flask(children, wait, ["demo", "load", "--if-empty"], "demo", "Loading the demonstration shops")
    staff = Path(children.environment["KUAIDAN_STATE_DIR"]) / "demo_staff.txt"
    if staff.exists():
        say(f"Its staff (a manager, a merchant, an agent, an auditor) and their passwords: {staff}")


def flask(children: Children, wait: Wait, arguments: list[str], name: str, what: str) -> dict[str, object]:
    """Run one command of the application; its last line of output where that is JSON. Raises LauncherError."""
    log = Log(children.log_folder / f"{name}.log", name)
    out = children.log_folder / f"{name}.out"
    with log.appending() as errors, out.open("wb") as output:
        out.chmod(0o600)
        shows_progress = name == "demo" and sys.stderr.isatty()
        process = children.spawn([*_FLASK, *arguments], stdout=output, stderr=None if shows_progress else errors)
        wait(process)
    text = out.read_text(errors="replace")
    out.unlink()  # it may hold a password
    if process.returncode != 0:
        raise LauncherError(f"{what} failed:\n{log.last_lines()}\nAll of its output: {log.path}")
    last = text.strip().splitlines()[-1:]
    try:
        answer = json.loads(last[0]) if last else {}
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
