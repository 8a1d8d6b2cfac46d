"""The daily file of the emulated UnionPay: fixed columns in a zip, deflated, in base64."""

from __future__ import annotations

import base64
import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from tests.gateways.gateway import BEIJING, Refused

if TYPE_CHECKING:
    from tests.gateways.unionpay import UnionPayGateway

_COLUMNS = [3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15]
_COLUMNS += [32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 131]


def answer(gateway: UnionPayGateway, fields: dict[str, str]) -> dict[str, str]:
    """The answer with the day's file; 98 when there is none."""
    kind = (fields.get("txnType"), fields.get("txnSubType"), fields.get("fileType"))
    if kind != ("76", "01", "00"):
        raise Refused(200, "10", "fileType")
    lines = [_line(gateway, one) for one in gateway.trades.values() if _day(one) == fields.get("settleDate")]
    lines = _spoiled(gateway, lines)
    if not lines or not gateway.early_bills:
        raise Refused(200, "98", "文件不存在")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"INN26{fields['settleDate']}88ZM_{gateway.mer_id}", "\r\n".join(lines).encode("gbk"))
        archive.writestr(f"INN26{fields['settleDate']}88ZME_{gateway.mer_id}", b"")
    content = base64.b64encode(zlib.compress(packed.getvalue())).decode()
    return {
        "merId": gateway.mer_id,
        "txnType": "76",
        "txnSubType": "01",
        "respCode": "00",
        "respMsg": "成功[0000000]",
        "fileName": f"{gateway.mer_id}.zip",
        "fileContent": content,
    }


def _day(trade: Any) -> str:
    return f"{trade.done_at.astimezone(BEIJING):%m%d}" if trade.done_at else ""


def _line(gateway: UnionPayGateway, trade: Any) -> str:
    fee = trade.amount * 6 // 1000
    back = trade.is_refund
    values = {
        1: "S22" if not back else "S30",
        4: trade.query_id[-6:],
        5: f"{trade.done_at.astimezone(BEIJING):%m%d%H%M%S}",
        6: "621626******0018",
        7: f"{trade.amount:012d}",
        10: trade.query_id[:21],
        12: trade.number,
        16: f"{'C' if back else 'D'}{fee:012d}",
        17: f"{'D' if back else 'C'}{trade.amount - fee:012d}",
        20: trade.facts["txnType"],
        21: trade.facts["txnSubType"],
        22: trade.facts["bizType"],
        27: trade.facts.get("origQryId", ""),
        28: gateway.mer_id,
    }
    return " ".join(values.get(at, "").ljust(width) for at, width in enumerate(_COLUMNS, start=1))


def _spoiled(gateway: UnionPayGateway, lines: list[str]) -> list[str]:
    if "missing" in gateway.spoiled:
        lines = lines[1:]
    if "extra" in gateway.spoiled and lines:
        head = sum(_COLUMNS[:11]) + 11
        lines = [*lines, lines[0][:head] + "EXTRA0NUMBER".ljust(32) + lines[0][head + 32 :]]
    if "changed" in gateway.spoiled and lines:
        at = sum(_COLUMNS[:6]) + 6
        lines[0] = lines[0][:at] + "000000999999" + lines[0][at + 12 :]
    if "kind" in gateway.spoiled and lines:
        at = sum(_COLUMNS[:19]) + 19
        lines = [*lines, lines[0][:at] + "99" + lines[0][at + 2 :]]
    if "duplicated" in gateway.spoiled and lines:
        lines = [*lines, lines[0]]
    return lines
