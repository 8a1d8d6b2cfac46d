"""Sending: a round works off what is due, to many endpoints at the same time, so that a dead one keeps nobody waiting.

Nothing is sent within a transaction: deliveries are taken, the calls are made in threads, the results are written down.
A worker that is killed has written nothing down, and what it had taken is due again after its lease.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import partial

from app.kit import clock, context, outgoing
from app.kit.db import db, transaction
from app.kit.outgoing import Bounds, FetchFailed, Resolve
from app.webhooks import outbox, signing
from app.webhooks.outbox import Parcel, Result

THREADS = 24
TIMEOUT_SECONDS = 10
GATHER_SECONDS = 0.03
_BOUNDS = Bounds(most_bytes=4 * outbox.RESPONSE_LENGTH, seconds=TIMEOUT_SECONDS)


def work_off(seconds: int = outbox.ROUND_SECONDS) -> int:
    """Send until nothing is due, for so many seconds at most; gives how many tries were made."""
    ends, tried = time.monotonic() + seconds, 0
    send_one = partial(send, resolve=outgoing.resolving(outgoing.own_hosts()))
    with ThreadPoolExecutor(THREADS) as threads, context.acting(context.Actor("system", "webhooks")):
        under_way: set[Future[Result]] = set()
        while under_way or time.monotonic() < ends:
            if time.monotonic() < ends:
                taken = _take(THREADS - len(under_way))
                under_way |= {threads.submit(copy_context().run, send_one, parcel) for parcel in taken}
            if not under_way:
                break
            wait(under_way, timeout=1, return_when=FIRST_COMPLETED)
            done, under_way = wait(under_way, timeout=GATHER_SECONDS)  # those that come close behind the first
            _note([one.result() for one in done])
            tried += len(done)
    return tried


def _take(room: int) -> list[Parcel]:
    if room < 1:
        return []
    with context.every_shop("webhooks of all shops"), transaction():
        taken = outbox.take(room)
    db.session.remove()
    return taken


def _note(results: list[Result]) -> None:
    if results:
        with context.every_shop("webhooks of all shops"), transaction():
            outbox.note(results)
        db.session.remove()


def send(parcel: Parcel, resolve: Resolve) -> Result:
    """One try, signed for this moment; never raises. Knows no database."""
    begun = time.monotonic()
    message = parcel.message
    signed = signing.headers(message.id, int(clock.now().timestamp()), message.body, parcel.keys)
    headers = {"Content-Type": "application/json", **signed}
    try:
        answer = outgoing.post(parcel.url, message.body, headers, _BOUNDS, resolve)
    except FetchFailed as failed:
        return Result(parcel, None, f"{failed.code}:{failed.detail}"[:60].rstrip(":"), _since(begun))
    told = answer.body.decode("utf-8", "replace").replace("\0", "")[: outbox.RESPONSE_LENGTH]
    return Result(parcel, answer.status, "", _since(begun), told, answer.retry_after)


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
