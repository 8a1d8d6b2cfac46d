"""Deliveries as the console shows them: page by page, with what was sent and what came back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from app.kit.db import db
from app.kit.errors import NotFound
from app.kit.journal import JournalEntry
from app.shops.models import Shop
from app.webhooks import payloads
from app.webhooks.models import DeliveryState, WebhookAttempt, WebhookDelivery
from app.webhooks.payloads import Message

PAGE = 25
COUNT_CAP = 10_000


@dataclass(frozen=True)
class Health:
    """The deliveries of an endpoint by state, each counted up to COUNT_CAP."""

    waiting: int
    delivered: int
    given_up: int


def page(endpoint_id: int, state: DeliveryState | None, before: int | None) -> list[WebhookDelivery]:
    """PAGE + 1 deliveries, newest first, older than `before`."""
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if before is not None:
        query = query.where(WebhookDelivery.id < before)
    query = query.order_by(WebhookDelivery.id.desc()).limit(PAGE + 1)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def health(endpoint_id: int) -> Health:
    """How many deliveries stand where; one statement a state, each through its index."""
    return Health(*(_count(endpoint_id, state) for state in DeliveryState))


def _count(endpoint_id: int, state: DeliveryState) -> int:
    mine = (WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == state)
    some = select(WebhookDelivery.id).where(*mine).limit(COUNT_CAP).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def get(delivery_id: int) -> WebhookDelivery:
    """The delivery. Raises NotFound, also for another shop's."""
    query = select(WebhookDelivery).where(WebhookDelivery.id == delivery_id)
    row = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound("not_found")
    return row


def attempts(delivery_id: int) -> list[WebhookAttempt]:
    """Its tries, newest first."""
    query = select(WebhookAttempt).where(WebhookAttempt.delivery_id == delivery_id)
    return list(db.session.scalars(query.order_by(WebhookAttempt.id.desc()).limit(100)))


def message(row: WebhookDelivery, shop: Shop) -> Message | None:
    """What is sent; None when the event is not kept any more."""
    if row.entry_id is None:
        return payloads.of_test(row.id, row.created_at, row.endpoint_id, shop)
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.id == row.entry_id)).first()
    return None if entry is None else payloads.of_entry(entry, shop)
