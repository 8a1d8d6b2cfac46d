"""A job for the kill test; `python -m tests.kit.slow_job` forks a worker or a ticker for each line that asks for one.

The job books ten rows in one transaction; its first attempt gets stuck half-way.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from typing import Any

from sqlalchemy import text

from app.kit import jobs


@jobs.job("slow_test_job", "Slow test job")
def slow(run: Any) -> dict[str, Any]:
    with run.transaction() as session:
        for number in range(10):
            session.execute(
                text("insert into shop_member (user_id, shop_id) values (:user, :shop)"),
                {"user": run.arguments["first_user"] + number, "shop": run.shop_id},
            )
            run.progress(number + 1, 10)
            time.sleep(60 if run.attempt == 1 and number == 5 else 0.6)
    return {"booked": 10}


def fork_on_demand() -> None:
    """Load the product once; `worker` or `ticker` on standard input starts one, and its process id is told."""
    worker, ticker = importlib.import_module("app.worker"), importlib.import_module("app.ticker")
    ticker.create_app = worker.the_app  # type: ignore[attr-defined]  # one app a process
    worker.the_app()
    deeds = {"worker": lambda: worker.main("long"), "ticker": ticker.main}
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.setsid()
            deeds[line.strip()]()
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    importlib.import_module("tests.kit.slow_job")  # registers the kind under the name that rq will see
    fork_on_demand()
