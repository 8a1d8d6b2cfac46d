"""What the emulated WeChat Pay looks at before it makes a trade or takes in a refund."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.gateways.gateway import Refused, is_whole

if TYPE_CHECKING:
    from tests.gateways.wechat import Order, WeChatGateway

_NUMBER = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_FIELDS = frozenset(
    {"appid", "mchid", "description", "out_trade_no", "time_expire", "notify_url", "amount", "payer", "scene_info"}
)


def trade(gateway: WeChatGateway, kind: str, facts: dict[str, Any]) -> None:
    """Raises Refused unless every field is as the documents want it."""
    if kind not in ("native", "h5", "jsapi") or not set(facts) <= _FIELDS:
        raise Refused(400, "PARAM_ERROR", "unknown field or kind")
    if (facts.get("appid"), facts.get("mchid")) != (gateway.appid, gateway.mchid):
        raise Refused(400, "APPID_MCHID_NOT_MATCH")
    for name, is_right in _RULES.items():
        if not is_right(facts.get(name), gateway):
            raise Refused(400, "PARAM_ERROR", name)
    if kind == "jsapi" and not (facts.get("payer") or {}).get("openid"):
        raise Refused(400, "PARAM_ERROR", "payer.openid")
    if kind == "h5" and not (facts.get("scene_info") or {}).get("payer_client_ip"):
        raise Refused(400, "PARAM_ERROR", "scene_info")


def _amount(value: Any, _: WeChatGateway) -> bool:
    return (
        isinstance(value, dict)
        and is_whole(value.get("total"))
        and value["total"] >= 1
        and value.get("currency", "CNY") == "CNY"
    )


def _future(value: Any, gateway: WeChatGateway) -> bool:
    if value is None:
        return True
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return False
    return moment.tzinfo is not None and moment > gateway.now()


_RULES: dict[str, Callable[[Any, WeChatGateway], bool]] = {
    "amount": _amount,
    "out_trade_no": lambda value, _: bool(_NUMBER.fullmatch(str(value))),
    "description": lambda value, _: 0 < len(str(value or "").encode()) <= 127,
    "notify_url": lambda value, _: str(value).startswith("http") and "?" not in str(value),
    "time_expire": _future,
}


def refund(gateway: WeChatGateway, order: Order, facts: dict[str, Any]) -> None:
    """Raises Refused unless the money may go back: sum, count, a minute between two, a year."""
    amount = facts.get("amount") or {}
    if order.paid_at is None:
        raise Refused(400, "INVALID_REQUEST", "the trade is not paid")
    if not is_whole(amount.get("refund")) or amount["refund"] < 1 or amount.get("currency") != "CNY":
        raise Refused(400, "PARAM_ERROR", "amount.refund")
    if amount.get("total") != order.paid:
        raise Refused(400, "INVALID_REQUEST", "amount.total is not the trade's")
    others = [one for one in gateway.refunds.values() if one.order is order and one.state != "CLOSED"]
    if sum(one.fen for one in others) + amount["refund"] > order.paid:
        raise Refused(400, "INVALID_REQUEST", "more than was paid")
    if len(others) >= 50 or gateway.now() - order.paid_at > timedelta(days=365):
        raise Refused(400, "INVALID_REQUEST", "no refund after 50 of them or a year")
    if others and gateway.now() - max(one.made_at for one in others) < timedelta(minutes=1):
        raise Refused(429, "FREQUENCY_LIMITED", "a minute between two refunds")
    if amount["refund"] > gateway.balance:
        raise Refused(403, "NOT_ENOUGH")
