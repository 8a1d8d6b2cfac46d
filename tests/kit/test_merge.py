"""Three-way merge: both keep what only they changed; the same field twice is a clash."""

from hypothesis import given
from hypothesis import strategies as st

from app.kit.merge import Clash, three_way

BASE = {"title": "Cup", "price": "10.00"}


def test_what_only_they_changed_stays() -> None:
    merge = three_way(BASE, {"title": "Cup", "price": "12.00"}, {"title": "Mug", "price": "10.00"})

    assert merge.changes == {"price": "12.00"}
    assert merge.clashes == ()


def test_both_changing_one_field_is_a_clash_and_nothing_is_written() -> None:
    merge = three_way(BASE, {"title": "Beaker", "price": "12.00"}, {"title": "Mug", "price": "10.00"})

    assert merge.changes == {}
    assert merge.clashes == (Clash("title", "Cup", "Beaker", "Mug"),)


def test_both_wanting_the_same_is_no_clash() -> None:
    merge = three_way(BASE, {"title": "Mug"}, {"title": "Mug"})

    assert merge.changes == {}
    assert merge.clashes == ()


values = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3), min_size=6, max_size=6)
edits = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3))


@given(values, edits, edits)
def test_a_merge_keeps_every_edit_of_both_or_names_the_fields_and_changes_nothing(base, my_edits, their_edits) -> None:
    mine, theirs = base | my_edits, base | their_edits
    merged = three_way(base, mine, theirs)

    clashing = {f for f in base if mine[f] != base[f] and theirs[f] != base[f] and mine[f] != theirs[f]}
    assert {clash.field for clash in merged.clashes} == clashing
    if clashing:
        assert merged.changes == {}
        return
    result = theirs | merged.changes
    for field, before in base.items():
        wanted = {value for value in (mine[field], theirs[field]) if value != before}
        assert result[field] == (wanted.pop() if wanted else before)


@given(values, edits, edits)
def test_who_saves_first_does_not_matter_when_nothing_clashes(base, my_edits, their_edits) -> None:
    mine, theirs = base | my_edits, base | their_edits
    one, other = three_way(base, mine, theirs), three_way(base, theirs, mine)

    assert bool(one.clashes) == bool(other.clashes)
    if not one.clashes:
        assert theirs | one.changes == mine | other.changes
