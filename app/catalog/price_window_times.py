"""Times as people type them in the shop's zone → UTC; a time that the clocks skip or repeat is never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext

_YEARS = range(2000, 2200)
_MINUTE = timedelta(minutes=1)


class BadTime(ValueError):
    """What was typed is no moment; the text says what to write instead."""


class TwiceTime(BadTime):
    """The clocks go back over this time, so that it comes twice; `moments` are the two, the earlier first."""

    def __init__(self, message: str, moments: tuple[datetime, datetime]) -> None:
        super().__init__(message)
        self.moments = moments


def read(typed: str, zone: str, which: str = "") -> datetime:
    """ "2026-11-27T00:00" of the shop's zone, in UTC; `which` is "first" or "second" of a repeated time.

    Raises BadTime for what is no time or was skipped, TwiceTime for a repeated one when `which` does not say.
    """
    local = _parse(typed)
    first, second = _moments(local, zone)
    if _local(first, zone) != local:
        raise BadTime(_skipped(local, first, zone))
    if first == second:
        return first
    if which not in ("first", "second"):
        shown = f"{local:%Y-%m-%d %H:%M}"
        raise TwiceTime(
            gettext("%(time)s comes twice, because the clocks go back. Choose which one.", time=shown),
            (first, second),
        )
    return first if which == "first" else second


def typed(moment: datetime | None, zone: str) -> dict[str, str]:
    """A moment as the form's boxes hold it: {"at": "2026-11-27T00:00", "which": "" | "first" | "second"}."""
    if moment is None:
        return {"at": "", "which": ""}
    local = _local(moment, zone)
    first, second = _moments(local, zone)
    which = "" if first == second else "first" if moment == first else "second"
    return {"at": local.isoformat(timespec="minutes" if not local.second else "seconds"), "which": which}


def choices(moments: tuple[datetime, datetime], zone: str) -> Mapping[str, str]:
    """The two moments of a repeated time in words: {"first": "01:30 (UTC+01:00)", …}."""
    return dict(zip(("first", "second"), (_offset_text(moment, zone) for moment in moments), strict=True))


def _offset_text(moment: datetime, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    offset = local.strftime("%z")
    return f"{local:%H:%M} (UTC{offset[:3]}:{offset[3:]})"


def _parse(typed_text: str) -> datetime:
    try:
        local = datetime.fromisoformat(typed_text.strip().replace(" ", "T"))
    except ValueError as error:
        raise BadTime(gettext("Give day and time, such as 2026-11-27 00:00.")) from error
    if local.tzinfo is not None or local.year not in _YEARS or local.microsecond:
        raise BadTime(gettext("Give day and time, such as 2026-11-27 00:00."))
    return local


def _moments(local: datetime, zone: str) -> tuple[datetime, datetime]:
    """The moments that a wall clock shows this time at; equal but for the hours of a change."""
    there = ZoneInfo(zone)
    both = [local.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return both[0], both[1]


def _local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def _skipped(local: datetime, moment: datetime, zone: str) -> str:
    """The sentence for a time that the clocks jump over, with the last one before and the first one after."""
    after = moment.replace(second=0)
    while _local(after, zone) - _local(after - _MINUTE, zone) == _MINUTE:
        after -= _MINUTE
    return gettext(
        "There is no %(time)s on %(day)s in %(zone)s: the clocks go from %(before)s to %(after)s. Choose another time.",
        time=f"{local:%H:%M}",
        day=f"{local:%Y-%m-%d}",
        zone=zone,
        before=f"{_local(after - _MINUTE, zone) + _MINUTE:%H:%M}",
        after=f"{_local(after, zone):%H:%M}",
    )


__all__ = ["BadTime", "TwiceTime", "choices", "read", "typed"]
