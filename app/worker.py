"""The worker process: `python -m app.worker short|long|outgoing`; takes job ids from Redis and runs their rows."""

from __future__ import annotations

import importlib
import os
import sys
import time
from functools import cache
from typing import Any

from flask import Flask
from rq import SimpleWorker, Worker
from rq.serializers import JSONSerializer

from app import create_app
from app.kit import job_runs, queues
from app.kit.db import db


@cache
def the_app() -> Flask:
    """The one app of this process; a forked work-horse inherits it."""
    return create_app()


def perform(job_id: int) -> str | None:
    """What rq calls: run one job in an app context of its own; the row says how it ended."""
    with the_app().app_context():
        state = job_runs.perform(job_id)
    return state.value if state else None


def deliver_webhooks() -> int:
    """What the ticker wakes: send what waits for other programs; gives how many tries were made."""
    from app.webhooks import sending

    with the_app().app_context():
        return sending.work_off()


class ForkingWorker(Worker):
    """Forks for each job, so that a report's memory goes back and a crash kills nothing else."""

    def main_work_horse(self, *args: Any, **kwargs: Any) -> Any:
        """In the child: the parent's database connections are not ours to use."""
        with the_app().app_context():
            db.engine.dispose(close=False)
        return super().main_work_horse(*args, **kwargs)


KINDS = {queues.SHORT: SimpleWorker, queues.LONG: ForkingWorker, queues.OUTGOING: SimpleWorker}


def main(name: str) -> None:
    """Serve one queue until SIGTERM; the running job is finished first."""
    redis = queues.connect_blocking(the_app().config["REDIS_URL"])
    label = f"{name}-{os.uname().nodename}-{os.getpid()}-{int(time.time())}"
    worker = KINDS[name]([name], name=label, connection=redis, serializer=JSONSerializer)
    worker.work(logging_level="WARNING")


if __name__ == "__main__":
    # rq imports `app.worker` by its real name; run under that name, too, or there would be two apps.
    importlib.import_module("app.worker").main(sys.argv[1])
