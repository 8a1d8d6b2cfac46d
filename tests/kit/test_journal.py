"""The journal: written in the transaction, read as a timeline, reacted to at once; personal marks are checked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.events import ReportDownloaded, ReportMade
from app.kit import context, journal
from app.kit.db import transaction
from app.kit.personal_data import personal
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def seen() -> Iterator[list[int]]:
    """Ids of the reports that a reaction was told of."""
    told: list[int] = []
    journal.on(ReportMade)(lambda event: told.append(event.report_id))
    yield told
    journal._reactions.pop(ReportMade)


def test_a_fact_needs_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        journal.record(ReportMade(shop_id=1, report_id=1, kind="sales"))


def test_reactions_run_in_the_same_transaction(seen: list[int]) -> None:
    shop = make.shop()

    with context.shops([shop.id]), transaction():
        journal.record(ReportMade(shop_id=shop.id, report_id=4, kind="sales"))

    assert seen == [4]


def test_the_timeline_is_newest_first_and_of_one_row_alone() -> None:
    shop = make.shop()
    with context.shops([shop.id]), transaction():
        journal.record(ReportMade(shop_id=shop.id, report_id=4, kind="sales"))
        journal.record(ReportDownloaded(shop_id=shop.id, report_id=4))
        journal.record(ReportDownloaded(shop_id=shop.id, report_id=5))

    with context.shops([shop.id]):
        assert [entry.event for entry in journal.timeline("report", 4)] == ["ReportDownloaded", "ReportMade"]
    with context.shops([make.shop().id]):
        assert journal.timeline("report", 4) == []


def test_an_unknown_kind_of_personal_data_is_refused() -> None:
    with pytest.raises(ValueError, match="shoe size"):
        personal("shoe size")
