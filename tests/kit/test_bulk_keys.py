"""Keys that are checked once a statement: nothing without its parent, parents stay, children go along."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.kit.bulk_keys import FIXED_SQL, BulkKey, create_sql, drop_sql
from app.kit.db import db
from tests.locks import until_somebody_waits

pytestmark = pytest.mark.commits

KEY = BulkKey("leaf_key", "bk_leaf", ("tree_id", "shop_id"), "bk_tree", ("id", "shop_id"))
CASCADE = BulkKey("leaf_key", "bk_leaf", ("tree_id", "shop_id"), "bk_tree", ("id", "shop_id"), is_cascade=True)


@pytest.fixture(params=[KEY, CASCADE], ids=["refused", "cascade"])
def key(request: pytest.FixtureRequest) -> BulkKey:
    return request.param


@pytest.fixture
def tables(app, key: BulkKey) -> Iterator[BulkKey]:
    """Two trees of shop 1 and one of shop 2, and the key under test."""
    with app.app_context():
        yield from _with_tables(key)


def _with_tables(key: BulkKey) -> Iterator[BulkKey]:
    with db.engine.begin() as connection:
        connection.execute(text("drop table if exists bk_leaf, bk_tree"))
        connection.execute(text("create table bk_tree (id bigint primary key, shop_id bigint not null)"))
        connection.execute(text("create table bk_leaf (tree_id bigint, shop_id bigint, name text)"))
        connection.execute(text("insert into bk_tree values (1, 1), (2, 1), (3, 2)"))
        for statement in (FIXED_SQL, *create_sql(key)):
            connection.execute(text(statement))
    yield key
    with db.engine.begin() as connection:
        for statement in drop_sql(key):
            connection.execute(text(statement))
        connection.execute(text("drop table bk_leaf, bk_tree"))


def run(statement: str) -> int:
    with db.engine.begin() as connection:
        return int(connection.execute(text(statement)).rowcount)


def leaves() -> list[tuple[int, str]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("select tree_id, name from bk_leaf order by 1, 2"))]


def test_a_row_whose_parent_is_there_is_taken(tables) -> None:
    assert run("insert into bk_leaf values (1, 1, 'a'), (2, 1, 'b'), (2, 1, 'c'), (3, 2, 'd')") == 4

    assert leaves() == [(1, "a"), (2, "b"), (2, "c"), (3, "d")]


@pytest.mark.parametrize("row", ["(9, 1, 'x')", "(1, 2, 'x')", "(null, 1, 'x')"], ids=["none", "other shop", "null"])
def test_one_row_without_its_parent_takes_the_whole_statement_back(tables, row: str) -> None:
    with pytest.raises(IntegrityError, match="leaf_key"):
        run("insert into bk_leaf values (1, 1, 'a'), " + row)  # noqa: S608 - rows of this test

    assert leaves() == []


def test_a_parent_and_its_rows_can_be_made_in_one_transaction(tables) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("insert into bk_tree values (4, 1)"))
        connection.execute(text("insert into bk_leaf values (4, 1, 'a'), (1, 1, 'b')"))

    assert leaves() == [(1, "b"), (4, "a")]


@pytest.mark.parametrize("key", [KEY], indirect=True)
def test_a_parent_with_rows_stays(tables) -> None:
    run("insert into bk_leaf values (1, 1, 'a')")

    with pytest.raises(IntegrityError, match="leaf_key"):
        run("delete from bk_tree where id in (1, 2)")
    assert run("delete from bk_tree where id = 2") == 1
    assert leaves() == [(1, "a")]


@pytest.mark.parametrize("key", [CASCADE], indirect=True)
def test_a_parent_takes_its_rows_along(tables) -> None:
    run("insert into bk_leaf values (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c')")

    assert run("delete from bk_tree where id <> 2") == 2
    assert leaves() == [(2, "b")]


@pytest.mark.parametrize(
    "change", ["update bk_leaf set tree_id = 2", "update bk_leaf set shop_id = 2", "update bk_tree set id = id + 10"]
)
def test_neither_side_of_a_key_changes(tables, change: str) -> None:
    run("insert into bk_leaf values (1, 1, 'a')")

    with pytest.raises(IntegrityError, match="never changes"):
        run(change)
    assert run("update bk_leaf set name = 'b', tree_id = tree_id") == 1
    assert leaves() == [(1, "b")]


def test_a_parent_that_is_being_deleted_is_waited_for(tables) -> None:
    """The row's statement waits for the deletion, and is refused when that commits."""
    insert = "insert into bk_leaf values (1, 1, 'late')"

    assert _second_of("delete from bk_tree where id = 1", insert) == "refused"
    assert leaves() == []


@pytest.mark.parametrize("key", [KEY], indirect=True)
def test_a_deletion_waits_for_rows_being_made_and_is_refused(tables) -> None:
    insert = "insert into bk_leaf values (1, 1, 'first')"

    assert _second_of(insert, "delete from bk_tree where id = 1") == "refused"
    assert leaves() == [(1, "first")]


def _second_of(first: str, second: str) -> str:
    """What becomes of a statement that begins while another one is not committed yet."""
    said: list[str] = []
    engine = db.engine

    def try_it() -> None:
        try:
            with engine.begin() as connection:
                connection.execute(text(second))
            said.append("taken")
        except IntegrityError:
            said.append("refused")

    thread = threading.Thread(target=try_it)
    with engine.begin() as connection:
        connection.execute(text(first))
        thread.start()
        until_somebody_waits(connection)
    thread.join(10)
    return said[0]
