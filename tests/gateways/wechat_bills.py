"""The bills of the emulated WeChat Pay: yuan, backticks, a summary, SHA-1 of the unpacked file."""

from __future__ import annotations

import gzip
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from tests.gateways.gateway import BEIJING, Refused, yuan

if TYPE_CHECKING:
    from tests.gateways.wechat import WeChatGateway

_TRADES = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
_TRADES_SUM = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
_FUNDS = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,"
    "备注,业务凭证号"
)
_FUNDS_SUM = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


@dataclass(frozen=True)
class Offer:
    """A bill that waits to be fetched."""

    content: bytes
    until: datetime


def offer(gateway: WeChatGateway, request: Request) -> dict[str, str]:
    """Where a bill can be fetched for five minutes."""
    day = date.fromisoformat(request.args["bill_date"])
    today = gateway.now().astimezone(BEIJING).date()
    if day > today or (day == today and not gateway.early_bills):
        raise Refused(400, "NO_STATEMENT_EXIST" if day > today else "STATEMENT_CREATING")
    if day < today - timedelta(days=92):
        raise Refused(400, "INVALID_REQUEST", "three months at most")
    make = trade_bill if request.path.endswith("/tradebill") else fund_bill
    text = make(gateway, day)
    if not text:
        raise Refused(400, "NO_STATEMENT_EXIST")
    raw = text.encode()
    token = secrets.token_urlsafe(12)
    packed = gzip.compress(raw) if request.args.get("tar_type") == "GZIP" else raw
    gateway.offers[token] = Offer(packed, gateway.now() + timedelta(minutes=5))
    root = request.root_url.rstrip("/")
    return {
        "hash_type": "SHA1",
        "hash_value": "0" * 40 if "hash" in gateway.spoiled else hashlib.sha1(raw, usedforsecurity=False).hexdigest(),
        "download_url": f"{root}/v3/billdownload/file?token={token}",
    }


def download(gateway: WeChatGateway, request: Request) -> bytes:
    """The file itself; the answer carries no signature."""
    waiting = gateway.offers.get(request.args.get("token", ""))
    if waiting is None or waiting.until < gateway.now():
        raise Refused(400, "INVALID_REQUEST", "the address has run out")
    return waiting.content


def trade_bill(gateway: WeChatGateway, day: date) -> str:
    """Payments and refunds of a day, spoiled as the test wants."""
    rows = _spoiled(gateway, list(_trade_rows(gateway, day)))
    if not rows:
        return ""
    paid = sum(_fen(row[24]) for row in rows if row[9] == "SUCCESS")
    back = sum(_fen(row[25]) for row in rows if row[9] == "REFUND")
    total = [str(len(rows)), yuan(paid), yuan(back), "0.00", "0.00", yuan(paid), yuan(back)]
    return _file(_TRADES, rows, _TRADES_SUM, total)


def _trade_rows(gateway: WeChatGateway, day: date) -> Iterator[list[str]]:
    for order in gateway.orders.values():
        if order.paid_at and order.paid_at.astimezone(BEIJING).date() == day:
            yield _row(gateway, order, order.paid_at, "SUCCESS", None)
    for refund in gateway.refunds.values():
        if refund.done_at and refund.done_at.astimezone(BEIJING).date() == day:
            yield _row(gateway, refund.order, refund.done_at, "REFUND", refund)


def _row(gateway: WeChatGateway, order: Any, at: Any, state: str, refund: Any) -> list[str]:
    amount = refund.fen if refund else order.paid
    sign = -1 if refund else 1
    fee = f"{sign * amount * 6 / 100_000:.5f}"
    return [
        f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}", gateway.appid, gateway.mchid, "0", "", order.transaction_id,
        order.number, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "NATIVE", state, "OTHERS", "CNY",
        yuan(0 if refund else amount), "0.00", refund.refund_id if refund else "0",
        refund.facts["out_refund_no"] if refund else "0", yuan(amount if refund else 0), "0.00",
        "ORIGINAL" if refund else "", "SUCCESS" if refund else "", order.facts["description"].replace("`", ""), "",
        fee, "0.60%", yuan(0 if refund else amount), yuan(amount if refund else 0), "",
    ]  # fmt: skip


def _spoiled(gateway: WeChatGateway, rows: list[list[str]]) -> list[list[str]]:
    if "missing" in gateway.spoiled and rows:
        rows = rows[1:]
    if "extra" in gateway.spoiled and rows:
        rows = [*rows, [*rows[0][:5], "4200099999", "EXTRA0NUMBER", *rows[0][7:]]]
    if "changed" in gateway.spoiled and rows:
        rows[0][24] = rows[0][12] = yuan(_fen(rows[0][24]) + 1)
    if "currency" in gateway.spoiled and rows:
        rows[0][11] = "USD"
    if "kind" in gateway.spoiled and rows:
        rows = [*rows, [*rows[0][:5], "4200088888", "KIND0NUMBER", *rows[0][7:9], "UNHEARD", *rows[0][10:]]]
    if "duplicated" in gateway.spoiled and rows:
        rows = [*rows, rows[0]]
    return rows


def fund_bill(gateway: WeChatGateway, day: date) -> str:
    """Every movement of the balance: payments, fees, refunds."""
    rows, balance = [], 0
    for trade in _trade_rows(gateway, day):
        is_refund = trade[9] == "REFUND"
        fen = _fen(trade[25] if is_refund else trade[24])
        balance += -fen if is_refund else fen
        kind = ("退款", "支出") if is_refund else ("交易", "收入")
        rows.append(
            [
                trade[0],
                trade[5],
                secrets.token_hex(8),
                kind[0],
                kind[0],
                kind[1],
                yuan(fen),
                yuan(balance),
                "system",
                "",
                "",
            ]
        )
    if not rows:
        return ""
    income = [row for row in rows if row[5] == "收入"]
    spent = [row for row in rows if row[5] == "支出"]
    total = [
        str(len(rows)), str(len(income)), yuan(sum(_fen(row[6]) for row in income)),
        str(len(spent)), yuan(sum(_fen(row[6]) for row in spent)),
    ]  # fmt: skip
    return _file(_FUNDS, rows, _FUNDS_SUM, total)


def _file(names: str, rows: list[list[str]], sums: str, total: list[str]) -> str:
    lines = [names, *("`" + ",`".join(row) for row in rows), sums, "`" + ",`".join(total)]
    return "\ufeff" + "\r\n".join(lines) + "\r\n"


def _fen(text: str) -> int:
    whole, _, cents = text.partition(".")
    return int(whole) * 100 + int(cents)
