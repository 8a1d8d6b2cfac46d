"""Holding a channel's bill of one day against the ledger: pure comparison, no database.

A row is known by our number, or by the channel's where it does not tell ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.kit.money import Money
from app.payments.matter_models import DifferenceKind
from app.payments.providers import BillKind, BillRow

ZONE = "Asia/Shanghai"
"""All channels cut their days at midnight GMT+8."""
AROUND_MIDNIGHT = timedelta(hours=1)
"""What we booked so near to midnight may stand in the neighbouring day's bill."""
Key = tuple[BillKind, str]


@dataclass(frozen=True)
class Entry:
    """A payment or refund of ours; `done` when money has moved as far as we know, at `at`."""

    kind: BillKind
    row_id: int
    number: str
    channel_no: str
    amount: Money
    done: bool
    at: datetime | None
    fee: Money | None = None


@dataclass(frozen=True)
class Difference:
    """One difference between bill and ledger; ours or theirs is None where there is nothing."""

    kind: DifferenceKind
    bill_kind: BillKind
    number: str
    channel_no: str
    ours: Money | None
    theirs: Money | None
    entry: Entry | None = None

    @property
    def key(self) -> str:
        """The same difference found again has the same key."""
        return f"{self.kind.value}:{self.bill_kind.value}:{self.number or self.channel_no}"[:100]


@dataclass
class Comparison:
    """What came of a day: which entry belongs to which row, and the differences."""

    matches: dict[int, Entry] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    matched: int = 0


def compare(day: date, rows: Iterable[BillRow], entries: Iterable[Entry], elsewhere: frozenset[Key]) -> Comparison:
    """Every row against our entries, every entry of the day against the rows.

    `entries` are those of the day and those that a row names; `elsewhere` what the bills of the days beside hold: it is
    proved there, however often this day is compared anew.
    """
    known = _index(entries)
    found, seen = Comparison(), set()
    for position, row in enumerate(rows):
        entry = known.get((row.kind, row.number)) or known.get((row.kind, row.channel_no))
        key = (row.kind, entry.number if entry else row.number or row.channel_no)
        difference = _of_row(row, entry, is_again=key in seen)
        seen.add(key)
        if entry is not None:
            found.matches[position] = entry
        if difference is None:
            found.matched += 1
        else:
            found.differences.append(difference)
    for entry in {id(one): one for one in known.values()}.values():
        if entry.done and day_of(entry.at) == day and (entry.kind, entry.number) not in seen | elsewhere:
            found.differences.append(_missing_there(entry))
    return found


def _index(entries: Iterable[Entry]) -> Mapping[Key, Entry]:
    known: dict[Key, Entry] = {}
    for entry in entries:
        for name in filter(None, (entry.channel_no, entry.number)):
            known[(entry.kind, name)] = entry
    return known


def _of_row(row: BillRow, entry: Entry | None, *, is_again: bool) -> Difference | None:
    def differs(kind: DifferenceKind, ours: Money | None, theirs: Money | None = None) -> Difference:
        number = entry.number if entry else row.number
        return Difference(kind, row.kind, number, row.channel_no, ours, theirs or row.amount, entry)

    if entry is None:
        return differs(DifferenceKind.MISSING_HERE, None) if row.succeeded else None
    if is_again:
        return differs(DifferenceKind.DOUBLED, entry.amount)
    if entry.done is not row.succeeded:
        return differs(DifferenceKind.STATUS, entry.amount if entry.done else None)
    if entry.amount != row.amount:
        return differs(DifferenceKind.AMOUNT, entry.amount)
    if entry.fee is not None and row.fee is not None and entry.fee != row.fee:
        return differs(DifferenceKind.FEE, entry.fee, row.fee)
    return None


def _missing_there(entry: Entry) -> Difference:
    kind = DifferenceKind.CARRIED if _is_near_midnight(entry.at) else DifferenceKind.MISSING_THERE
    return Difference(kind, entry.kind, entry.number, entry.channel_no, entry.amount, None, entry)


def _is_near_midnight(at: datetime | None) -> bool:
    if at is None:
        return False
    return day_of(at - AROUND_MIDNIGHT) != day_of(at) or day_of(at + AROUND_MIDNIGHT) != day_of(at)


def day_of(at: datetime | None) -> date | None:
    """The channel's day of a moment."""
    return at.astimezone(ZoneInfo(ZONE)).date() if at else None


def sums(rows: Iterable[BillRow], entries: Iterable[Entry], day: date) -> dict[str, dict[str, int]]:
    """By currency, in minor units: paid and refunded, ours and theirs, and the fees of the bill. Never added up."""
    total: dict[str, dict[str, int]] = {}

    def add(money: Money, name: str) -> None:
        of_currency = total.setdefault(money.currency, {})
        of_currency[name] = of_currency.get(name, 0) + money.minor

    for row in rows:
        if row.succeeded:
            add(row.amount, "paid_theirs" if row.kind is BillKind.PAYMENT else "refunded_theirs")
        if row.succeeded and row.fee is not None:
            add(row.fee, "fee_theirs")
    for entry in entries:
        if entry.done and day_of(entry.at) == day:
            add(entry.amount, "paid_ours" if entry.kind is BillKind.PAYMENT else "refunded_ours")
    return total
