"""Requests timed one by one, figures of many, and what the machine is."""

from __future__ import annotations

import http.client
import json
import os
import platform
import re
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass
class Client:
    """A browser in small: cookies, one connection a request (as gunicorn's sync workers close them anyway)."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """GET; redirects are not followed."""
        return self._ask("GET", path, None)

    def post(self, path: str, form: dict[str, Any]) -> Answer:
        """POST a form; redirects are not followed."""
        return self._ask("POST", path, urlencode(form, doseq=True))

    def token(self, path: str, pattern: str) -> str:
        """The CSRF token that a page holds."""
        found = re.search(pattern, self.get(path).text)
        if found is None:
            raise RuntimeError(f"no token on port {self.port} at {path}")
        return found[1]

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **self.headers}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        taken = (time.perf_counter() - started) * 1000
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return Answer(response.status, text, urlsplit(response.headers.get("Location") or "").path, taken)


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many milliseconds."""

    status: int
    text: str
    location: str
    milliseconds: float


def quantiles(values: list[float]) -> tuple[float, float]:
    """p50 and p95."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def machine() -> dict[str, Any]:
    """Cores, memory, load and versions, for whoever reads the figures later."""
    memory = (
        re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()) if Path("/proc/meminfo").exists() else None
    )
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(int(memory[1]) / 2**20, 1) if memory else None,
        "load": [round(value, 1) for value in os.getloadavg()],
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def tree_memory_mb(pid: int) -> float:
    """Resident memory of a process and all its children, in MB; shared pages count in each."""
    parents, resident = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
        except OSError:
            continue  # it has just ended
        parent, size = re.search(r"PPid:\s+(\d+)", status), re.search(r"VmRSS:\s+(\d+)", status)
        if parent and size:
            parents[int(folder.name)], resident[int(folder.name)] = int(parent[1]), int(size[1]) / 1024
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(resident.get(member, 0.0) for member in family)


def keep(part: str, figures: dict[str, Any]) -> Path:
    """Write the figures of one run, with the machine, to results/ (not kept in git); says where."""
    about = machine() | figures.pop("machine", {})
    print("machine:", json.dumps(about))
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{part}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps({"machine": about, **figures}, indent=1))
    print("written to", path.relative_to(RESULTS.parents[1]))
    return path
