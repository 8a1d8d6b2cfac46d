"""The outbox: which deliveries are due, taken for sending, and what became of each try.

What is promised: every event that is recorded while an endpoint is switched on is sent until it is accepted or given
up, at least once; and of one subject, such as an order, an event is not tried before the ones before it are through.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from app.kit import clock, queues
from app.kit.db import db
from app.kit.journal import JournalEntry
from app.shops.models import Shop
from app.webhooks import endpoints, payloads
from app.webhooks.kinds import TEST
from app.webhooks.models import DeliveryState, PauseCause, WebhookDelivery, WebhookEndpoint
from app.webhooks.payloads import Message

DELAYS = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 64_800, 86_400)
"""Seconds from one try to the next, give or take a fifth; together about three days."""
MOST_TRIES = len(DELAYS) + 1
LONGEST_WAIT = 24 * 3600
"""The most of a Retry-After that is believed, in seconds."""
PAUSED_AFTER = timedelta(days=3)
KEPT = timedelta(days=30)
LEASE = timedelta(seconds=40)
"""So long a delivery is its sender's; when that was killed, it is due again after it."""
AT_ONCE = 8
"""Deliveries under way to one endpoint; one while it fails."""
RESPONSE_LENGTH = 1_000
WORKER = "app.worker.deliver_webhooks"
ROUND_SECONDS = 25


