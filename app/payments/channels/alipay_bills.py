"""Alipay's bill files: a zip of GBK tables in yuan, with comment lines around the columns."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from app.kit.money import Money, to_minor
from app.payments.channels import beijing, wire
from app.payments.providers import BillKind, BillRow

_KINDS = {"交易": BillKind.PAYMENT, "退款": BillKind.REFUND}


def unpacked(body: bytes) -> str:
    """The text of the details within the zip. Raises ValueError."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for entry in archive.infolist():
                name = _name(entry)
                if "汇总" in name or not name.endswith(".csv"):
                    continue
                if entry.file_size > wire.MOST_BILL_BYTES:
                    raise ValueError("the bill is too large")
                return archive.read(entry).decode("gb18030")
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, RuntimeError, EOFError) as error:
        raise ValueError("the bill cannot be unpacked") from error
    raise ValueError("the zip holds no details")


def _name(entry: zipfile.ZipInfo) -> str:
    if entry.flag_bits & 0x800:
        return entry.filename
    return entry.filename.encode("cp437", "replace").decode("gb18030", "replace")


def trades(text: str) -> tuple[BillRow, ...]:
    """The rows of the details. Raises ValueError when the end is missing or a cell is damaged."""
    if not any(line.startswith("#") and "列表结束" in line for line in text.splitlines()):
        raise ValueError("the bill is cut off")
    return tuple(_trade(line, cells) for line, cells in _rows(text) if cells["业务类型"] in _KINDS)


def _trade(line: int, cells: Mapping[str, str]) -> BillRow:
    kind = _KINDS[cells["业务类型"]]
    amount = to_minor(cells["订单金额（元）"], "CNY")
    fee = _fen(cells.get("服务费（元）", ""))
    at = beijing.read(cells["完成时间"])
    if at is None or (amount < 0) != (kind is BillKind.REFUND):
        raise ValueError(f"line {line} is damaged")
    return BillRow(
        kind=kind,
        number=cells["退款批次号/请求号"] if kind is BillKind.REFUND else cells["商户订单号"],
        channel_no=cells["支付宝交易号"],
        amount=Money(abs(amount), "CNY"),
        at=at,
        fee=Money(-fee, "CNY"),
        line=line,
    )


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    names: list[str] | None = None
    for number, cells in enumerate(csv.reader(io.StringIO(text)), start=1):
        if not cells or cells[0].startswith("#"):
            continue
        clean = [cell.strip() for cell in cells]
        if names is None:
            names = clean
        elif len(clean) != len(names):
            raise ValueError(f"line {number} has {len(clean)} cells")
        else:
            yield number, dict(zip(names, clean, strict=True))


def _fen(text: str) -> int:
    try:
        return to_minor(Decimal(text or "0"), "CNY")
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no amount") from error
