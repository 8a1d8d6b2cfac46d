"""Sending again: one delivery, all events of a span, or a test that says nothing but that it arrives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text, update

from app.kit import clock, journal
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.program_events import WebhookReplayed
from app.webhooks import endpoints
from app.webhooks.kinds import TEST
from app.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint

LONGEST = timedelta(days=31)
MOST = 100_000


@dataclass(frozen=True)
class Span:
    """From a moment until before another; `failed_only` leaves out what was accepted."""

    begins: datetime
    ends: datetime
    failed_only: bool = False


def one(delivery_id: int) -> WebhookDelivery:
    """Want a delivery again, under the same id as before; its tries begin anew.

    Raises NotFound, RuleViolation("webhook_paused").
    """
    query = select(WebhookDelivery).where(WebhookDelivery.id == delivery_id).with_for_update()
    row = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound("not_found")
    _switched_on(endpoints.get(row.endpoint_id))
    row.state, row.tries, row.next_at, row.claimed_until = DeliveryState.WAITING, 0, clock.now(), None
    journal.record(WebhookReplayed(row.shop_id, row.endpoint_id, 1))
    db.session.flush()
    return row


def span(endpoint_id: int, wanted: Span) -> int:
    """Want all events of a span again that the endpoint listens to, also those of a pause; gives how many.

    Raises RuleViolation("webhook_span_bad", "webhook_span_large", "webhook_paused"), NotFound.
    """
    row = _switched_on(endpoints.locked(endpoint_id))
    if not timedelta() < wanted.ends - wanted.begins <= LONGEST:
        raise RuleViolation("webhook_span_bad", days=LONGEST.days)
    values = {
        "endpoint_id": row.id,
        "shop_id": row.shop_id,
        "events": list(row.events),
        "begins": wanted.begins,
        "ends": wanted.ends,
        "failed_only": wanted.failed_only,
        "now": clock.now(),
        "most": MOST + 1,
    }
    count = len(db.session.execute(text(_AGAIN), values).all())
    if count > MOST:
        raise RuleViolation("webhook_span_large", limit=MOST)
    if count:
        journal.record(WebhookReplayed(row.shop_id, row.id, count))
        db.session.flush()
    return count


def test(endpoint_id: int) -> WebhookDelivery:
    """Send a test event. Raises NotFound, RuleViolation("webhook_paused")."""
    row = _switched_on(endpoints.get(endpoint_id))
    moment = clock.now()
    delivery = WebhookDelivery(
        shop_id=row.shop_id,
        endpoint_id=row.id,
        event=TEST,
        subject_type="webhook",
        subject_id=row.id,
        state=DeliveryState.WAITING,
        created_at=moment,
        next_at=moment,
    )
    db.session.add(delivery)
    db.session.flush()
    # a person waits for the answer, whatever was the matter before
    at_once = update(WebhookEndpoint).where(WebhookEndpoint.id == row.id).values(not_before=None)
    db.session.execute(at_once, execution_options={"synchronize_session": False})
    return delivery


def _switched_on(row: WebhookEndpoint) -> WebhookEndpoint:
    if not row.is_enabled:
        raise RuleViolation("webhook_paused")
    return row


_AGAIN = """
insert into webhook_delivery (shop_id, endpoint_id, entry_id, event, subject_type, subject_id, state,
    created_at, next_at)
select j.shop_id, :endpoint_id, j.id, j.event, j.subject_type, j.subject_id, 'waiting', :now, :now
from journal_entry j
where j.shop_id = :shop_id and j.at >= :begins and j.at < :ends and j.event = any(cast(:events as text[]))
order by j.id limit :most
on conflict (endpoint_id, entry_id) do update
    set state = 'waiting', tries = 0, next_at = :now, claimed_until = null
    where webhook_delivery.state <> 'waiting'
        and (not cast(:failed_only as boolean) or webhook_delivery.state = 'given_up')
returning id"""
