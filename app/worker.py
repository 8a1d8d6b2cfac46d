"""The worker process: `python -m app.worker short|long`; takes job ids from Redis and runs their rows."""

from __future__ import annotations

import sys
from typing import Any

from rq import SimpleWorker, Worker
from rq.serializers import JSONSerializer

from app import create_app
from app.kit import job_runs, queues
from app.kit.db import db

_app = None


def perform(job_id: int) -> str | None:
    """What rq calls: run one job in an app context of its own; the row says how it ended."""
    app = _app or create_app()
    with app.app_context():
        state = job_runs.perform(job_id)
    return state.value if state else None


class ForkingWorker(Worker):
    """Forks for each job, so that a report's memory goes back and a crash kills nothing else."""

    def main_work_horse(self, *args: Any, **kwargs: Any) -> Any:
        """In the child: the parent's database connections are not ours to use."""
        if _app is not None:
            with _app.app_context():
                db.engine.dispose(close=False)
        return super().main_work_horse(*args, **kwargs)


def main(name: str) -> None:
    """Serve one queue until SIGTERM; the running job is finished first."""
    global _app
    _app = create_app()
    kind = SimpleWorker if name == queues.SHORT else ForkingWorker
    with _app.app_context():
        import app.worker as this_module  # rq imports the function from here; `__main__` is another copy

        this_module._app = _app
        connection = queues.connect_blocking(_app.config["REDIS_URL"])
        worker = kind([name], connection=connection, serializer=JSONSerializer)
        worker.work(logging_level="WARNING")


if __name__ == "__main__":
    main(sys.argv[1])
