"""What is looked up for many orders or refunds at once, under their locks, so that nobody asks about each one."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from app.kit import together
from app.kit.db import db
from app.payments.lifecycle import OPEN
from app.payments.matter_models import MoneyMatter
from app.payments.models import Payment

PAYMENTS, MATTERS = "open_payment", "open_matter"
"""What an order and a refund may lack, for `together`."""


def of_orders(order_ids: Collection[int]) -> None:
    """Note which locked orders have no open payment."""
    query = select(Payment.order_id).where(Payment.order_id.in_(order_ids), Payment.state.in_(OPEN))
    together.note_lack(PAYMENTS, order_ids, db.session.scalars(query))


def of_refunds(refund_ids: Collection[int]) -> None:
    """Note which locked refunds are before nobody."""
    live = (MoneyMatter.refund_id.in_(refund_ids), MoneyMatter.resolved_at.is_(None))
    found = db.session.scalars(select(MoneyMatter.refund_id).where(*live))
    together.note_lack(MATTERS, refund_ids, [pk for pk in found if pk])
