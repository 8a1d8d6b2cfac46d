"""The public address of this installation: KUAIDAN_PUBLIC_URL, or where the present request came in."""

from __future__ import annotations

from flask import current_app, has_request_context, request


def address(path: str) -> str:
    """The whole address of a path, for people and machines outside."""
    base = current_app.config.get("KUAIDAN_PUBLIC_URL") or ""
    if not base:
        base = request.host_url if has_request_context() else "http://localhost"
    return base.rstrip("/") + path


def public(path: str) -> str:
    """The same whoever asks, request or worker: below KUAIDAN_PUBLIC_URL, or the bare path where that is not set."""
    return str(current_app.config.get("KUAIDAN_PUBLIC_URL") or "").rstrip("/") + path
