"""A job for the kill test; run as `python -m tests.kit.slow_job`.

Books ten rows in one transaction; its first attempt gets stuck half-way.
"""

from __future__ import annotations

import importlib
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


if __name__ == "__main__":
    importlib.import_module("tests.kit.slow_job")  # registers the kind under the name that rq will see
    importlib.import_module("app.worker").main("long")
