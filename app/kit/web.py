"""What every response carries: request id, security headers, one log line; and errors in two forms."""

from __future__ import annotations

import logging
import secrets
import time
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash, g, jsonify, redirect, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.kit import context
from app.kit.errors import DomainError

log = logging.getLogger("app.request")


def csp_nonce() -> str:
    """The nonce of this response's scripts; FAB's templates call it by this name."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def init_app(app: Flask) -> None:
    """Hook into an app."""
    app.before_request(_start)
    app.after_request(_finish)
    app.teardown_request(lambda error: context.leave_request())
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)
    app.jinja_env.globals.update(csp_nonce=csp_nonce)


def _start() -> None:
    g.started_at = time.perf_counter()


def _finish(response: Response) -> Response:
    nonce = csp_nonce()
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    response.headers["X-Request-ID"] = g.get("request_id", "-")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if not request.path.startswith("/assets/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def wants_json() -> bool:
    """Whether the caller is a program."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.path.startswith("/api/")


def problem(status: int, code: str, message: str, facts: dict[str, Any], **more: Any) -> Response:
    """An error for programs: a problem document (RFC 9457) with our code, its sentence and its facts."""
    phrase = HTTPStatus(status).phrase
    standard = {"type": f"urn:kuaidan:problem:{code}", "title": phrase, "status": status, "detail": message}
    response = jsonify({**standard, "code": code, "message": message, "facts": facts, **more})
    response.status_code, response.mimetype = status, "application/problem+json"
    return response


def _refused(error: DomainError) -> Any:
    """JSON for programs; for people the message where they were, or an error page."""
    if wants_json():
        return problem(error.status, error.code, error.message(), error.facts)
    if request.method == "POST" and (back := request.headers.get("Referer", "")).startswith(request.host_url):
        flash(error.message(), "danger")
        return redirect(back)
    return _page(error.status, error.message())


def _csrf(error: CSRFError) -> Any:
    message = gettext("This form has expired. Go back, reload the page and send it again; nothing was changed.")
    if wants_json():
        return problem(400, "csrf", message, {})
    return _page(400, message)


def _http_error(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    message = {
        403: gettext("Your role does not allow this. Ask an administrator if you need it."),
        404: gettext("There is no such page, or you may not see it."),
        405: gettext("This address does not take that kind of request."),
        413: gettext("The file is too large. Split it, or ask an administrator to raise the limit."),
        429: gettext("Too many attempts. Wait a minute and try again."),
    }.get(status, error.description or error.name)
    if error.description == "no_shop":
        message = gettext("You are not a member of any shop yet. Ask an administrator to add you to one.")
    if wants_json():
        response = problem(status, f"http_{status}", message, {})
        if status == 405:
            response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        return response
    return _page(status, message)


def _fault(error: Exception) -> Any:
    log.error("unhandled fault", exc_info=error)
    message = gettext(
        "Something went wrong on our side and nothing was saved. Try again; if it stays, tell your administrator "
        "the reference %(reference)s.",
        reference=g.get("request_id", "-"),
    )
    if wants_json():
        return problem(500, "fault", message, {})
    return _page(500, message)


def _page(status: int, message: str) -> tuple[str, int]:
    return render_template("error.html", status=status, message=message), status