@dataclass(frozen=True)
class Parcel:
    """A delivery that is ready to go; `keys` are what it is signed with."""

    delivery_id: int
    endpoint_id: int
    tries: int
    url: str
    message: Message
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What became of a try; `error` is a code when nothing came back."""

    parcel: Parcel
    status: int | None
    error: str
    milliseconds: int
    response: str = ""
    retry_after: str = ""

    @property
    def is_accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def want() -> bool:
    """Wake a worker when something is due; for the ticker."""
    moment = clock.now()
    due = db.session.execute(text(_ANY_DUE), {"now": moment}).first() is not None
    label = f"webhooks-{int(moment.timestamp()) // 30}"
    return due and queues.wake(WORKER, queues.OUTGOING, label, ROUND_SECONDS * 4)


def take(limit: int) -> list[Parcel]:
    """Take due deliveries of all shops, the oldest of each subject, few of each endpoint; they are ours for LEASE.

    Needs a scope over every shop, and a transaction that is committed before anything is sent.
    """
    moment = clock.now()
    values = {"now": moment, "lease": moment + LEASE, "limit": limit, "each": AT_ONCE}
    ids = [row.id for row in db.session.execute(text(_TAKE), values)]
    if not ids:
        return []
    query = (
        select(WebhookDelivery, WebhookEndpoint, JournalEntry, Shop)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .join(Shop, Shop.id == WebhookDelivery.shop_id)
        .outerjoin(JournalEntry, JournalEntry.id == WebhookDelivery.entry_id)
        .where(WebhookDelivery.id.in_(ids))
        .order_by(WebhookDelivery.id)
        .execution_options(populate_existing=True)
    )
    found = [_parcel(*row) for row in db.session.execute(query)]
    return [one for one in found if one is not None]


def _parcel(row: WebhookDelivery, to: WebhookEndpoint, entry: JournalEntry | None, shop: Shop) -> Parcel | None:
    if entry is None and row.event != TEST:
        row.state, row.claimed_until, row.last_error = DeliveryState.GIVEN_UP, None, "webhook_event_gone"
        return None
    message = payloads.of_test(row.id, row.created_at, to.id, shop) if entry is None else payloads.of_entry(entry, shop)
    return Parcel(row.id, to.id, row.tries, to.url, message, tuple(endpoints.secrets(to)))


def note(results: Sequence[Result]) -> None:
    """Write down what became of tries, the good ones together. Needs a scope over every shop and a transaction."""
    rows = _lock([one.parcel.delivery_id for one in results])
    known = [one for one in results if one.parcel.delivery_id in rows]  # an endpoint may have been deleted meanwhile
    db.session.execute(text(_LOG), _columns(known))
    accepted = [one for one in known if one.is_accepted]
    if accepted:
        db.session.execute(text(_ACCEPT), _columns(accepted))
        db.session.execute(text(_WELL), {"ids": [one.parcel.endpoint_id for one in accepted]})
    for one in known:
        row = rows[one.parcel.delivery_id]
        if not one.is_accepted and row.state is DeliveryState.WAITING and row.tries == one.parcel.tries:
            _put_off(row, one)
            db.session.flush()
            _tell_endpoint(one)


def _lock(ids: Sequence[int]) -> dict[int, WebhookDelivery]:
    query = select(WebhookDelivery).where(WebhookDelivery.id.in_(ids)).order_by(WebhookDelivery.id).with_for_update()
    return {row.id: row for row in db.session.scalars(query.execution_options(populate_existing=True))}


def _columns(results: Sequence[Result]) -> dict[str, Any]:
    return {
        "ids": [one.parcel.delivery_id for one in results],
        "statuses": [one.status for one in results],
        "errors": [one.error for one in results],
        "milliseconds": [one.milliseconds for one in results],
        "responses": [one.response for one in results],
        "now": clock.now(),
    }


def _put_off(row: WebhookDelivery, one: Result) -> None:
    row.claimed_until, row.last_status, row.last_error = None, one.status, one.error
    if row.tries >= MOST_TRIES:
        row.state = DeliveryState.GIVEN_UP
    else:
        row.next_at = clock.now() + timedelta(seconds=delay_seconds(row.tries, one.retry_after))


def delay_seconds(tries: int, retry_after: str = "") -> int:
    """How long to wait after so many tries, a fifth more or less; longer when the receiver says so in seconds."""
    usual = DELAYS[min(tries, len(DELAYS)) - 1]
    jittered = usual * (800 + secrets.randbelow(401)) // 1000
    asked = int(retry_after) if retry_after.isdecimal() and len(retry_after) < 7 else 0
    return max(jittered, min(asked, LONGEST_WAIT))


def _tell_endpoint(one: Result) -> None:
    """A bad try lets the endpoint rest and, after three days without a good one, stop."""
    values: dict[str, Any] = {"id": one.parcel.endpoint_id, "now": clock.now()}
    failing_since: datetime | None = db.session.execute(text(_FAILED), values).scalar()
    if one.status == 410:  # the receiver says: never again
        endpoints.pause(one.parcel.endpoint_id, PauseCause.GONE)
    elif failing_since is not None and clock.now() - failing_since >= PAUSED_AFTER:
        endpoints.pause(one.parcel.endpoint_id, PauseCause.FAILING)


def prune() -> int:
    """Forget deliveries that ended more than 30 days ago, with their attempts; for the ticker. Gives how many."""
    rows = db.session.execute(text(_PRUNE), {"before": clock.now() - KEPT})
    return len(rows.all())


_READY = "e.state = 'enabled' and (e.not_before is null or e.not_before <= :now)"
_DUE = "d.state = 'waiting' and d.next_at <= :now and (d.claimed_until is null or d.claimed_until <= :now)"
_ANY_DUE = f"""
select 1 from webhook_endpoint e where {_READY}
    and exists (select 1 from webhook_delivery d where d.endpoint_id = e.id and {_DUE}) limit 1"""  # noqa: S608 - own words
_TAKE = f"""
with free as (
    select e.id, case when e.failures > 0 then 1 else :each end - (
        select count(*) from webhook_delivery d
        where d.endpoint_id = e.id and d.state = 'waiting' and d.claimed_until > :now
    ) as room
    from webhook_endpoint e where {_READY}
), due as (
    select one.id from free e cross join lateral (
        select d.id, d.next_at from webhook_delivery d
        where d.endpoint_id = e.id and {_DUE} and not exists (
            select 1 from webhook_delivery f
            where f.endpoint_id = d.endpoint_id and f.subject_type = d.subject_type and f.subject_id = d.subject_id
                and f.state = 'waiting' and f.id < d.id
        )
        order by d.next_at, d.id limit greatest(e.room, 0)
    ) one order by one.next_at, one.id limit :limit
)
update webhook_delivery d set claimed_until = :lease, tries = d.tries + 1
from due where d.id = due.id and {_DUE}
returning d.id"""  # noqa: S608 - own words
_LOG = """
insert into webhook_attempt (shop_id, delivery_id, at, status, error, milliseconds, response)
select d.shop_id, d.id, :now, r.status, r.error, r.milliseconds, r.response
from unnest(cast(:ids as bigint[]), cast(:statuses as int[]), cast(:errors as text[]), cast(:milliseconds as int[]),
    cast(:responses as text[])) as r(id, status, error, milliseconds, response)
join webhook_delivery d on d.id = r.id order by d.id"""
_ACCEPT = """
update webhook_delivery d set state = 'delivered', delivered_at = :now, claimed_until = null, last_status = r.status,
    last_error = ''
from unnest(cast(:ids as bigint[]), cast(:statuses as int[])) as r(id, status)
where d.id = r.id and d.state = 'waiting'"""
_WELL = """
update webhook_endpoint set failures = 0, failing_since = null, not_before = null
where id = any(cast(:ids as bigint[])) and failures > 0"""
_FAILED = """
update webhook_endpoint set failures = failures + 1, failing_since = coalesce(failing_since, :now),
    not_before = :now + least(300, 5 * power(2, least(failures, 10))) * interval '1 second'
where id = :id returning failing_since"""
_PRUNE = """
delete from webhook_delivery where id in (
    select id from webhook_delivery where state <> 'waiting' and created_at < :before limit 5000
) returning id"""
