"""Free TCP ports on one address."""

import random
import socket

# Below the range from which systems take the ports of outgoing connections (32768 on Linux),
# so that a port written down today is still likely to be free at the next start.
_FIRST, _LAST = 20_000, 32_000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """True when a server could listen on `host`:`port` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError):
            return False
    return True


def is_answering(port: int, host: str = "127.0.0.1") -> bool:
    """True when something accepts connections on `host`:`port`."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def any_free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on. Raises OSError when there is none."""
    for _ in range(200):
        port = random.randint(_FIRST, _LAST)  # noqa: S311
        if is_free(port):
            return port
    raise OSError("No free TCP port between 20000 and 32000 on 127.0.0.1.")


def next_free_port(wanted: int, host: str = "127.0.0.1") -> int:
    """`wanted`, else the first free port of the 100 after it. Raises OSError when all are taken."""
    for port in range(wanted, min(wanted + 101, 65_536)):
        if is_free(port, host):
            return port
    raise OSError(f"No free TCP port from {wanted} to {wanted + 100} on {host}.")
