"""Batches as text for COPY: what PostgreSQL takes from them is the rows, to the letter."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.sheets import Flaw, Lines, Options, Row, read_rows
from app.kit.sheets.child import _as_lines

SIGNS = st.sampled_from(
    ["", "a", "N", "\\", "\\N", "\t", "\n", "\r", " ", "\u3000", "\x00", "\x1c", "\ud800", "杯", '"']
)
CELLS = st.lists(st.lists(SIGNS, max_size=3).map("".join), min_size=2, max_size=2)


@given(batch=st.lists(CELLS, min_size=1, max_size=4))
def test_lines_are_the_rows_or_the_batch_stays_rows(batch: list[list[str]]) -> None:
    rows = [Row(number, cells, {}) for number, cells in enumerate(batch, 2)]
    frame = _as_lines(rows, 2)

    every = "".join(cell for cells in batch for cell in cells)
    is_stripped = all(cell == cell.strip() for cells in batch for cell in cells)
    is_plain = is_stripped and not set(every) & set("\\\t\n\r\x00\ud800")
    assert ("lines" in frame) == is_plain
    if is_plain:
        assert Lines(frame["lines"]).rows() == rows
        assert len(Lines(frame["lines"])) == len(rows)
    else:
        assert frame == {"rows": rows}


@pytest.mark.parametrize(
    "row", [Row(2, ["a", "b"], {0: Flaw.PRECISION_LOST}), Row(2, ["a"], {}), Row(2, ["a"] * 3, {})]
)
def test_a_row_with_a_flaw_or_of_another_width_keeps_its_batch(row: Row) -> None:
    assert _as_lines([Row(1, ["x", "y"], {}), row], 2) == {"rows": [Row(1, ["x", "y"], {}), row]}


def test_a_file_comes_in_lines_where_it_can_and_copy_takes_them(servers, tmp_path) -> None:
    path = tmp_path / "goods.csv"
    plain = "".join(f"C{number},Mug\n" for number in range(1_000))
    path.write_text(f"code,title\n{plain}D1, padded \nD2,\n", encoding="utf-8")
    with read_rows(path, path.name, Options(as_lines=True)) as reader:
        first, second = list(reader.lines())

    assert isinstance(first, Lines)
    assert second == [Row(1002, ["D1", " padded "], {}), Row(1003, ["D2", ""], {})]
    with psycopg.connect(servers["database"].replace("+psycopg", "")) as connection:
        connection.execute("create temp table taken (row integer, code text, title text)")
        with connection.cursor() as cursor, cursor.copy("copy taken from stdin") as copy:
            copy.write(first.text.replace("Mug\n", "\\N\n", 1))
        found = connection.execute("select count(*), min(row), max(row), count(title) from taken").fetchone()
    assert found == (1_000, 2, 1_001, 999)
