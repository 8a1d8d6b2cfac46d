"""Money through payment channels by the channels' bills: a row a day, account and currency, never across currencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from app.insights.spans import Span
from app.kit.shop_wall import assert_in_scope


@dataclass(frozen=True)
class Settled:
    """What bills of one day say of one account in one currency; of every day and account when `day` is None.

    Minor units as they change the merchant's balance: `refunded_minor` and `fees_minor` are negative.
    `state` is set, and the currency empty, where the day's bill could not be had (yet).
    """

    day: date | None
    account: str
    is_test: bool
    state: str
    currency: str
    received_minor: int
    refunded_minor: int
    fees_minor: int
    net_minor: int
    differences: int


MONEY = ("received", "refunded", "fees", "net")


@dataclass(frozen=True)
class Settlement:
    """The rows by day and account, and one a currency over all of them, as the database has added them up."""

    rows: tuple[Settled, ...] = ()
    totals: tuple[Settled, ...] = ()


def read(connection: Connection, span: Span, statement: str) -> Settlement:
    """What bills say of the span's days; a channel cuts its days at midnight GMT+8, whatever the shop's zone."""
    facts = {"shop_id": assert_in_scope(span.shop_id), "first": span.first, "last": span.last}
    found = [Settled(*row[:5], *map(int, row[5:])) for row in connection.execute(text(statement), facts)]
    return _parted(found)


def kept(settlement: Settlement) -> list[list[Any]]:
    """As JSON: rows and totals one after another."""
    rows = [*settlement.rows, *settlement.totals]
    return [[row.day.isoformat() if row.day else None, *astuple(row)[1:]] for row in rows]


def restored(stored: Sequence[Sequence[Any]]) -> Settlement:
    """What `kept` has kept; nothing of reports that were made before bills were in them."""
    return _parted([Settled(date.fromisoformat(row[0]) if row[0] else None, *row[1:]) for row in stored])


def _parted(found: list[Settled]) -> Settlement:
    rows = tuple(row for row in found if row.day is not None)
    return Settlement(rows, tuple(row for row in found if row.day is None))
