"""Every route: an explicit permission, closed to strangers and to roles without it, CSRF on every write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import url_for

from app.console.menu import MENU
from app.console.roles import ROLES, Role
from tests import factories as make

PUBLIC = {
    "assets.serve": "third-party and own front-end files, the same for everybody",
    "health.livez": "a process answers",
    "health.readyz": "says whether the database and Redis answer, nothing else",
    "health.metrics": "loopback or bearer token",
    "HomeApi.language": "language before sign-in",
    "api.openapi": "the document of the API, the same for everybody",
    "pay.show": "a buyer's checkout page; the address is signed and expires",
    "pay.start": "as pay.show",
    "pay.back": "as pay.show",
    "pay.state": "as pay.show",
    "pay.decide": "as pay.show, for the simulator's payments only",
    "pay.callback": "payment channels; the address names the account, the signature proves the sender",
    "AuthDBView.login": "sign-in",
    "AuthDBView.logout": "sign-out",
}
"""Endpoints that need no sign-in, and why."""
SIGNED = {"pay.callback", "pay.back"}
"""Writes without a CSRF token: a signature over the whole message proves who sent it."""


def _rules(app: Any) -> Iterator[Any]:
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.endswith(".static") and rule.endpoint != "static" and not _of_the_api(rule):
            yield rule


def _of_the_api(rule: Any) -> bool:
    """They ask for a key instead of a session; tests/architecture/test_api.py walks them."""
    return rule.endpoint.startswith("api.") and rule.endpoint != "api.openapi"


def _needs(app: Any, endpoint: str) -> Any:
    function = app.view_functions[endpoint]
    while function is not None:
        if hasattr(function, "_needs"):
            return function._needs
        if hasattr(function, "_permission_name"):
            return "fab"
        function = getattr(function, "__wrapped__", None) or getattr(function, "__func__", None)
    return None


def _url(rule: Any) -> str:
    return re.sub(r"<(int:)?[^>]+>", "1", rule.rule)


def test_every_route_names_its_permission_or_stands_in_the_public_list(app) -> None:
    silent = {r.endpoint for r in _rules(app) if _needs(app, r.endpoint) is None}

    assert silent - set(PUBLIC) == set()


def test_strangers_are_sent_to_sign_in_everywhere_else(app) -> None:
    client = app.test_client()
    open_to_all = []
    for rule in _rules(app):
        if rule.endpoint in PUBLIC:
            continue
        for method in rule.methods & {"GET", "POST", "PUT", "DELETE"}:
            response = client.open(_url(rule), method=method)
            if response.status_code not in (302, 401, 403) or (
                response.status_code == 302 and "/login" not in response.location
            ):
                open_to_all.append((method, rule.rule, response.status_code))

    assert open_to_all == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_a_role_without_the_permission_is_refused(app, sign_in, role: Role) -> None:
    client = sign_in(make.staff(role, make.shop()))
    let_in = []
    for rule in _rules(app):
        needs = _needs(app, rule.endpoint)
        if not isinstance(needs, tuple):
            continue
        noun, verb = needs
        if verb in ROLES[role].get(noun, ()):
            continue
        for method in rule.methods & {"GET", "POST"}:
            response = client.open(_url(rule), method=method)
            if response.status_code != 403:
                let_in.append((method, rule.rule, response.status_code))

    assert let_in == []


def test_every_write_asks_for_a_csrf_token(app, sign_in, csrf_on) -> None:
    client = sign_in(make.staff(Role.ADMINISTRATOR, make.shop()))
    unguarded = []
    for rule in _rules(app):
        if rule.endpoint in SIGNED:
            continue
        for method in rule.methods & {"POST", "PUT", "PATCH", "DELETE"}:
            response = client.open(_url(rule), method=method)
            if response.status_code != 400:
                unguarded.append((method, rule.rule, response.status_code))

    assert unguarded == []


def test_no_get_changes_anything(app) -> None:
    """FAB's delete and single actions answer GET in a stock app; here no such route is left."""
    left = [r.rule for r in _rules(app) if re.search(r"/(delete|action)/", r.rule) and "GET" in r.methods]

    assert left == []


def test_roles_only_name_permissions_that_exist() -> None:
    assert set(ROLES) == set(Role)
    assert all(verbs for grants in ROLES.values() for verbs in grants.values())


def test_every_menu_entry_leads_to_a_page_that_its_permission_opens(app) -> None:
    for entry in MENU:
        needs = _needs(app, entry.endpoint)
        assert needs is not None, entry.endpoint
        assert needs == "fab" or needs[0] is entry.noun, entry.endpoint


@pytest.mark.parametrize("role", list(Role))
def test_nobody_is_shown_a_menu_entry_that_is_shut_to_them(app, sign_in, role: Role) -> None:
    client = sign_in(make.staff(role, make.shop()))
    for entry in MENU:
        shown = role is Role.ADMINISTRATOR or entry.verb in ROLES[role].get(entry.noun, ())
        with app.test_request_context():
            address = url_for(entry.endpoint)
        assert client.get(address).status_code == (200 if shown else 403), (role, address)
