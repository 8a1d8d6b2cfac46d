"""After a bulk write, products are found at once, and a job sorts the search index."""

from __future__ import annotations

from sqlalchemy import select, text

from app.catalog import search_index
from app.kit.db import db, transaction
from app.kit.jobs import Job
from tests import factories as make


def test_a_bulk_write_wants_one_tidying_job_of_its_shop(shop, run_jobs) -> None:
    for _ in range(2):
        with transaction() as session:
            search_index.put_off(session, shop.id)
            make.product(shop, title="Blue mug")
            session.flush()

    jobs = db.session.scalars(select(Job)).all()
    assert [(job.kind, job.shop_id) for job in jobs] == [("tidy_search_index", shop.id)]
    assert run_jobs() == ["done"]
    with transaction() as session:
        assert search_index.tidy(session) == 0
    found = text("select count(*) from product where title ilike '%lue mu%'")
    assert db.session.scalar(found) == 2


def test_the_limit_of_the_list_ends_with_the_transaction(shop) -> None:
    before = db.session.scalar(text("show gin_pending_list_limit"))
    with transaction() as session:
        search_index.put_off(session, shop.id)
        within = session.scalar(text("show gin_pending_list_limit"))

    assert (before, within) == ("4MB", "256MB")
