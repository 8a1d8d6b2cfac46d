"""BEGIN, the actor and the first statement of a transaction in one piece: named in time, once, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.kit import context
from app.kit.db import db, rehearsal, transaction, with_commit
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


class TestWithTheCommit:
    """What waits for the commit is the last of a transaction, or nothing is committed."""

    pytestmark = pytest.mark.commits
    LATE = "insert into scratch_word (a) select a || %(more)s from scratch_word"

    @pytest.fixture(autouse=True)
    def _table(self, app) -> Iterator[None]:
        with app.app_context():
            with db.engine.begin() as connection:
                connection.exec_driver_sql("create table scratch_word (a text unique)")
            yield
            db.session.remove()
            with db.engine.begin() as connection:
                connection.exec_driver_sql("drop table scratch_word")

    def _words(self) -> list[str]:
        with db.engine.connect() as connection:
            return list(connection.scalars(text("select a from scratch_word order by a")))

    def test_it_comes_after_everything_else_and_is_committed(self) -> None:
        with transaction() as session:
            with_commit(self.LATE, {"more": "!"})
            session.execute(text("insert into scratch_word values ('one'), ('two')"))
        assert self._words() == ["one", "one!", "two", "two!"]

    def test_with_nothing_else_it_still_runs_under_the_actors_name(self) -> None:
        with context.acting(context.Actor("user", "7")), transaction():
            with_commit("insert into scratch_word values (current_setting('app.actor'))", {})
        assert self._words() == ["user:7"]

    def test_when_it_fails_nothing_is_committed_and_the_connection_serves_on(self) -> None:
        with pytest.raises(IntegrityError, match="scratch_word_a_key"), transaction() as session:
            session.execute(text("insert into scratch_word values ('one')"))
            with_commit(self.LATE, {"more": ""})
        assert self._words() == []
        with transaction() as session:
            session.execute(text("insert into scratch_word values ('two')"))
        assert self._words() == ["two"]

    def test_what_a_rehearsal_wanted_is_taken_back_with_it(self) -> None:
        with transaction() as session:
            session.execute(text("insert into scratch_word values ('one')"))
            with rehearsal():
                with_commit(self.LATE, {"more": "!"})
        assert self._words() == ["one"]

    def test_it_needs_an_open_transaction(self) -> None:
        with pytest.raises(RuntimeError, match="needs an open transaction"):
            with_commit(self.LATE, {"more": "!"})
