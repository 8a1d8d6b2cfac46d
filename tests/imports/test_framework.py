"""The framework alone, with a kind of rows made for the test: categories with a name."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.catalog.models import Category
from app.imports import faults, kinds, runs
from app.imports.models import ImportFault, ImportKind, ImportRun, ImportState, OnError
from app.imports.staging import Counts, Field, Kind, Stage
from app.kit import clock, context, files
from app.kit.db import db, rehearsal, transaction
from app.kit.errors import RuleViolation
from app.kit.sheets import SheetError
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


def _check(stage: Stage) -> None:
    stage.refuse("s.name is null", "name", "name_missing")
    stage.refuse("s.name = 'bad'", "name", "name_bad", "jsonb_build_object('value', s.name)")
    stage.refuse("s.extra_1 = 'red'", "extra_1", "colour_bad")


def _commit(stage: Stage) -> Counts:
    made = stage.run(
        "insert into category (shop_id, name, position, created_at, updated_at) "
        "select :shop_id, name, row, now(), now() from staged where err_code is null"
    )
    return Counts(created=made.rowcount)


KIND = Kind(
    ImportKind.ORDERS,
    "Categories",
    (Field("name", "Name", required=True), Field("note", "Note")),
    _check,
    _commit,
)


@pytest.fixture
def shop():
    shop = make.shop()
    with context.shops([shop.id]):
        yield shop


@pytest.fixture
def start(shop, monkeypatch):
    monkeypatch.setitem(kinds.MODULES, ImportKind.ORDERS, __name__)

    def make_run(content: str, mapping: dict | None = None) -> ImportRun:
        path = files.scratch(".csv")
        Path(path).write_text(content, encoding="utf-8")
        run = ImportRun(
            shop_id=shop.id,
            kind=ImportKind.ORDERS,
            state=ImportState.CHECKING,
            file_name="rows.csv",
            file=files.keep(path),
            header=content.splitlines()[0].split(","),
            mapping=mapping or {"name": 0, "option:Colour": 1},
            requested_by="staff:1",
            created_at=clock.now(),
        )
        db.session.add(run)
        db.session.flush()
        return run

    return make_run


def _names(shop) -> list[str]:
    return list(db.session.scalars(select(Category.name).where(Category.shop_id == shop.id).order_by(Category.name)))


def _silent(done: int, step: str) -> None:
    pass


def test_a_refused_row_is_kept_to_the_letter(start, shop) -> None:
    run = start('name,colour\nbad,blue\n bad ,"a\\b\tc"\nbad,\n', {"name": 0, "option:Colour": 1})

    with transaction():
        runs.dry_run(run, _silent)

    assert [one.cells for one in faults.page(run)] == [["bad", "blue"], [" bad ", "a\\b\tc"], ["bad", ""]]


def test_a_refused_row_is_kept_with_the_columns_that_nobody_has_mapped(start, shop) -> None:
    run = start("remark,colour,name\nblue,green,bad\n,,bad\n", {"name": 2, "option:Colour": 1})

    with transaction():
        runs.dry_run(run, _silent)

    assert [one.cells for one in faults.page(run)] == [["blue", "green", "bad"], ["", "", "bad"]]


def test_a_dry_run_counts_keeps_faults_and_writes_nothing(shop, start) -> None:
    run = start("name,colour\na,\nbad,\nb,red\n,x\nc,\n")

    with transaction():
        result = runs.dry_run(run, _silent)

    assert result == {
        "rows": 5,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "failed": 3,
        "not_reached": 0,
        "before_first_fault": 1,
    }
    assert run.state is ImportState.CHECKED
    assert _names(shop) == []
    found = [(f.row, f.column, f.code, f.value) for f in faults.page(run)]
    assert found == [
        (3, "name", "name_bad", "bad"),
        (4, "colour", "colour_bad", "red"),
        (5, "name", "name_missing", ""),
    ]


@pytest.mark.parametrize(
    ("on_error", "names", "state", "faulty", "not_reached"),
    [
        (OnError.SKIP, ["a", "c"], ImportState.DONE, 2, 0),
        (OnError.STOP, ["a"], ImportState.DONE, 1, 2),
        (OnError.ALL, [], ImportState.CHECKED, 2, 0),
    ],
)
def test_bad_rows_are_left_out_or_stop_the_import_or_forbid_it(
    shop, start, on_error, names, state, faulty, not_reached
) -> None:
    run = start("name,colour\na,\nbad,\nc,\nbad,\n")

    with transaction():
        result = runs.commit(run, on_error, _silent)

    assert _names(shop) == names
    assert run.state is state
    assert (result["created"], result["failed"], result["not_reached"]) == (len(names), faulty, not_reached)
    assert db.session.scalar(select(func.count()).select_from(ImportFault)) == faulty


def test_without_any_good_row_the_run_stays_open(shop, start) -> None:
    run = start("name,colour\nbad,\n")

    with transaction():
        runs.commit(run, OnError.SKIP, _silent)

    assert run.state is ImportState.CHECKED


def test_a_second_commit_does_nothing(shop, start) -> None:
    run = start("name,colour\na,\n")

    with transaction():
        first = runs.commit(run, OnError.SKIP, _silent)
        second = runs.commit(run, OnError.SKIP, _silent)

    assert first == second
    assert _names(shop) == ["a"]


def test_cells_arrive_as_they_stood_whatever_they_hold(shop, start) -> None:
    wild = ["\\N", "a\\b", "甲 乙", "x'y", "{z}", '"q"', "t\tu"]
    quoted = [f'"{text.replace(chr(34), chr(34) * 2)}",' for text in wild]
    run = start("name,colour\n" + "\n".join(quoted) + "\n")

    with transaction():
        runs.commit(run, OnError.SKIP, _silent)

    assert sorted(_names(shop)) == sorted(wild)


def test_a_short_row_is_refused_with_its_reason(start) -> None:
    run = start("name,colour\na,x\nb\nc,y,z\n")

    with transaction():
        result = runs.dry_run(run, _silent)

    assert result["failed"] == 2
    assert [(f.row, f.code) for f in faults.page(run)] == [(3, "row_too_short"), (4, "row_too_long")]


def test_a_required_field_needs_a_column(start) -> None:
    run = start("name,colour\na,\n", {"note": 0})

    with transaction(), pytest.raises(RuleViolation) as refused:
        runs.dry_run(run, _silent)

    assert refused.value.facts == {"fields": "Name"}


def test_an_unreadable_file_says_why(start) -> None:
    run = start("name,colour\na,\n")
    run.file_name = "rows.xlsx"

    with transaction(), pytest.raises(SheetError) as refused:
        runs.dry_run(run, _silent)
    runs.fail(run, refused.value)

    assert run.state is ImportState.FAILED
    assert run.error_code == refused.value.code


def test_a_rehearsal_drops_calls_for_after_the_commit(shop) -> None:
    from app.kit.db import on_commit

    called = []
    with transaction():
        on_commit(lambda: called.append("kept"))
        with rehearsal():
            make.category(shop, "Gone")
            on_commit(lambda: called.append("dropped"))

    assert called == ["kept"]
    assert _names(shop) == []
