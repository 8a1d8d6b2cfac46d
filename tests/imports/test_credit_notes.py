"""Credit notes find the sale they reverse, and never take back more than it sold."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.imports.credit_notes import CHARGES_ONLY, MORE_THAN_SOLD, NOT_SOLD_BEFORE, SEVERAL_SALES, Note, Sale, match

START = datetime(2011, 3, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def outcomes(notes: list[Note], sales: list[Sale]) -> dict[str, object]:
    return {note.number: found.order_id if isinstance(found, Sale) else found for note, found in match(notes, sales)}


def test_the_latest_earlier_sale_that_covers_the_note_wins() -> None:
    sales = [Sale(1, day(0), {"cup": 6}), Sale(2, day(2), {"cup": 6}), Sale(3, day(9), {"cup": 6})]

    assert outcomes([Note("C1", day(5), {"cup": 4})], sales) == {"C1": 2}


def test_a_sale_of_the_same_minute_counts_as_earlier() -> None:
    assert outcomes([Note("C1", day(5), {"cup": 1})], [Sale(1, day(5), {"cup": 1})]) == {"C1": 1}


def test_what_a_note_has_taken_back_is_gone_for_the_next() -> None:
    sales = [Sale(1, day(0), {"cup": 6}), Sale(2, day(1), {"cup": 6})]
    notes = [Note("C3", day(4), {"cup": 6}), Note("C2", day(3), {"cup": 4}), Note("C1", day(2), {"cup": 4})]

    assert outcomes(notes, sales) == {"C1": 2, "C2": 1, "C3": MORE_THAN_SOLD}


def test_a_note_needs_one_sale_for_everything_it_takes_back() -> None:
    sales = [Sale(1, day(0), {"cup": 6}), Sale(2, day(1), {"plate": 6})]

    assert outcomes([Note("C1", day(2), {"cup": 1, "plate": 1})], sales) == {"C1": SEVERAL_SALES}


def test_the_reason_says_why_there_is_no_sale() -> None:
    sales = [Sale(1, day(3), {"cup": 6})]
    notes = [Note("C1", day(1), {"cup": 1}), Note("C2", day(4), {}), Note("C3", day(4), {"vase": 1})]

    assert outcomes(notes, sales) == {"C1": NOT_SOLD_BEFORE, "C2": CHARGES_ONLY, "C3": NOT_SOLD_BEFORE}


codes = st.sampled_from(["cup", "plate", "vase"])
baskets = st.dictionaries(codes, st.integers(1, 9), max_size=3)
days = st.integers(0, 12).map(day)


@settings(deadline=None)
@given(st.lists(st.tuples(days, baskets), max_size=8), st.lists(st.tuples(days, baskets), max_size=12))
def test_no_sale_is_ever_reversed_beyond_what_it_sold(
    sold: list[tuple[datetime, dict[str, int]]], returned: list[tuple[datetime, dict[str, int]]]
) -> None:
    sales = [Sale(number, at, dict(basket)) for number, (at, basket) in enumerate(sold)]
    notes = [Note(f"C{number:02}", at, basket) for number, (at, basket) in enumerate(returned)]

    taken: Counter[tuple[int, str]] = Counter()
    for note, found in match(notes, sales):
        if isinstance(found, Sale):
            assert note.returned
            assert found.placed_at <= note.placed_at
            taken.update({(found.order_id, code): units for code, units in note.returned.items()})

    assert all(units <= sold[order_id][1].get(code, 0) for (order_id, code), units in taken.items())


@settings(deadline=None)
@given(st.lists(st.tuples(days, baskets), max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(
    returned: list[tuple[datetime, dict[str, int]]], shuffle: object
) -> None:
    def sales() -> list[Sale]:
        return [Sale(n, day(n), {"cup": 5, "plate": 5, "vase": 5}) for n in range(4)]

    notes = [Note(f"C{number:02}", at, basket) for number, (at, basket) in enumerate(returned)]
    mixed = list(notes)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]

    assert outcomes(mixed, sales()[::-1]) == outcomes(notes, sales())
