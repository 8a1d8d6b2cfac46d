"""Reading and locking cases: the order first, then the case, so that all who touch both take turns alike."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.after_sale.models import AfterSaleCase, Party, RefundLine
from app.kit.db import db
from app.kit.errors import Conflict, NotFound
from app.orders import handling
from app.orders.models import Order


@dataclass(frozen=True)
class By:
    """On whose side somebody acts, and whether they may let go of more money than the shop's limit."""

    party: Party
    may_approve: bool = False


SYSTEM = By(Party.SYSTEM, may_approve=True)


def get(case_id: int) -> AfterSaleCase:
    """A case of a shop in scope. Raises NotFound."""
    case = db.session.scalars(select(AfterSaleCase).where(AfterSaleCase.id == case_id)).first()
    if case is None:
        raise NotFound("not_found")
    return case


def locked(case_id: int, version: int | None = None) -> tuple[AfterSaleCase, Order]:
    """A case and its order as they are now, locked. Raises NotFound, Conflict("case_stale") for another version."""
    order = handling.locked(get(case_id).order_id)
    query = select(AfterSaleCase).where(AfterSaleCase.id == case_id).with_for_update()
    case = db.session.scalars(query.execution_options(populate_existing=True)).one()
    if version is not None and case.version != version:
        raise Conflict("case_stale", number=case.number)
    return case, order


def lines_of(case_id: int) -> list[RefundLine]:
    """What a case is about, with the lines of the order."""
    query = select(RefundLine).where(RefundLine.case_id == case_id).order_by(RefundLine.id)
    return list(
        db.session.scalars(query.options(selectinload(RefundLine.line)).execution_options(populate_existing=True))
    )
