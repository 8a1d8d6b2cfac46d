"""Raw exchanges with channels are forgotten in time, in chunks; what an open matter or difference names is kept."""

from __future__ import annotations

from sqlalchemy import text

from app.kit import clock
from app.kit.db import db

CHUNK = 5_000
"""Rows of each kind in one go of the ticker, so that it never holds many locks nor the log for long."""
_OPEN = """
    exists (select 1 from money_matter m where m.resolved_at is null
            and (m.payment_id = old.payment_id or m.refund_id = old.refund_id{of_matter}))
    or exists (select 1 from bill_difference d where d.resolved_at is null and d.gone_at is null
               and (d.payment_id = old.payment_id or d.refund_id = old.refund_id))"""
_OLD = """
    select old.id from shop
    left join payment_setting setting on setting.shop_id = shop.id
    cross join lateral (
        select old.id from {table} old
        where old.shop_id = shop.id
            and old.{moment} < :now - make_interval(days => coalesce(setting.exchange_days, 180))
            and {is_raw} and not ({is_open})
        order by old.{moment} limit :chunk
    ) old
    limit :chunk"""
_CALLS = _OLD.format(table="channel_exchange", moment="at", is_raw="true", is_open=_OPEN.format(of_matter=""))
_NOTICES = _OLD.format(
    table="callback",
    moment="received_at",
    is_raw="old.body <> ''::bytea and old.next_try_at is null",
    is_open=_OPEN.format(of_matter=" or m.callback_id = old.id"),
)

_DELETE = "delete from channel_exchange where id in ({old}) returning 1"
_EMPTY = "update callback set body = '', headers = '{{}}', query = '' where id in ({old}) returning 1"


def forget() -> int:
    """Delete old calls and empty old notices of every shop, a chunk of each; returns how many. For the ticker.

    The rows of notices stay: the channel's own id of a notice is known for good, so a replay stays a replay.
    """
    values = {"now": clock.now(), "chunk": CHUNK}
    calls = db.session.execute(text(_DELETE.format(old=_CALLS)), values)
    notices = db.session.execute(text(_EMPTY.format(old=_NOTICES)), values)
    return len(calls.all()) + len(notices.all())
