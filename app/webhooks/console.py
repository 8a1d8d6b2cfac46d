"""Webhooks in the console: endpoints, their deliveries, what was sent and what came back; sending again."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from app.console import access, cells, timeline
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.console.timeline import Words
from app.kit import clock, history
from app.kit.db import transaction
from app.kit.errors import DomainError, RuleViolation
from app.kit.permissions import Noun, Verb
from app.webhooks import endpoints, reading, replaying, words
from app.webhooks.endpoints import NAME_LENGTH, Wish
from app.webhooks.kinds import groups, public
from app.webhooks.models import DeliveryState, WebhookEndpoint
from app.webhooks.replaying import Span

_REQUIRED = InputRequired(_l("Please fill this in."))


class EndpointForm(FlaskForm):
    """A new or a known endpoint."""

    name = StringField(
        _l("Endpoint name"),
        [_REQUIRED, Length(max=NAME_LENGTH)],
        description=_l("Who listens, such as “ERP” or “Chat robot”."),
    )
    url = StringField(
        _l("Address"),
        [_REQUIRED, Length(max=2000)],
        description=_l("Begins with https://. Every event is sent there as a signed POST."),
        render_kw={"inputmode": "url", "autocomplete": "off"},
    )
    events = SelectMultipleField(_l("Events"), [InputRequired(_l("Choose at least one event."))])
    version = HiddenField()

    def wish(self) -> Wish:
        """What the form says."""
        return Wish(self.name.data or "", (self.url.data or "").strip(), frozenset(self.events.data or ()))


class WebhookView(ConsoleBase):
    """`/webhooks`, for the current shop."""

    noun = Noun.WEBHOOKS
    route_base = "/webhooks"

    @expose("/")
    @needs(Noun.WEBHOOKS, Verb.READ)
    def list(self) -> str:
        """The endpoints of the shop."""
        rows = endpoints.of_shop(access.current_shop().id)
        return self.page("webhooks/list.html", rows=rows, state=words.state, public=public, when=cells.when)

    @expose("/add", methods=["GET", "POST"])
    @needs(Noun.WEBHOOKS, Verb.WRITE)
    def add(self) -> Any:
        """The form; saving shows the secret once."""
        form = _form()
        if not form.validate_on_submit():
            return self._form_page(form)
        try:
            endpoints.check_address(form.wish().url)
            with transaction():
                row, secret = endpoints.make(access.current_shop().id, form.wish())
                pk, name = row.id, row.name
        except DomainError as error:
            return self._form_page(form, error.message())
        return self.page("webhooks/secret.html", pk=pk, name=name, secret=secret, until=None)

    @expose("/<int:pk>")
    @needs(Noun.WEBHOOKS, Verb.READ)
    def show(self, pk: int) -> str:
        """One endpoint: how it fares, its deliveries, its history."""
        row = endpoints.get(pk)
        shop = access.shop_of(row)
        chosen = request.args.get("state", "")
        state = DeliveryState(chosen) if chosen in set(DeliveryState) else None
        rows = reading.page(pk, state, _whole(request.args.get("before")))
        part = request.headers.get("HX-Request") == "true"
        today = clock.day_of(clock.now(), shop.time_zone)
        return self.page(
            "webhooks/_deliveries.html" if part else "webhooks/show.html",
            endpoint=row,
            shop=shop,
            state=words.state(row),
            health=reading.health(pk),
            cap=reading.COUNT_CAP,
            chosen=state,
            rows=rows[: reading.PAGE],
            older=rows[reading.PAGE - 1].id if len(rows) > reading.PAGE else None,
            public=public,
            words=words,
            when=cells.when,
            entries=[] if part else _history(row, shop.time_zone),
            days=(today - timedelta(days=1), today),
        )

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    @needs(Noun.WEBHOOKS, Verb.WRITE)
    def edit(self, pk: int) -> Any:
        """Name, address and events."""
        row = endpoints.get(pk)
        access.shop_of(row)
        form = _form(row)
        if not form.validate_on_submit():
            return self._form_page(form, endpoint=row)
        try:
            endpoints.check_address(form.wish().url)
            with transaction():
                endpoints.change(pk, int(form.version.data or 0), form.wish())
        except DomainError as error:
            return self._form_page(form, error.message(), endpoints.get(pk))
        flash(gettext("Saved."), "success")
        return redirect(url_for("WebhookView.show", pk=pk))

    @expose("/<int:pk>/rotate", methods=["POST"])
    @needs(Noun.WEBHOOKS, Verb.WRITE)
    def rotate(self, pk: int) -> Any:
        """A new secret; both sign for a day."""
        with transaction():
            secret = endpoints.rotate(pk)
        row = endpoints.get(pk)
        access.shop_of(row)
        return self.page("webhooks/secret.html", pk=pk, name=row.name, secret=secret, until=row.old_secret_until)

    @expose("/<int:pk>/switch", methods=["POST"])
    @needs(Noun.WEBHOOKS, Verb.WRITE)
    def switch(self, pk: int) -> Any:
        """Pause it, or switch it on again."""
        with transaction():
            on = request.form.get("to") == "on"
            row = endpoints.resume(pk) if on else endpoints.pause(pk)
            told = gettext("%(name)s is switched on.") if on else gettext("%(name)s is paused; nothing is sent to it.")
            flash(told % {"name": row.name}, "success")
        return redirect(url_for("WebhookView.show", pk=pk))

    @expose("/<int:pk>/test", methods=["POST"])
    @needs(Noun.WEBHOOKS, Verb.WRITE)
    def test(self, pk: int) -> Any:
        """Send a test event, and look at what comes back."""
        with transaction():
            delivery_id = replaying.test(pk).id
        return redirect(url_for("WebhookView.delivery", pk=delivery_id))

    @expose("/<int:pk>/replay", methods=["POST"])
    @needs(Noun.WEBHOOKS, Verb.WRITE)
    def replay(self, pk: int) -> Any:
        """Send the events of a span of days again."""
        shop = access.shop_of(endpoints.get(pk))
        with transaction():
            count = replaying.span(pk, _span(shop.time_zone))
        told = ngettext("%(num)s event is sent again.", "%(num)s events are sent again.", count)
        flash(told if count else gettext("Nothing happened in this time that is not on its way."), "success")
        return redirect(url_for("WebhookView.show", pk=pk))

    @expose("/<int:pk>/remove", methods=["POST"])
    @needs(Noun.WEBHOOKS, Verb.WRITE)
    def remove(self, pk: int) -> Any:
        """Delete it with all its deliveries."""
        with transaction():
            name = endpoints.remove(pk)
        flash(gettext("%(name)s was deleted.", name=name), "success")
        return redirect(url_for("WebhookView.list"))

    @expose("/deliveries/<int:pk>")
    @needs(Noun.WEBHOOKS, Verb.READ)
    def delivery(self, pk: int) -> str:
        """One delivery: what was sent and what came back, try by try."""
        row = reading.get(pk)
        shop = access.shop_of(row)
        message = reading.message(row, shop)
        part = request.headers.get("HX-Request") == "true"
        return self.page(
            "webhooks/_attempts.html" if part else "webhooks/delivery.html",
            row=row,
            endpoint=endpoints.get(row.endpoint_id),
            attempts=reading.attempts(pk),
            message=message,
            pretty=json.dumps(json.loads(message.body), ensure_ascii=False, indent=2) if message else "",
            public=public,
            words=words,
            zone=shop.time_zone,
        )

    @expose("/deliveries/<int:pk>/replay", methods=["POST"])
    @needs(Noun.WEBHOOKS, Verb.WRITE)
    def replay_one(self, pk: int) -> Any:
        """Send it again."""
        with transaction():
            replaying.one(pk)
        flash(gettext("It is sent again, under the same id."), "success")
        return redirect(url_for("WebhookView.delivery", pk=pk))

    def _form_page(self, form: EndpointForm, refused: str = "", endpoint: WebhookEndpoint | None = None) -> Any:
        status = 422 if refused or form.errors else 200
        return self.page(
            "webhooks/form.html", form=form, groups=groups(), refused=refused, endpoint=endpoint, shop=g.shop
        ), status


def _form(row: WebhookEndpoint | None = None) -> EndpointForm:
    known = {"name": row.name, "url": row.url, "events": row.events, "version": str(row.version)} if row else {}
    form = EndpointForm(data=known) if request.method == "GET" else EndpointForm()
    form.events.choices = [(event, kind.name) for _, kinds in groups() for event, kind in kinds]
    return form


def _span(zone: str) -> Span:
    """The days of the form, in the shop's zone. Raises RuleViolation("webhook_span_bad")."""
    try:
        first, last = (date.fromisoformat(request.form.get(name, "")) for name in ("first", "last"))
        begins, ends = clock.bounds(first, last, zone)
    except (ValueError, OverflowError) as error:
        raise RuleViolation("webhook_span_bad", days=replaying.LONGEST.days) from error
    return Span(begins, ends, request.form.get("which") == "failed")


def _history(row: WebhookEndpoint, zone: str) -> list[dict[str, Any]]:
    entries = history.of("webhook", "webhook_endpoint", row.id)
    return timeline.shown(entries, Words(words.EVENTS, {}, lambda field, stored: str(stored)), zone)


def _whole(given: str | None) -> int | None:
    return int(given) if given and given.isdecimal() and len(given) < 19 else None


VIEWS = (WebhookView,)
