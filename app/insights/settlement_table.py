"""Money through channels as a table for screen and workbook, in the language of the reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from app.insights.settlement import Settled, Settlement
from app.insights.tables import Column, Kind, Table
from app.payments import names
from app.payments.matter_models import ReconcileState

NAME = "channels"


def labels() -> dict[str, str]:
    """The name of each figure for people."""
    return {
        "received": _("Received"),
        "refunded": _("Paid back"),
        "fees": _("Fees of channels"),
        "net": _("Net settled"),
        "differences": _("Open differences"),
    }


def definitions() -> list[tuple[str, str]]:
    """What each figure means: (figure, sentence)."""
    named = labels()
    return [
        (named["received"], _("Payments in the channels' bills of the span's days, cut at midnight GMT+8.")),
        (named["refunded"], _("Refunds in the same bills; negative.")),
        (named["fees"], _("What channels kept for themselves; negative, and positive where a fee was given back.")),
        (
            named["net"],
            _("What reaches the merchant. Paid in one currency and settled in another, it stands in a row of each."),
        ),
        (named["differences"], _("Rows in which bill and payments differ and that nobody has settled yet.")),
    ]


def table(settlement: Settlement) -> Table:
    """The table; its rows and closing rows are each in a currency of their own."""
    named = labels()
    columns = (
        Column("day", _("Day"), Kind.DAY, lambda row: row.day),
        Column("account", _("Channel"), Kind.TEXT, _account),
        Column("currency", _("Currency"), Kind.TEXT, lambda row: row.currency),
        *(Column(key, named[key], Kind.MONEY, _minor(key)) for key in ("received", "refunded", "fees", "net")),
        Column("differences", named["differences"], Kind.COUNT, _differences),
        Column("bill", _("Bill"), Kind.TEXT, _bill),
    )
    totals = tuple((row.currency, _closing(columns, row)) for row in settlement.totals)
    return Table(NAME, _("By channel"), columns, settlement.rows, (), lambda row: row.currency, totals)


def _account(row: Settled) -> str:
    return _("%(label)s (test money)", label=row.account) if row.is_test else row.account


def _minor(key: str) -> Callable[[Settled], int | None]:
    return lambda row: None if row.state else getattr(row, f"{key}_minor")


def _differences(row: Settled) -> int | None:
    return None if row.state else row.differences


def _bill(row: Settled) -> str:
    return str(names.RECONCILE_LABELS[ReconcileState(row.state)]) if row.state else _("Compared")


def _closing(columns: tuple[Column, ...], total: Settled) -> tuple[Any, ...]:
    return (_("Total"), "", *(column.value(total) for column in columns[2:-1]), "")
