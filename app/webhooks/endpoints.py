"""Endpoints: made, changed, paused, switched on, given a new secret, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select, text, update

from app.kit import clock, journal, outgoing, sealing
from app.kit.db import db
from app.kit.errors import Conflict, NotFound, RuleViolation
from app.kit.outgoing import FetchFailed
from app.kit.shop_wall import assert_in_scope
from app.program_events import (
    WebhookChanged,
    WebhookMade,
    WebhookPaused,
    WebhookRemoved,
    WebhookResumed,
    WebhookSecretChanged,
)
from app.webhooks import signing
from app.webhooks.kinds import KINDS
from app.webhooks.models import DeliveryState, EndpointState, PauseCause, WebhookDelivery, WebhookEndpoint

MOST = 20
OVERLAP = timedelta(hours=24)
"""How long an old secret signs beside a new one."""
NAME_LENGTH = 80


@dataclass(frozen=True)
class Wish:
    """What a form says; `events` are names of journal events."""

    name: str
    url: str
    events: frozenset[str]


def check_address(url: str) -> None:
    """Refuse an address that nothing may be sent to; asks the name service, so call it outside of a transaction.

    Raises RuleViolation("webhook_url_bad", "webhook_url_private", "webhook_not_https").
    """
    own = outgoing.own_hosts()
    try:
        outgoing.check(url, outgoing.resolving(own))
    except FetchFailed as failed:
        host = (urlsplit(url).hostname or "") if failed.detail == "private" else ""
        raise RuleViolation("webhook_url_private" if host else "webhook_url_bad", host=host) from failed
    parts = urlsplit(url)
    if parts.scheme != "https" and (parts.hostname or "") not in own:
        raise RuleViolation("webhook_not_https")


def make(shop_id: int, wish: Wish) -> tuple[WebhookEndpoint, str]:
    """A new endpoint, switched on, with its secret, which is shown this once. Raises RuleViolation."""
    _check(wish)
    present = select(func.count()).select_from(WebhookEndpoint).where(WebhookEndpoint.shop_id == shop_id)
    if (db.session.scalar(present) or 0) >= MOST:
        raise RuleViolation("webhook_too_many", limit=MOST)
    own_id = db.session.scalar(text("select nextval(pg_get_serial_sequence('webhook_endpoint', 'id'))"))
    row = WebhookEndpoint(id=own_id, shop_id=assert_in_scope(shop_id), **_columns(wish))
    secret = signing.new_secret()
    row.sealed_secret = sealing.seal(secret, _purpose(row))
    db.session.add(row)
    journal.record(WebhookMade(shop_id, row.id, row.events))
    db.session.flush()
    return row, secret


def change(endpoint_id: int, version: int, wish: Wish) -> WebhookEndpoint:
    """Save a form that was made from that version. Raises Conflict("webhook_stale"), RuleViolation, NotFound."""
    _check(wish)
    row = locked(endpoint_id)
    if row.version != version:
        raise Conflict("webhook_stale")
    wanted = _columns(wish)
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, wanted[name])
    if changed:
        journal.record(WebhookChanged(row.shop_id, row.id, sorted(changed)))
        db.session.flush()
    return row


def rotate(endpoint_id: int) -> str:
    """A new secret, shown this once; the old one signs beside it for OVERLAP. Raises NotFound."""
    row = locked(endpoint_id)
    secret, until = signing.new_secret(), clock.now() + OVERLAP
    row.sealed_old_secret, row.old_secret_until = row.sealed_secret, until
    row.sealed_secret = sealing.seal(secret, _purpose(row))
    journal.record(WebhookSecretChanged(row.shop_id, row.id, until.isoformat()))
    db.session.flush()
    return secret


def secrets(row: WebhookEndpoint) -> list[str]:
    """What messages are signed with now: the secret, and for a while the one before it. Raises SealBroken."""
    sealed = [row.sealed_secret]
    if row.sealed_old_secret and row.old_secret_until and row.old_secret_until > clock.now():
        sealed.append(row.sealed_old_secret)
    return [sealing.unseal(one, _purpose(row)) for one in sealed]


def pause(endpoint_id: int, cause: PauseCause = PauseCause.STAFF) -> WebhookEndpoint:
    """Send nothing, and write no new deliveries down; what waits stays. Twice is once. Raises NotFound."""
    row = locked(endpoint_id)
    if row.is_enabled:
        row.state, row.pause_cause, row.paused_at = EndpointState.PAUSED, cause, clock.now()
        journal.record(WebhookPaused(row.shop_id, row.id, cause.value))
        db.session.flush()
    return row


def resume(endpoint_id: int) -> WebhookEndpoint:
    """Send again, at once what waits; events of the pause are sent when somebody asks for their span."""
    row = locked(endpoint_id)
    if not row.is_enabled:
        row.state, row.pause_cause = EndpointState.ENABLED, None
        row.failures, row.failing_since, row.not_before = 0, None, None
        waiting = (WebhookDelivery.endpoint_id == row.id, WebhookDelivery.state == DeliveryState.WAITING)
        again = update(WebhookDelivery).where(*waiting).values(next_at=clock.now(), tries=0)
        db.session.execute(again, execution_options={"synchronize_session": False})
        journal.record(WebhookResumed(row.shop_id, row.id))
        db.session.flush()
    return row


def remove(endpoint_id: int) -> str:
    """Delete an endpoint with its deliveries; gives its name. Raises NotFound."""
    row = locked(endpoint_id)
    name = row.name
    journal.record(WebhookRemoved(row.shop_id, row.id))
    db.session.flush()
    gone = delete(WebhookEndpoint).where(WebhookEndpoint.id == row.id)
    db.session.execute(gone, execution_options={"synchronize_session": False})
    db.session.expunge(row)
    return name


def get(endpoint_id: int) -> WebhookEndpoint:
    """The endpoint. Raises NotFound, also for another shop's."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)
    return _found(db.session.scalars(query.execution_options(populate_existing=True)).first())


def locked(endpoint_id: int) -> WebhookEndpoint:
    """The same, locked until the transaction ends."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    return _found(db.session.scalars(query.execution_options(populate_existing=True)).first())


def of_shop(shop_id: int) -> Sequence[WebhookEndpoint]:
    """The endpoints of a shop in the order of their making."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.shop_id == shop_id).order_by(WebhookEndpoint.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def stopped(shop_id: int) -> int:
    """How many endpoints were paused because they failed: somebody must look."""
    causes = (PauseCause.FAILING, PauseCause.GONE)
    query = select(func.count()).select_from(WebhookEndpoint)
    return (
        db.session.scalar(query.where(WebhookEndpoint.shop_id == shop_id, WebhookEndpoint.pause_cause.in_(causes))) or 0
    )


def _found(row: WebhookEndpoint | None) -> WebhookEndpoint:
    if row is None:
        raise NotFound("not_found")
    return row


def _check(wish: Wish) -> None:
    if not wish.name.strip():
        raise RuleViolation("webhook_name_missing")
    if not wish.events:
        raise RuleViolation("webhook_events_missing")
    if unknown := sorted(wish.events - KINDS.keys()):
        raise RuleViolation("webhook_event_unknown", event=unknown[0])


def _columns(wish: Wish) -> dict[str, object]:
    events = [event for event in KINDS if event in wish.events]
    return {"name": wish.name.strip()[:NAME_LENGTH], "url": wish.url.strip(), "events": events}


def _purpose(row: WebhookEndpoint) -> str:
    return f"webhook:{row.id}"
