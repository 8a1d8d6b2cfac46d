"""`make bench`: all parts, one after another; each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PARTS = ("lists", "order_pages", "imports", "report_sales", "bulk_changes", "stock", "grid")
HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run every part with the arguments given; 1 when one of them broke."""
    broken = []
    for part in PARTS:
        if not (HERE / f"{part}.py").exists():
            continue
        print(f"\n== {part} ==", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{part}", *sys.argv[1:]], check=False).returncode:
            broken.append(part)
    if broken:
        print(f"broken: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
