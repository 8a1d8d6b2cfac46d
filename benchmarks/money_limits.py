"""PostgreSQL's own limit for money: bare clients that only write the rows of a settlement or a refund, one at a time.

Each is one statement that commits: the same rows in the same tables, with the same indexes, keys and history, and
nothing read, checked or decided. What an application does takes at least that long, unless it commits many together.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

ORDERS = "select p.id, p.order_id, p.shop_id, p.account_id, r.id from payment p join orders o on o.id = p.order_id " \
    "left join refund r on r.payment_id = p.id where o.number like %s order by o.id"  # fmt: skip
_JOURNAL = """insert into journal_entry (at, event, subject_type, subject_id, actor, request_id, facts, shop_id)
    select now(), event, 'order', %(order)s, 'system:bare', '-',
        jsonb_build_object('order_id', %(order)s::bigint, 'amount_minor', 1000, 'cause', 'channel'), %(shop)s
    from unnest(%(events)s::text[]) event"""
SETTLE = f"""with heard as (insert into callback (shop_id, account_id, notice_id, state, number, method, headers, body,
        received_at, done_at) values (%(shop)s, %(account)s, 'bare:' || %(payment)s, 'done', '-', 'POST', '{{}}',
        %(body)s, now(), now())),
    paid as (update payment set state = 'succeeded', counted = true, paid_at = now(), version = version + 1,
        updated_at = now() where id = %(payment)s),
    moved as (update orders set paid_minor = 1000, payment_state = 'paid', status = 'pending_shipment',
        paid_at = now(), due_at = now(), version = version + 1, updated_at = now() where id = %(order)s)
    {_JOURNAL}"""
GIVE_BACK = f"""with sent as (insert into channel_exchange (shop_id, account_id, payment_id, refund_id, operation,
        outcome, request, response, at) values (%(shop)s, %(account)s, %(payment)s, %(refund)s, 'refund', 'succeeded',
        %(body)s, %(body)s, now())),
    done as (update refund set state = 'succeeded', done_at = now(), next_try_at = null, version = version + 1,
        updated_at = now() where id = %(refund)s),
    back as (update payment set state = 'refunded', refunded_minor = 1000, version = version + 1, updated_at = now()
        where id = %(payment)s),
    moved as (update orders set refunded_minor = 1000, payment_state = 'refunded', order_state = 'closed',
        status = 'closed', close_cause = 'refunded', closed_at = now(), version = version + 1, updated_at = now()
        where id = %(order)s)
    {_JOURNAL}"""
MAKE_REFUNDS = """insert into refund (shop_id, number, order_id, payment_id, channel, state, amount_minor, currency,
        subject, key, asked_by, next_try_at, version, created_at, updated_at)
    select p.shop_id, 'R' || p.number, p.order_id, p.id, 'simulator', 'submitting', 1000, 'CNY', 'benchmark:1', 'k',
        'system:bare', now() + interval '1 day', 1, now(), now()
    from payment p join orders o on o.id = p.order_id where o.number like :like"""
_BODY = "x" * 300
_SETTLED, _GIVEN_BACK = ["OrderMoved", "PaymentSucceeded"], ["OrderMoved", "OrderMoved", "RefundSucceeded"]


def settlements_a_second(url: str, like: str, clients: int) -> float:
    """Settlements a second by so many bare clients, of orders whose number is like `like`."""
    return _rate(url, like, clients, SETTLE, {"events": _SETTLED, "body": _BODY.encode()})


def refunds_a_second(url: str, like: str) -> float:
    """Refunds a second by one bare client."""
    return _rate(url, like, 1, GIVE_BACK, {"events": _GIVEN_BACK, "body": _BODY})


def _rate(url: str, like: str, clients: int, statement: str, facts: dict[str, Any]) -> float:
    address = url.replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        rows = connection.execute(ORDERS, (like,)).fetchall()
    names = ("payment", "order", "shop", "account", "refund")
    shares = [[dict(zip(names, row, strict=True)) | facts for row in rows[at::clients]] for at in range(clients)]

    def work(share: list[dict[str, Any]]) -> None:
        with psycopg.connect(address, autocommit=True) as own:
            for values in share:
                own.execute(statement, values, prepare=True)

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, shares))
    return len(rows) / (time.perf_counter() - began)
