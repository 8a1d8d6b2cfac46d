"""Logs: one JSON object a line, with the request id and actor; personal data never gets in."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy import Engine, event

from app.kit import context

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
log = logging.getLogger("app.request")
sql_log = logging.getLogger("app.sql")
SLOW_SECONDS = 0.5


class JsonFormatter(logging.Formatter):
    """A record as one JSON line; `extra=` fields are kept beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": context.request_id(),
            "actor": str(context.actor()),
        }
        line.update({k: v for k, v in vars(record).items() if k not in _STANDARD})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str) -> None:
    """Send all logging to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("flask_appbuilder", "werkzeug", "alembic", "rq"):
        logging.getLogger(noisy).setLevel("WARNING")


def init_app(app: Flask) -> None:
    """One line a request, after it has been answered."""
    configure(app.config["KUAIDAN_LOG_LEVEL"])
    app.after_request(_access_line)


def watch_sql(engine: Engine) -> None:
    """Log statements slower than SLOW_SECONDS, with the request id; the text only, never the values."""
    event.listen(engine, "before_cursor_execute", _note_start)
    event.listen(engine, "after_cursor_execute", _log_if_slow)


def _note_start(*call: Any) -> None:
    call[4]._kuaidan_started = time.perf_counter()  # call[4]: the statement's execution context


def _log_if_slow(*call: Any) -> None:
    taken = time.perf_counter() - call[4]._kuaidan_started
    if taken >= SLOW_SECONDS:
        sql_log.warning("slow statement", extra={"seconds": round(taken, 3), "sql": " ".join(call[2].split())[:500]})


def _access_line(response: Response) -> Response:
    if request.endpoint not in ("assets.serve", "health.livez"):
        taken_ms = round((time.perf_counter() - g.get("started_at", time.perf_counter())) * 1000, 1)
        log.info(
            "request",
            extra={
                "method": request.method,
                "path": request.path,
                "endpoint": request.endpoint,
                "status": response.status_code,
                "milliseconds": taken_ms,
            },
        )
    return response
