"""Serving the REST API: key, limit, scope, body, idempotency, route, answer; and errors as JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from app.api import bodies, callers, docs, limits, writing
from app.api.callers import Caller
from app.api.routes import Call, Route
from app.kit import web
from app.kit.errors import DomainError, TooMany, Unauthorized
from app.kit.idempotency import Answer, Claim

PREFIX = "/api/v1"
REPLAYED = "Idempotent-Replayed"


def init_app(app: Flask, routes: list[Route]) -> None:
    """Put the routes below /api/v1. Raises ValueError when the limit of calls cannot be read."""
    limits.check(app.config["KUAIDAN_API_LIMIT"])
    from app.api.openapi import document

    blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
    for route in routes:
        blueprint.add_url_rule(route.path, route.name, _serving(route), methods=[route.method])
    blueprint.add_url_rule("/openapi.json", "openapi", document)
    blueprint.register_error_handler(DomainError, _refused)
    blueprint.after_request(_limit_headers)
    app.session_interface = _NoSessionInTheApi()
    app.extensions["csrf"].exempt(blueprint)  # no cookie is believed here, so there is nothing to forge
    app.jinja_env.filters["code"] = docs.code
    app.register_blueprint(blueprint)


class _NoSessionInTheApi(SecureCookieSessionInterface):
    """Below /api/v1 a session cookie is neither read nor written."""

    def open_session(self, app: Flask, request: Any) -> Any:
        if request.path.startswith(f"{PREFIX}/"):
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not request.path.startswith(f"{PREFIX}/"):
            super().save_session(app, session, response)


def _serving(route: Route) -> Callable[..., Response]:
    def serve(**path: Any) -> Response:
        caller = _known()
        limit = current_app.config["KUAIDAN_API_LIMIT"]
        g.api_standing = limits.take("key", str(caller.key.id), limit, route.contract.cost)
        callers.require(caller, route.scope)
        query = bodies.read_query(route.contract)
        body = bodies.read_body(route.contract) if route.writes else None
        version = bodies.version_meant() if route.contract.versioned else None
        call = Call(caller.key, caller.shop, query, body, version, partial(callers.require, caller))
        if route.writes:
            return _answer(writing.write(route, _claim(route, caller), call, path))
        reply = route.function(call, **path)
        return _answer(writing.kept(reply), reply.version)

    serve._scope = route.scope  # type: ignore[attr-defined]  # read by the test that walks all routes
    return serve


def _known() -> Caller:
    """The caller; who offers no good key is counted by address."""
    try:
        return callers.authenticate()
    except Unauthorized:
        limits.take("address", request.remote_addr or "-", limits.STRANGERS)
        raise


def _claim(route: Route, caller: Caller) -> Claim:
    return Claim(
        shop_id=caller.shop.id,
        caller=f"key:{caller.key.id}",
        route=f"{route.method} {route.path}",
        key=bodies.idempotency_key(),
        fingerprint=bodies.fingerprint(),
    )


def _answer(answer: Answer, version: int | None = None) -> Response:
    response = Response(answer.body, answer.status, mimetype="application/json")
    if version is not None:
        response.headers["ETag"] = f'"{version}"'
    if answer.replayed:
        response.headers[REPLAYED] = "true"
    return response


def _refused(error: DomainError) -> Response:
    response = web.problem(error.status, error.code, error.message(), error.facts, **getattr(error, "more", {}))
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = 'Bearer realm="Kuaidan"'
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.facts["retry_seconds"])
    return response


def _limit_headers(response: Response) -> Response:
    standing = g.get("api_standing")
    if standing is not None:
        response.headers["RateLimit-Limit"] = str(standing.limit)
        response.headers["RateLimit-Remaining"] = str(standing.remaining)
        response.headers["RateLimit-Reset"] = str(standing.reset_seconds)
    return response
