"""A worker killed between staging and commit leaves nothing behind, and the import is taken up again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import func, select, text

from app.catalog.change_models import ChangeSet
from app.catalog.models import Product, Sku
from app.imports import intake, jobs
from app.imports.models import ImportFault, ImportKind, ImportState, OnError
from app.kit import clock, context, files, job_runs
from app.kit.db import db, transaction
from app.kit.jobs import Job, JobState
from tests import factories as make
from tests.conftest import ROOT
from tests.imports.builders import csv_text, seen

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.commits, pytest.mark.slow]
ROWS = [[f"S{n}", f"T{n}", "1"] for n in range(2_000)]
HALT = """
import sys, time
from app.wsgi import app
from app.kit import job_runs
from app.imports import product_writing

def halt(*args):
    print("writing", flush=True)
    time.sleep(60)

product_writing.change_creations.record = halt
with app.app_context():
    job_runs.perform(int(sys.argv[1]))
"""


def _wanted() -> tuple[int, int]:
    with context.every_shop("test"), transaction():
        shop = make.shop("mine")
        path = files.scratch(".csv")
        path.write_text(csv_text(["sku code", "title", "price"], ROWS), encoding="utf-8")
        run = intake.start(shop.id, ImportKind.PRODUCTS, path, "rows.csv", intake.look(path, "rows.csv"))
        run.state, run.counts = ImportState.CHECKED, {}
        return run.id, jobs.want_commit(run, OnError.SKIP).id


def _counts() -> list[int]:
    with context.every_shop("test"):
        return [
            db.session.scalar(select(func.count()).select_from(table))
            for table in (Product, Sku, ChangeSet, ImportFault)
        ]


def test_nothing_is_left_and_the_next_worker_does_it_all(app, as_a_process) -> None:
    with app.app_context():
        run_id, job_id = _wanted()
        worker = subprocess.Popen(
            [sys.executable, "-c", HALT, str(job_id)], cwd=ROOT, env=as_a_process, stdout=subprocess.PIPE, text=True
        )
        assert any("writing" in line for line in iter(worker.stdout.readline, ""))
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
        _wait_for_the_server_to_notice()

        assert _counts() == [0, 0, 0, 0]
        assert seen(run_id).state is ImportState.COMMITTING
        with context.every_shop("test"), transaction():
            db.session.get(Job, job_id).lease_until = clock.now()
        assert job_runs.perform(job_id) is JobState.DONE
        assert _counts() == [2000, 2000, 1, 0]
        assert seen(run_id).counts["created"] == 2000


def _wait_for_the_server_to_notice() -> None:
    """The killed client's transaction is rolled back as soon as the server reads the closed socket."""
    for _ in range(100):
        locks = db.session.scalar(text("select count(*) from pg_locks where relation = 'sku'::regclass and granted"))
        db.session.rollback()
        if not locks:
            return
        time.sleep(0.1)
