"""The workbook to fill in: a row for each order that waits, with its place for carrier and tracking number.

It goes straight back in as a tracking file; the columns right of the number are for whoever packs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flask_babel import gettext

from app.fulfilment.picking import Work
from app.kit import sheets


def write(work: Work, path: Path) -> int:
    """Write the orders of `work`; gives how many."""
    heads = [
        gettext("Order number"),
        gettext("Carrier"),
        gettext("Tracking number"),
        gettext("Receiver"),
        gettext("Phone"),
        gettext("Address"),
        gettext("Goods"),
    ]

    def rows() -> Iterator[list[str]]:
        for slip in work.slips:
            order = slip.order
            goods = ", ".join(f"{line.code} × {line.left}" for line in slip.lines)
            yield [order.number, "", "", order.receiver, order.phone, order.address, goods]

    sheets.write_sheet(rows(), [sheets.Column(one) for one in heads], path, name=gettext("Tracking numbers"))
    return len(work.slips)
