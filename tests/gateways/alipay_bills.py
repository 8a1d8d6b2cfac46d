"""The bills of the emulated Alipay: a zip of two GBK tables, named in GBK, in yuan."""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tests.gateways.gateway import BEIJING, Refused, yuan

if TYPE_CHECKING:
    from tests.gateways.alipay import AlipayGateway

_COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
_LINE = "#-----------------------------------------业务明细列表"


def offer(gateway: AlipayGateway, content: dict[str, Any], root: str) -> dict[str, str]:
    """Where the bill can be fetched for thirty seconds."""
    if content.get("bill_type") not in ("trade", "signcustomer"):
        raise Refused(200, "isv.invalid-parameter", "bill_type")
    day = date.fromisoformat(content["bill_date"])
    today = gateway.now().astimezone(BEIJING).date()
    rows = list(_rows(gateway, day))
    if day > today or (day == today and not gateway.early_bills) or not rows:
        raise Refused(200, "isp.bill_not_exist", "账单不存在")
    token = secrets.token_urlsafe(12)
    gateway.offers[token] = _zip(gateway, rows, day), gateway.now() + timedelta(seconds=30)
    return {"bill_download_url": f"{root}/bill?token={token}"}


def _rows(gateway: AlipayGateway, day: date) -> Iterator[list[str]]:
    for trade in gateway.trades.values():
        if trade.paid_at and trade.paid_at.astimezone(BEIJING).date() == day:
            yield _row(trade, "交易", trade.paid, trade.paid_at, "")
        for refund in trade.refunds.values():
            if refund.is_done and refund.made_at.astimezone(BEIJING).date() == day:
                yield _row(trade, "退款", -refund.fen, refund.made_at, refund.number)


def _row(trade: Any, kind: str, fen: int, at: Any, refund_number: str) -> list[str]:
    when = f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"
    fee = yuan(-round(fen * 6 / 1000))
    return [
        trade.trade_no, trade.number, kind, trade.facts["subject"].replace(",", "，"), when, when, "", "", "", "",
        "*三(abc***@example.com)", yuan(fen), yuan(fen), "0.00", "0.00", "0.00", "0.00", "0.00", "", "0.00", "0.00",
        refund_number, fee, "0.00", "",
    ]  # fmt: skip


def _zip(gateway: AlipayGateway, rows: list[list[str]], day: date) -> bytes:
    if "missing" in gateway.spoiled:
        rows = rows[1:]
    if "extra" in gateway.spoiled:
        rows = [*rows, ["2099000001", "EXTRA0NUMBER", *rows[0][2:]]]
    if "changed" in gateway.spoiled:
        rows[0][11] = "9999.99"
    if "kind" in gateway.spoiled:
        rows = [*rows, ["2099000002", "KIND0NUMBER", "其他", *rows[0][3:]]]
    if "duplicated" in gateway.spoiled:
        rows = [*rows, rows[0]]
    span = f"[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{day + timedelta(days=1):%Y年%m月%d日} 00:00:00]"
    lines = [
        "#支付宝业务明细查询",
        f"#账号：[{gateway.seller_id}0156]",
        f"#起始日期：{span}",
        f"{_LINE}----------------------------------------",
        _COLUMNS,
        *(",".join(cell + "\t" for cell in row) for row in rows),
        f"{_LINE}结束------------------------------------",
        f"#交易合计：{sum(row[2] == '交易' for row in rows)}笔",
        f"#导出时间：[{gateway.now().astimezone(BEIJING):%Y年%m月%d日 %H:%M:%S}]",
    ]
    name = f"{gateway.seller_id}_{day:%Y%m%d}_业务明细"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_GbkName(f"{name}(汇总).csv"), "#汇总".encode("gbk"))
        archive.writestr(_GbkName(f"{name}.csv"), "\r\n".join(lines).encode("gbk"))
    return packed.getvalue()


class _GbkName(zipfile.ZipInfo):
    """Alipay writes the names in GBK without saying so."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the library's own name
        return self.filename.encode("gbk"), self.flag_bits & ~0x800
