"""The rq queues; Redis carries job ids only, as JSON, so nothing in it can run code."""

from __future__ import annotations

import logging

from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

SHORT = "short"
LONG = "long"
OUTGOING = "outgoing"
"""Calls to programs elsewhere: apart from the others, which must not wait for strangers."""
PERFORM = "app.worker.perform"
log = logging.getLogger(__name__)


def redis() -> Redis:
    """The Redis connection pool of this app."""
    return current_app.extensions["kuaidan_redis"]


def connect(url: str) -> Redis:
    """A client whose calls fail after two seconds instead of hanging a page."""
    return Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)


def queue(name: str) -> Queue:
    """One of the queues."""
    return Queue(name, connection=redis(), serializer=JSONSerializer)


def push(job_id: int, attempt: int, name: str) -> bool:
    """Wake a worker for this attempt of a job; False when Redis is away (the sweep sends it later)."""
    try:
        queue(name).enqueue(
            PERFORM,
            job_id,
            job_id=f"job-{job_id}-{attempt}",
            unique=True,
            result_ttl=0,
            failure_ttl=60,
            job_timeout=7200,
        )
    except DuplicateJobError:
        return True
    except RedisError:
        log.warning("redis is away; the sweep will send the job", extra={"job_id": job_id})
        return False
    return True


def wake(function: str, name: str, label: str, seconds: int) -> bool:
    """Have a worker call a function that looks for its work itself; at most one message of a label waits or runs.

    A killed worker leaves its label behind, so callers change it from time to time. False when Redis is away.
    """
    try:
        queue(name).enqueue(
            function, job_id=label, unique=True, result_ttl=0, failure_ttl=1, ttl=seconds, job_timeout=seconds
        )
    except DuplicateJobError:
        return True
    except RedisError:
        log.warning("redis is away; the next tick tries again", extra={"label": label})
        return False
    return True


def connect_blocking(url: str) -> Redis:
    """A client for a worker, whose waiting for work has no time limit."""
    return Redis.from_url(url, socket_connect_timeout=5, socket_keepalive=True)
