"""Money that needs a person: opened once for each cause, with a deadline and an owner, resolved with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from app.kit import clock, context, journal
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.payment_events import MoneyMatterOpened, MoneyMatterResolved
from app.payments import refunds, settings
from app.payments.matter_models import MatterKind, MoneyMatter
from app.payments.models import Payment, Refund

LONGEST_REASON = 300


@dataclass(frozen=True)
class About:
    """What it is about; `name` makes it one matter however often it is told."""

    shop_id: int
    name: str
    order_id: int | None = None
    payment_id: int | None = None
    refund_id: int | None = None
    callback_id: int | None = None

    @classmethod
    def of_payment(cls, payment: Payment, callback_id: int | None = None) -> About:
        """About one payment."""
        name = f"payment:{payment.id}"
        return cls(payment.shop_id, name, payment.order_id, payment.id, callback_id=callback_id)

    @classmethod
    def of_refund(cls, refund: Refund) -> About:
        """About one refund."""
        return cls(refund.shop_id, f"refund:{refund.id}", refund.order_id, refund.payment_id, refund.id)


def open_matter(about: About, kind: MatterKind, facts: dict[str, Any]) -> MoneyMatter:
    """Put it before a person, or give the matter that is open already."""
    key = f"{kind.value}:{about.name}"
    live = select(MoneyMatter).where(MoneyMatter.key == key, MoneyMatter.resolved_at.is_(None))
    if found := db.session.scalars(live).first():
        return found
    moment = clock.now()
    matter = MoneyMatter(
        shop_id=about.shop_id,
        kind=kind,
        key=key,
        order_id=about.order_id,
        payment_id=about.payment_id,
        refund_id=about.refund_id,
        callback_id=about.callback_id,
        facts=facts,
        opened_at=moment,
        due_at=moment + timedelta(hours=settings.of(about.shop_id).matter_hours),
    )
    db.session.add(matter)
    db.session.flush()
    journal.record(MoneyMatterOpened(about.shop_id, matter.id, kind.value))
    return matter


def resolve(matter_id: int, resolution: str, reason: str) -> MoneyMatter:
    """Say how it was settled. Raises RuleViolation("matter_reason", "matter_resolved"), NotFound."""
    matter = locked(matter_id)
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise RuleViolation("matter_reason", most=LONGEST_REASON)
    if matter.resolved_at:
        raise RuleViolation("matter_resolved")
    close(matter, resolution, reason)
    return matter


def settle_by_itself(*, resolution: str, refund_id: int | None = None, payment_id: int | None = None) -> None:
    """What stood before a person has come right: the open matters of a refund or payment need nobody any more."""
    about = MoneyMatter.refund_id == refund_id if refund_id else MoneyMatter.payment_id == payment_id
    for matter in db.session.scalars(select(MoneyMatter).where(about, MoneyMatter.resolved_at.is_(None))):
        close(matter, resolution, "")


def close(matter: MoneyMatter, resolution: str, reason: str) -> None:
    """Settle a locked matter that is open."""
    matter.resolved_at, matter.resolved_by = clock.now(), str(context.actor())
    matter.resolution, matter.reason = resolution[:40], reason
    db.session.flush()
    journal.record(MoneyMatterResolved(matter.shop_id, matter.id, matter.kind.value, matter.resolution))


def assign(matter_id: int, owner_id: int | None) -> MoneyMatter:
    """Name who takes care of it; None: nobody yet. Raises NotFound."""
    matter = locked(matter_id)
    matter.owner_id = owner_id
    db.session.flush()
    return matter


def open_count(shop_id: int) -> int:
    """How many matters wait for a person."""
    live = (MoneyMatter.shop_id == shop_id, MoneyMatter.resolved_at.is_(None))
    return int(db.session.scalar(select(func.count(MoneyMatter.id)).where(*live)) or 0)


def refund_late(matter_id: int) -> None:
    """Give money that came too late back to the buyer; the matter is settled with it.

    Raises RuleViolation("matter_resolved"), NotFound for another kind of matter.
    """
    matter = locked(matter_id)
    if matter.kind is not MatterKind.LATE_SUCCESS or matter.payment_id is None:
        raise NotFound("not_found")
    if matter.resolved_at:
        raise RuleViolation("matter_resolved")
    payment = db.session.get_one(Payment, matter.payment_id)
    refunds.give_back_uncounted(payment, subject="late_payment", reason=payment.number)
    close(matter, "refunded", "")


def get(matter_id: int) -> MoneyMatter:
    """One matter of a shop in scope. Raises NotFound."""
    matter = db.session.get(MoneyMatter, matter_id)
    if matter is None:
        raise NotFound("not_found")
    return matter


def open_of(*, payment_id: int | None = None, refund_id: int | None = None) -> list[MoneyMatter]:
    """What is open about a payment or a refund."""
    about = MoneyMatter.refund_id == refund_id if refund_id else MoneyMatter.payment_id == payment_id
    return list(db.session.scalars(select(MoneyMatter).where(about, MoneyMatter.resolved_at.is_(None))))


def locked(matter_id: int) -> MoneyMatter:
    """The matter as it is now, locked until the transaction ends. Raises NotFound."""
    query = select(MoneyMatter).where(MoneyMatter.id == matter_id).with_for_update()
    matter = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if matter is None:
        raise NotFound("not_found")
    return matter
