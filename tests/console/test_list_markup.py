"""Table rows made in Python: cells escaped, markup kept, boxes only where there is a bulk action."""

from types import SimpleNamespace

import pytest
from markupsafe import Markup

from app.console import fragments, list_markup
from app.console.lists import Column
from app.kit import texts

COLUMNS = (
    Column("name", "Name", lambda row: row.name),
    Column("state", "State", lambda row: Markup("<i>new</i>")),
    Column("total", "Total", lambda row: "1 < 2", align="end"),
)


def test_cells_are_escaped_and_the_first_one_leads_to_the_row() -> None:
    rows = [SimpleNamespace(id=7, name="<script>")]

    assert list_markup.table_rows(rows, COLUMNS, "/things/", False) == (
        '<tr><th scope="row" id="r7"><a href="/things/7">&lt;script&gt;</a></th>'
        '<td><i>new</i></td><td class="text-end">1 &lt; 2</td></tr>\n'
    )


def test_boxes_stand_before_rows_that_can_be_ticked() -> None:
    html = list_markup.table_rows([SimpleNamespace(id=7, name="A")], COLUMNS, "", True)

    assert 'type="checkbox" name="ids" value="7" aria-labelledby="r7"' in html
    assert '<th scope="row" id="r7">A</th>' in html


def test_cells_for_a_phone_say_so_and_bring_their_label_where_they_need_one() -> None:
    columns = (
        COLUMNS[0],
        Column("left", "Left", lambda row: "3", align="end", on_phone=True, phone_label=True),
        Column("state", "State", lambda row: "new", on_phone=True),
    )

    html = list_markup.table_rows([SimpleNamespace(id=7, name="A")], columns, "", False)

    assert '<td class="text-end k-on" data-label="Left">3</td><td class="k-on">new</td>' in html


@pytest.mark.usefixtures("app")
def test_a_kept_part_is_made_once_a_language_and_key() -> None:
    made = []

    def make(word: str) -> Markup:
        made.append(word)
        return Markup("{}").format(word)

    for code in ("en", "zh", "en"):
        texts.speak(code)
        assert fragments.kept(("test", 1), make, code) == code
    texts.speak(None)

    assert made == ["en", "zh"]
