"""The payment sandbox beside a running Kuaidan: emulated gateways on loopback, no real money, never in production."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from launcher import first_run, ports
from launcher.paths import ROOT, private_folder, write_private
from launcher.processes import Children, Program
from launcher.terminal import LauncherError, say

URL = "KUAIDAN_SANDBOX_URL"
_PROGRAM = ROOT / "tests" / "gateways" / "__main__.py"
_FIRST_PORT = 8190
_READY_SECONDS = 20
Wait = Callable[["subprocess.Popen[bytes]"], None]


class Sandbox:
    """One set of emulators with keys and books of its own, in a folder of the state."""

    def __init__(self, state: Path) -> None:
        self.folder = private_folder(state / "sandbox")
        self.url = f"http://127.0.0.1:{self._port()}"

    def _port(self) -> int:
        """That of the last run when it is free: accounts remember the address."""
        last = _read(self.folder / "merchant.json").get("url", "")
        wanted = str(last).rpartition(":")[2]
        first = int(wanted) if wanted.isdecimal() and ports.is_free(int(wanted)) else _FIRST_PORT
        return ports.next_free_port(first)

    def start(self, children: Children) -> bool:
        """Start the emulators; whether they answer. Kuaidan runs without them, too."""
        (self.folder / "merchant.json").unlink(missing_ok=True)
        port = self.url.rpartition(":")[2]
        command = [sys.executable, "-m", "tests.gateways", "--port", port, "--folder", str(self.folder)]
        child = children.start(Program("sandbox", command, stop_seconds=3))
        deadline = time.monotonic() + _READY_SECONDS
        while not ports.is_answering(int(port)):
            if child.process.poll() is not None or time.monotonic() > deadline:
                say(f"The payment sandbox does not start; Kuaidan runs without it. Its log: {child.log.path}")
                return False
            time.sleep(0.05)
        return True

    def connect(self, children: Children, wait: Wait, public_url: str) -> None:
        """Give the demo shops their accounts, unless they have them from an earlier run."""
        _say_where(children.environment, public_url)
        database = children.environment.get("DATABASE_URL", "")
        merchant = (self.folder / "merchant.json").read_text()
        mark = sha256(f"{merchant}\0{public_url}\0{database}".encode()).hexdigest()
        record = self.folder / "connected.json"
        if _read(record).get("mark") == mark:
            return
        words = ["demo", "sandbox", str(self.folder), "--public-url", public_url]
        try:
            answer = first_run.flask(children, wait, words, "sandbox-accounts", "Connecting the payment sandbox")
        except LauncherError as problem:  # nobody needs it to work
            say(str(problem))
            return
        if answer.get("shops"):
            write_private(record, json.dumps({"mark": mark}))

    def tell(self) -> None:
        """Say where it is."""
        say(f"Payment sandbox, no real money: {self.url}   (KUAIDAN_SANDBOX=0 leaves it out)")


def wanted(state: Path, environment: Mapping[str, str]) -> Sandbox | None:
    """The sandbox, unless this is production, somebody said no, or has one of their own."""
    is_off = environment.get("KUAIDAN_SANDBOX", "1") == "0" or environment.get("KUAIDAN_ENV") == "production"
    if is_off or environment.get(URL) or not _PROGRAM.exists():
        return None
    return Sandbox(state)


def switch_off(state: Path, children: Children, wait: Wait) -> None:
    """Switch the demo shops' accounts off when an earlier run had a sandbox and this one has none."""
    record = state / "sandbox" / "connected.json"
    if record.exists():
        words = ["demo", "sandbox", str(record.parent), "--off"]
        first_run.flask(children, wait, words, "sandbox-accounts", "Switching the payment sandbox off")
        record.unlink()


def _say_where(environment: dict[str, str], public_url: str) -> None:
    """Workers tell gateways an address, too; nobody but this machine can reach a loopback one anyway."""
    is_local = (environment.get("KUAIDAN_HOST") or "127.0.0.1") in ("127.0.0.1", "localhost", "::1")
    if is_local and not int(environment.get("KUAIDAN_PROXY_HOPS") or 0) and not environment.get("KUAIDAN_PUBLIC_URL"):
        environment["KUAIDAN_PUBLIC_URL"] = public_url


def _read(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
