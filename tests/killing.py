"""A worker that is killed before a statement of our choice, for tests of what a crash leaves behind."""

from __future__ import annotations

import subprocess
import time

from sqlalchemy import text

from app.kit.db import db

WORKER = """
import os, signal, sys, threading
from sqlalchemy import event
from sqlalchemy.engine import Engine
from app.wsgi import app
from app.kit import job_runs

def perform(job_id, fatal):
    seen = 0
    def count(*statement):
        nonlocal seen
        if threading.current_thread() is threading.main_thread():
            seen += 1
            if seen == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
    event.listen(Engine, "before_cursor_execute", count)
    with app.app_context():
        job_runs.perform(job_id)
    return seen

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        job_id, fatal = line.split()
        seen = perform(int(job_id), int(fatal))
        print(f"done {seen}", flush=True)
        os._exit(0)
    if os.WIFSIGNALED(os.waitpid(child, 0)[1]):
        print("killed 0", flush=True)
"""
"""Forks for each job, as rq does; the child is killed before its statement number `fatal`, or says how many it took."""


def work(worker: subprocess.Popen[str], job_id: int, table: str, fatal: int = 0) -> tuple[str, int]:
    """How a child of the worker ended, and its statements when it lived; returns when its locks on `table` are gone."""
    worker.stdin.write(f"{job_id} {fatal}\n")
    worker.stdin.flush()
    how, statements = worker.stdout.readline().split()
    for _ in range(100):  # a killed client's transaction ends as soon as the server reads the closed socket
        locks = text("select count(*) from pg_locks where relation = cast(:table as regclass) and granted")
        waiting = db.session.scalar(locks, {"table": table})
        db.session.rollback()
        if not waiting:
            break
        time.sleep(0.1)
    return how, int(statements)
