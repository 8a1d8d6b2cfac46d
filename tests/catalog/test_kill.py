"""A worker killed at any moment of a change of up to 10,000 rows: the result is that of one clean run, each time."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import func, select, text

from app.catalog import change_rules, change_sets, jobs
from app.catalog.change_models import ChangeLine, ChangeSource, ChangeState
from app.catalog.formulas import Formula, Plus
from app.catalog.models import Product, Sku
from app.kit import clock, context, job_runs
from app.kit.audit import FieldChange
from app.kit.db import db, transaction
from app.kit.jobs import Job
from tests import factories as make
from tests.killing import work
from tests.lengths import often

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.commits, pytest.mark.slow, pytest.mark.soak]
ROWS, MOMENTS = often(10_000, 1_000), often(10, 2)
RULE = Formula("price_minor", (Plus(1),))
MAKE_SKUS = """insert into sku (shop_id, product_id, code, price_minor, created_at, updated_at)
    select :shop_id, :product_id, 'S' || n, 1000 + n, now(), now() from generate_series(1, :rows) n"""


def _wanted(shop_id: int) -> tuple[int, int]:
    """A confirmed set over all SKUs, and its job."""

    def fill(session):
        change_rules.stage(shop_id, RULE, select(Product.id).where(Product.shop_id == shop_id), lock=False)

    with transaction():
        change_set = change_sets.propose(shop_id, ChangeSource.FORMULA, RULE.to_json(), {}, fill)
        change_sets.confirm(change_set)
        return change_set.id, jobs.want(change_set).id


def _written() -> tuple[int, int]:
    """The sum by which prices have risen over 1000 + n, and the rows of history."""
    rise = db.session.scalar(select(func.sum(Sku.price_minor)))
    history = db.session.scalar(select(func.count()).select_from(FieldChange))
    db.session.rollback()
    return int(rise) - (1000 * ROWS + ROWS * (ROWS + 1) // 2), history


def test_kills_leave_all_or_nothing_and_the_next_worker_ends_it_once(app) -> None:
    with app.app_context(), context.every_shop("test"):
        with transaction() as session:
            shop = make.shop()
            shop_id, product_id = shop.id, make.product(shop).id
            session.execute(text(MAKE_SKUS), {"shop_id": shop_id, "product_id": product_id, "rows": ROWS})
        how, statements = work(app, _wanted(shop_id)[1], "change_set")
        assert (how, _written()) == ("done", (ROWS, ROWS))

        for fatal in sorted(random.sample(range(1, statements + 1), MOMENTS)):
            set_id, job_id = _wanted(shop_id)
            before = _written()
            assert work(app, job_id, "change_set", fatal)[0] == "killed", fatal
            assert _written() in (before, (before[0] + ROWS, before[1] + ROWS)), fatal
            with transaction():
                db.session.get(Job, job_id).lease_until = clock.now()
            job_runs.perform(job_id)

            assert _written() == (before[0] + ROWS, before[1] + ROWS), fatal
            change_set = change_sets.get(set_id)
            assert (change_set.state, change_set.counts["changed"]) == (ChangeState.APPLIED, ROWS)
            lines = select(func.count()).where(ChangeLine.change_set_id == set_id, ChangeLine.outcome == "changed")
            assert db.session.scalar(lines) == ROWS
            db.session.rollback()
