"""`python -m tests.gateways --port 8190 --folder var/sandbox`: the sandbox as a program."""

from __future__ import annotations

import argparse
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.gateways.sandbox import Sandbox, start_work


def main() -> None:
    """Serve until somebody ends the process; loopback only."""
    parser = argparse.ArgumentParser(prog="tests.gateways", description="Emulated payment gateways: no real money.")
    parser.add_argument("--port", type=int, default=8190)
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    sandbox = Sandbox(f"http://127.0.0.1:{asked.port}", asked.folder)
    start_work(sandbox)
    make_server("127.0.0.1", asked.port, sandbox, threaded=True, request_handler=WSGIRequestHandler).serve_forever()


if __name__ == "__main__":
    main()
