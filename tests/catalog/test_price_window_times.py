"""Times typed in a shop's zone: stored as UTC; skipped and repeated ones are refused with a sentence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask_babel import force_locale

from app.catalog import price_window_times as times

pytestmark = pytest.mark.usefixtures("app")
LONDON, SHANGHAI = "Europe/London", "Asia/Shanghai"


@pytest.fixture(autouse=True)
def _in_english(app):
    with app.test_request_context(), force_locale("en"):
        yield


@pytest.mark.parametrize(
    ("typed", "zone", "utc"),
    [
        ("2026-03-29T00:59", LONDON, (2026, 3, 29, 0, 59)),
        ("2026-03-29T02:00", LONDON, (2026, 3, 29, 1, 0)),
        ("2026-10-25T00:59", LONDON, (2026, 10, 24, 23, 59)),
        ("2026-10-25T02:00", LONDON, (2026, 10, 25, 2, 0)),
        ("2026-03-29T01:30", SHANGHAI, (2026, 3, 28, 17, 30)),
        ("2026-10-25T01:30", SHANGHAI, (2026, 10, 24, 17, 30)),
        ("2026-11-27 23:59:59", SHANGHAI, (2026, 11, 27, 15, 59, 59)),
    ],
)
def test_a_time_of_the_shop_is_one_moment(typed, zone, utc) -> None:
    moment = times.read(typed, zone)

    assert moment == datetime(*utc, tzinfo=UTC)
    assert times.read(times.typed(moment, zone)["at"], zone) == moment


def test_a_time_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(times.BadTime) as refused:
        times.read("2026-03-29T01:30", LONDON)

    assert str(refused.value) == (
        "There is no 01:30 on 2026-03-29 in Europe/London: the clocks go from 01:00 to 02:00. Choose another time."
    )
    assert not isinstance(refused.value, times.TwiceTime)


def test_a_time_that_comes_twice_is_asked_for() -> None:
    with pytest.raises(times.TwiceTime) as asked:
        times.read("2026-10-25T01:30", LONDON)

    first, second = asked.value.moments
    assert (first, second) == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert "comes twice" in str(asked.value)
    assert times.choices((first, second), LONDON) == {"first": "01:30 (UTC+01:00)", "second": "01:30 (UTC+00:00)"}
    assert times.read("2026-10-25T01:30", LONDON, "first") == first
    assert times.read("2026-10-25T01:30", LONDON, "second") == second
    assert times.typed(first, LONDON) == {"at": "2026-10-25T01:30", "which": "first"}
    assert times.typed(second, LONDON) == {"at": "2026-10-25T01:30", "which": "second"}


@pytest.mark.parametrize("typed", ["", "tomorrow", "2026-13-01T00:00", "2026-11-27T00:00+08:00", "0001-01-01T00:00"])
def test_what_is_no_time_is_refused(typed) -> None:
    with pytest.raises(times.BadTime, match="Give day and time"):
        times.read(typed, SHANGHAI)
