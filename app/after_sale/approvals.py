"""What agreeing to many cases would do: how many can be agreed to, how much money that is, what is beyond the limit."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from app.after_sale import settings
from app.after_sale.batch_acts import ASKED
from app.after_sale.lifecycle import REFUNDING
from app.after_sale.models import AfterSaleCase, CaseKind
from app.kit.db import db


def summary(chosen: Select[Any], shop_id: int, may_approve: bool) -> dict[str, Any]:
    """Of the chosen cases: how many, how many go on, the money that goes back now, how many are beyond the limit."""
    limit = settings.of(shop_id).approve_limit_minor
    ready = AfterSaleCase.state.in_(ASKED) & AfterSaleCase.kind.in_(REFUNDING)
    beyond = ready & (AfterSaleCase.amount_minor > limit) & (AfterSaleCase.kind == CaseKind.REFUND_ONLY)
    at_once = ready & (AfterSaleCase.kind == CaseKind.REFUND_ONLY)
    goes = at_once if may_approve else at_once & (AfterSaleCase.amount_minor <= limit)
    of_chosen = select(
        func.count(),
        func.count().filter(ready),
        func.coalesce(func.sum(AfterSaleCase.amount_minor).filter(goes), 0),
        func.count().filter(beyond),
    ).where(AfterSaleCase.shop_id == shop_id, AfterSaleCase.id.in_(chosen))
    count, able, money, over = db.session.execute(of_chosen).one()
    return {
        "count": count,
        "ready": able if may_approve else able - over,
        "stuck": count - able,
        "money_minor": int(money),
        "beyond": 0 if may_approve else over,
        "limit_minor": limit,
    }
