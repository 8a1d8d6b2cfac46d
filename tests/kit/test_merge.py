"""Three-way merge: both keep what only they changed; the same field twice is a clash."""

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
