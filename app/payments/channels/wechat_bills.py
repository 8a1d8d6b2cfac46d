"""WeChat Pay's bill files: yuan with a backtick before each cell, details first, a summary after them."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.kit.money import Money, rounded_minor, to_minor
from app.payments.channels import beijing, wire
from app.payments.providers import BillKind, BillRow

_MONEY_BACK = frozenset({"REFUND", "REVOKED"})
_FAILED_REFUNDS = frozenset({"FAIL", "CHANGE", "ABNORMAL", "CLOSED"})


@dataclass(frozen=True)
class FundEntry:
    """One movement of the merchant's balance; `amount` < 0 for money out."""

    at: datetime
    trade_no: str
    flow_no: str
    kind: str
    amount: Money
    balance: Money


def unpacked(body: bytes, offer: Mapping[str, Any]) -> str | None:
    """The file's text when its SHA1, over the uncompressed bytes, is the promised one; None when it is not."""
    try:
        raw = _gunzip(body) if body[:2] == b"\x1f\x8b" else body
    except (OSError, EOFError, zlib.error):
        return None
    promised = str(offer.get("hash_value", ""))
    if offer.get("hash_type") != "SHA1" or hashlib.sha1(raw, usedforsecurity=False).hexdigest() != promised.lower():
        return None
    return raw.decode("utf-8-sig", "replace")


def _gunzip(body: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=31)
    raw = inflater.decompress(body, wire.MOST_BILL_BYTES)
    if inflater.unconsumed_tail or not inflater.eof:
        raise gzip.BadGzipFile("too large or cut")
    return raw


def trades(text: str) -> tuple[BillRow, ...]:
    """The rows of a trade bill. Raises ValueError when details and summary do not agree, or a cell is damaged."""
    details, summary = _parts(text)
    rows = tuple(_trade(line, cells) for line, cells in details)
    if int(summary.get("总交易单数", "-1")) != len(rows):
        raise ValueError("the summary counts other rows")
    refunded = sum(row.amount.minor for row in rows if row.kind is BillKind.REFUND)
    promised = summary.get("申请退款总金额") or summary.get("退款总金额", "0")
    if to_minor(promised, "CNY") != refunded:
        raise ValueError("the summary has another sum of refunds")
    return rows


def _trade(line: int, cells: Mapping[str, str]) -> BillRow:
    currency = cells.get("货币种类") or "CNY"
    is_refund = cells["交易状态"] in _MONEY_BACK
    state = cells.get("退款状态", "")
    amount = (
        (cells.get("申请退款金额") or cells["退款金额"])
        if is_refund
        else (cells.get("订单金额") or cells["应结订单金额"])
    )
    return BillRow(
        kind=BillKind.REFUND if is_refund else BillKind.PAYMENT,
        number=cells["商户退款单号"] if is_refund else cells["商户订单号"],
        channel_no=cells["微信退款单号"] if is_refund else cells["微信订单号"],
        amount=Money(to_minor(amount, currency), currency),
        at=_moment(cells["交易时间"]),
        succeeded=not (is_refund and state in _FAILED_REFUNDS),
        fee=Money(_rounded(cells.get("手续费", "0"), currency), currency),
        line=line,
    )


def fund_flow(text: str) -> tuple[FundEntry, ...]:
    """The rows of a fund flow bill. Raises ValueError when a cell is damaged or the summary counts others."""
    details, summary = _parts(text)
    entries = tuple(_entry(cells) for _, cells in details)
    if int(summary.get("资金流水总笔数", "-1")) != len(entries):
        raise ValueError("the summary counts other rows")
    return entries


def _entry(cells: Mapping[str, str]) -> FundEntry:
    sign = 1 if cells["收支类型"] == "收入" else -1
    return FundEntry(
        at=_moment(cells["记账时间"]),
        trade_no=cells["微信支付业务单号"],
        flow_no=cells["资金流水单号"],
        kind=cells["业务类型"],
        amount=Money(sign * to_minor(cells["收支金额(元)"], "CNY"), "CNY"),
        balance=Money(to_minor(cells["账户结余(元)"], "CNY"), "CNY"),
    )


def _parts(text: str) -> tuple[list[tuple[int, dict[str, str]]], dict[str, str]]:
    """Details with their line numbers, and the one row of the summary; both by the names of their columns."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    heads = [index for index, line in enumerate(lines) if not line.startswith("`")]
    if len(heads) != 2 or heads[0] != 0:
        raise ValueError("a bill has two headings")
    names, below = lines[0].split(","), lines[heads[1]].split(",")
    details = list(_rows(lines[1 : heads[1]], names))
    summaries = list(_rows(lines[heads[1] + 1 :], below))
    if len(summaries) != 1:
        raise ValueError("a bill has one summary")
    return details, summaries[0][1]


def _rows(lines: list[str], names: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    for index, line in enumerate(lines, start=2):
        cells = [cell.strip() for cell in line[1:].split(",`")]  # a cell may hold a comma, never a backtick
        if len(cells) != len(names):
            raise ValueError(f"line {index} has {len(cells)} cells")
        yield index, dict(zip(names, cells, strict=True))


def _moment(text: str) -> datetime:
    moment = beijing.read(text)
    if moment is None:
        raise ValueError(f"{text!r} is no time")
    return moment


def _rounded(text: str, currency: str) -> int:
    try:
        return rounded_minor(Decimal(text or "0"), currency)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no amount") from error
