"""A worker that is killed before a statement of our choice, for tests of what a crash leaves behind."""

from __future__ import annotations

import contextvars
import os
import signal
import threading
import time
from collections.abc import Callable

from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from app.kit import job_runs
from app.kit.db import db


def worker(app: Flask, act: Callable[[], object], fatal: int = 0) -> tuple[str, int]:
    """`act` in a process of its own, killed before its statement number `fatal`: how it ended, and its statements if
    it was not. The process is a fork of this one, as rq's are of theirs, with connections and a context of its own.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            seen = contextvars.Context().run(_act, app, act, fatal)
            os.write(writer, f"done {seen}".encode())
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return "killed", 0
    how, statements = (said or "failed 0").split()
    return how, int(statements)


def _act(app: Flask, act: Callable[[], object], fatal: int) -> int:
    seen = 0

    def count(*statement: object) -> None:
        nonlocal seen
        if threading.current_thread() is threading.main_thread():
            seen += 1
            if seen == fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    with app.app_context():
        db.engine.dispose(close=False)  # those in it are the other process's
        act()
    return seen


def work(app: Flask, job_id: int, table: str, fatal: int = 0) -> tuple[str, int]:
    """How a worker of this job ended, and its statements when it lived; returns when its locks on `table` are gone."""
    how, statements = worker(app, lambda: job_runs.perform(job_id), fatal)
    for _ in range(100):  # a killed client's transaction ends as soon as the server reads the closed socket
        locks = text("select count(*) from pg_locks where relation = cast(:table as regclass) and granted")
        waiting = db.session.scalar(locks, {"table": table})
        db.session.rollback()
        if not waiting:
            break
        time.sleep(0.1)
    return how, statements
