"""API keys in the console: list, make one (its token is shown once), revoke; and the page that documents the API."""

from __future__ import annotations

import inspect
import json
from datetime import date, timedelta
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.api import callers, docs
from app.api_keys import keys
from app.api_keys.models import ApiKey
from app.api_keys.scopes import SCOPES, Scope
from app.console import access, cells, timeline
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.console.timeline import Words
from app.kit import clock, history, people
from app.kit.db import transaction
from app.kit.errors import DomainError
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop
from app.webhooks import kinds, verify_sample
from app.webhooks.contract import EXAMPLE

_REQUIRED = InputRequired(_l("Please fill this in."))
_SCOPE_REQUIRED = InputRequired(_l("Choose at least one scope; a key without any can do nothing."))
_DAYS = 365
_EVENTS = {
    "ApiKeyMade": lambda entry: ("key", "success", gettext("Made")),
    "ApiKeyRevoked": lambda entry: ("ban", "danger", gettext("Revoked")),
    "PersonalDataRead": lambda entry: ("eye", "warning", _read_words(entry.facts)),
}
_FIELDS = {"revoked_at": _l("Revoked"), "expires_at": _l("Expires"), "scopes": _l("Scopes"), "name": _l("Key name")}


class KeyForm(FlaskForm):
    """A new key."""

    name = StringField(
        _l("Key name"), [_REQUIRED, Length(max=80)], description=_l("What uses it, such as “ERP stock sync”.")
    )
    scopes = SelectMultipleField(_l("Scopes"), [_SCOPE_REQUIRED])
    expires = DateField(
        _l("Works until the end of"), [Optional()], description=_l("A day of the shop's zone; empty means no end.")
    )

    def wish(self, shop: Shop) -> keys.Wish:
        """What the form says."""
        last: date | None = self.expires.data
        end = None if last is None else clock.start_of(last + timedelta(days=1), shop.time_zone)
        return keys.Wish(self.name.data or "", frozenset(Scope(one) for one in self.scopes.data or ()), end)


class ApiKeyView(ConsoleBase):
    """`/api-keys`, for the current shop."""

    noun = Noun.API_KEYS
    route_base = "/api-keys"

    @expose("/")
    @needs(Noun.API_KEYS, Verb.READ)
    def list(self) -> str:
        """The keys of the shop, those that work first."""
        rows = keys.of_shop(access.current_shop().id)
        owners = people.names(f"staff:{key.owner_id}" for key in rows)
        return self.page("api_keys/list.html", rows=rows, owners=owners, state=_state, when=cells.when)

    @expose("/add", methods=["GET", "POST"])
    @needs(Noun.API_KEYS, Verb.WRITE)
    def add(self) -> Any:
        """The form; saving shows the token once."""
        shop = access.current_shop()
        day = clock.day_of(clock.now(), shop.time_zone) + timedelta(days=_DAYS)
        form = KeyForm(data={"expires": day}) if request.method == "GET" else KeyForm()
        mine = callers.grantable(g.user)
        form.scopes.choices = [(scope.value, meaning.label) for scope, meaning in SCOPES.items() if scope in mine]
        if not form.validate_on_submit():
            return self.page(
                "api_keys/form.html", form=form, meanings=SCOPES, today=clock.day_of(clock.now(), shop.time_zone)
            )
        try:
            with transaction():
                key, token = keys.make(shop.id, g.user.id, form.wish(shop), mine)
                name, scopes = key.name, key.scopes
        except DomainError as error:
            flash(error.message(), "danger")
            return self.page("api_keys/form.html", form=form, meanings=SCOPES, today=day)
        return self.page(
            "api_keys/made.html", name=name, token=token, example=docs.first_call(scopes, request.host_url)
        )

    @expose("/<int:pk>")
    @needs(Noun.API_KEYS, Verb.READ)
    def show(self, pk: int) -> str:
        """One key: what it may do, who made it, and its history."""
        key = keys.get(pk)
        shop = access.shop_of(key)
        told = timeline.shown(history.of("api_key", "api_key", pk), Words(_EVENTS, _FIELDS, _value), shop.time_zone)
        owner = people.name_of(f"staff:{key.owner_id}")
        return self.page("api_keys/show.html", key=key, state=_state(key), owner=owner, entries=told, meanings=SCOPES)

    @expose("/<int:pk>/revoke", methods=["POST"])
    @needs(Noun.API_KEYS, Verb.WRITE)
    def revoke(self, pk: int) -> Any:
        """End a key for good."""
        with transaction():
            key = keys.revoke(pk)
            flash(gettext("The key “%(name)s” works no more.", name=key.name), "success")
        return redirect(url_for("ApiKeyView.list"))


class ApiDocsView(ConsoleBase):
    """`/api/docs`: the OpenAPI document as a page."""

    noun = Noun.API_KEYS
    route_base = "/api/docs"

    @expose("/")
    @needs(Noun.API_KEYS, Verb.READ)
    def show(self) -> str:
        """Every route with its fields, its answers and an example."""
        return self.page(
            "api_keys/docs.html",
            routes=docs.pages(request.host_url),
            introduction=docs.introduction(),
            webhook_groups=kinds.groups(),
            webhook_facts=kinds.facts,
            webhook_example=json.dumps(EXAMPLE, indent=2),
            webhook_sample=inspect.getsource(verify_sample.read_webhook),
        )


def _state(key: ApiKey) -> tuple[str, str, Any]:
    """Tone, icon and word."""
    if key.is_revoked:
        return "secondary", "ban", gettext("Revoked")
    if key.is_expired:
        return "warning", "clock-off", gettext("Expired")
    return "success", "circle-check", gettext("Works")


def _read_words(facts: dict[str, Any]) -> str:
    ids = ", ".join(f"#{one}" for one in facts["ids"][:10])
    more = " …" if len(facts["ids"]) > 10 else ""
    told = ngettext("Buyers' data of %(num)s order read", "Buyers' data of %(num)s orders read", len(facts["ids"]))
    return f"{told}: {ids}{more}"


def _value(field: str, stored: Any) -> str:
    if isinstance(stored, list):
        return ", ".join(stored)
    return "–" if stored is None else str(stored)[:19].replace("T", " ")


VIEWS = (ApiKeyView, ApiDocsView)
