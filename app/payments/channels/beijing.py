"""Times as Chinese gateways write them: always GMT+8, whatever the machine's zone is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

from app.kit import clock

BEIJING = timezone(timedelta(hours=8))


def written(moment: datetime) -> str:
    """2026-11-23 16:05:09, as Alipay has it."""
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def compact(moment: datetime) -> str:
    """20261123160509, as UnionPay has it."""
    return moment.astimezone(BEIJING).strftime("%Y%m%d%H%M%S")


def iso(moment: datetime) -> str:
    """2026-11-23T16:05:09+08:00, as WeChat Pay has it."""
    return moment.astimezone(BEIJING).replace(microsecond=0).isoformat()


def read(text: str) -> datetime | None:
    """Any of the three, in UTC; None for blank or damaged text (Alipay's may end in .123)."""
    text = text.strip()
    for form in ("%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S.%f"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=BEIJING).astimezone(UTC)
        except ValueError:
            continue
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def is_billed(day: date) -> bool:
    """Whether it is past 20:00 of the day after: what has no bill by then had no trade."""
    return clock.now() > datetime.combine(day + timedelta(days=1), time(20), BEIJING)
