"""UnionPay's daily file: base64 of a deflated zip; its ZM part has one trade a line in fixed columns, in fen."""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
import zlib
from datetime import date, datetime

from app.kit.money import Money
from app.payments.channels import beijing, wire
from app.payments.providers import BillKind, BillRow, Settlement

WIDTHS = (3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6)
"""Columns 1 to 22 of a ZM line, a blank between two; what follows is not needed here."""
TRACE_TIME, AMOUNT, QUERY_ID, ORDER_ID, FEE, NET, TXN_TYPE = 4, 6, 9, 11, 15, 16, 19
_KINDS = {"01": BillKind.PAYMENT, "04": BillKind.REFUND}


def unpacked(content: str) -> str:
    """The text of the ZM file within. Raises ValueError."""
    try:
        packed = base64.b64decode(content, validate=True)
        inflater = zlib.decompressobj()
        raw = inflater.decompress(packed, wire.MOST_BILL_BYTES)
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for entry in archive.infolist():
                if "ZM_" in entry.filename and entry.file_size <= wire.MOST_BILL_BYTES:
                    return archive.read(entry).decode("gb18030")
    except (binascii.Error, zlib.error, zipfile.BadZipFile, UnicodeDecodeError, EOFError, RuntimeError) as error:
        raise ValueError("the file cannot be unpacked") from error
    return ""  # a day without ordinary trades has no such part


def trades(text: str, day: date) -> tuple[BillRow, ...]:
    """Payments and refunds of the file. Raises ValueError for a damaged line."""
    rows = []
    for line, record in enumerate(text.splitlines(), start=1):
        if record.strip():
            cells = _cells(record)
            if cells[TXN_TYPE] in _KINDS:
                rows.append(_row(line, cells, day))
    return tuple(rows)


def _cells(record: str) -> list[str]:
    if len(record) < sum(WIDTHS) + len(WIDTHS) - 1:
        raise ValueError("a line is too short")
    cells, at = [], 0
    for width in WIDTHS:
        cells.append(record[at : at + width].strip())
        at += width + 1
    return cells


def _row(line: int, cells: list[str], day: date) -> BillRow:
    kind = _KINDS[cells[TXN_TYPE]]
    net = Money(abs(_signed(cells[NET])), "CNY")
    return BillRow(
        kind=kind,
        number=cells[ORDER_ID],
        channel_no=cells[QUERY_ID],
        amount=Money(int(cells[AMOUNT]), "CNY"),
        at=_moment(cells[TRACE_TIME], day),
        fee=Money(-_signed(cells[FEE]), "CNY"),
        settlement=Settlement(net),
        line=line,
    )


def _signed(cell: str) -> int:
    """C: to the merchant's credit, D: to its debit; then twelve digits of fen."""
    sign = {"C": 1, "D": -1}.get(cell[:1])
    if sign is None:
        raise ValueError(f"{cell!r} is no amount")
    return sign * int(cell[1:])


def _moment(text: str, day: date) -> datetime:
    """MMDDhhmmss of the year of the settlement day, or of the one before around New Year."""
    year = day.year - 1 if text[:2] == "12" and day.month == 1 else day.year
    moment = beijing.read(f"{year}{text}")
    if moment is None:
        raise ValueError(f"{text!r} is no time")
    return moment
