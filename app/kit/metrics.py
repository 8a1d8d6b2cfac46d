"""Health and metrics: /livez, /readyz, /metrics in Prometheus' format."""

from __future__ import annotations

import time
from contextlib import suppress

from flask import Blueprint, Flask, Response, abort, current_app, g, jsonify, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.kit import queues
from app.kit.db import db

blueprint = Blueprint("health", __name__)
REQUESTS = Counter("kuaidan_http_requests_total", "Requests answered", ["endpoint", "method", "status"])
SECONDS = Histogram(
    "kuaidan_http_request_seconds",
    "Time to answer",
    ["endpoint"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10),
)


@blueprint.get("/livez")
def livez() -> Response:
    """The process answers."""
    return jsonify(alive=True)


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """PostgreSQL and Redis answer and the tables are there; 503 says which does not."""
    checks = {"database": _database_answers(), "redis": _redis_answers()}
    return jsonify(ready=all(checks.values()), **checks), 200 if all(checks.values()) else 503


def _database_answers() -> bool:
    try:
        with Session(db.engine) as connection:
            connection.execute(text("set local statement_timeout = 500"))
            return connection.execute(text("select version_num from alembic_version")).first() is not None
    except SQLAlchemyError:
        return False


def _redis_answers() -> bool:
    try:
        return bool(queues.redis().ping())
    except RedisError:
        return False


@blueprint.get("/metrics")
def metrics() -> Response:
    """For Prometheus: from loopback, or with the bearer token when one is set."""
    token = current_app.config["KUAIDAN_METRICS_TOKEN"]
    if token:
        if request.headers.get("Authorization") != f"Bearer {token}":
            abort(403)
    elif request.remote_addr not in ("127.0.0.1", "::1"):
        abort(403)
    return Response(generate_latest(_web()) + generate_latest(_jobs()), content_type=CONTENT_TYPE_LATEST)


def _web() -> CollectorRegistry:
    """The counters of all web processes where they share a folder, else of this one."""
    if not current_app.config["PROMETHEUS_MULTIPROC_DIR"]:
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _jobs() -> CollectorRegistry:
    registry = CollectorRegistry()
    rows = Gauge("kuaidan_jobs", "Jobs by state", ["kind", "state"], registry=registry)
    oldest = Gauge("kuaidan_jobs_oldest_seconds", "Age of the oldest waiting job", registry=registry)
    length = Gauge("kuaidan_queue_length", "Job ids waiting in Redis", ["queue"], registry=registry)
    for name in (queues.SHORT, queues.LONG):
        with suppress(RedisError):
            length.labels(name).set(queues.queue(name).count)
    with Session(db.engine) as connection:
        for kind, state, number in connection.execute(text("select kind, state, count(*) from job group by 1, 2")):
            rows.labels(kind, state).set(number)
        waiting = "select extract(epoch from now() - min(created_at)) from job where state = 'queued'"
        oldest.set(connection.execute(text(waiting)).scalar() or 0)
    return registry


def init_app(app: Flask) -> None:
    """Register the three routes and count every answer."""
    app.register_blueprint(blueprint)
    app.after_request(_observe)


def _observe(response: Response) -> Response:
    endpoint = request.endpoint or "none"
    REQUESTS.labels(endpoint, request.method, response.status_code).inc()
    SECONDS.labels(endpoint).observe(time.perf_counter() - g.get("started_at", time.perf_counter()))
    return response
