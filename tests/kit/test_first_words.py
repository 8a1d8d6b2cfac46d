"""BEGIN, the actor and the first statement of a transaction in one piece: named in time, once, and for nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.kit import context
from app.kit.db import rehearsal, transaction
from tests import factories as make

ACTOR = text("select current_setting('app.actor', true)")


@pytest.mark.usefixtures("app")
class TestWithinATransaction:
    def test_the_first_statement_already_runs_under_the_actors_name(self) -> None:
        with context.acting(context.Actor("user", "7")), transaction() as session:
            assert session.scalar(ACTOR) == "user:7"

    def test_a_rehearsal_that_comes_first_leaves_the_name(self) -> None:
        with context.acting(context.Actor("user", "7")), transaction() as session:
            with rehearsal():
                pass
            assert session.scalar(ACTOR) == "user:7"

    def test_statements_that_cannot_go_in_one_piece_are_named_too(self) -> None:
        with context.acting(context.Actor("user", "8")), transaction() as session:
            session.connection().exec_driver_sql("create temp table words (a text); create temp table more (a text)")
            assert session.scalar(ACTOR) == "user:8"
        with context.acting(context.Actor("user", "9")), transaction() as session:
            session.connection().exec_driver_sql("insert into words values (%s)", [("a",), ("b",)])
            assert session.scalar(ACTOR) == "user:9"

    def test_an_error_of_the_first_statement_is_raised_as_it_is(self) -> None:
        shop = make.shop()
        with pytest.raises(IntegrityError, match="shop_code_key"), transaction() as session:
            session.execute(
                text(
                    "insert into shop (code, name, currency, time_zone, country, locale, invented, created_at, "
                    "updated_at) select code, name, currency, time_zone, country, locale, invented, now(), now() "
                    "from shop where id = :id"
                ),
                {"id": shop.id},
            )

        with context.acting(context.Actor("user", "7")), transaction() as session:
            assert session.scalar(ACTOR) == "user:7"
