"""A shop's accounts with channels in the console: credentials go in and never come out; test, enable, disable."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext

from app.console import access, cells, timeline
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.console.timeline import Words
from app.kit import history
from app.kit.db import transaction
from app.kit.errors import DomainError, RuleViolation
from app.kit.permissions import Noun, Verb
from app.payments import accounts, addresses, health, names, settings
from app.payments.channels import CHANNELS, channel_of
from app.payments.models import ChannelAccount
from app.payments.providers import Channel

_EVENTS = {"ChannelAccountSaved": lambda entry: ("plug", "info", _told(entry.facts))}


class ChannelView(ConsoleBase):
    """`/payment-channels`, for the current shop."""

    noun = Noun.PAYMENT_CHANNELS
    route_base = "/payment-channels"

    @expose("/")
    @needs(Noun.PAYMENT_CHANNELS, Verb.READ)
    def list(self) -> str:
        """The accounts of the shop, in the order in which buyers see them."""
        rows = accounts.of_shop(access.current_shop().id)
        return self.page(
            "payments/channels.html", rows=rows, offered=_offered(), state=_state, name=names.channel, when=cells.when
        )

    @expose("/add/<channel>", methods=["GET", "POST"])
    @needs(Noun.PAYMENT_CHANNELS, Verb.WRITE)
    def add(self, channel: str) -> Any:
        """A new account with a channel."""
        kind, shop = channel_of(channel), access.current_shop()
        if kind not in _offered():
            abort(404)
        if request.method == "GET":
            return self._form(kind)
        try:
            with transaction():
                account_id = accounts.make(shop.id, channel, _wish(kind)).id
        except RuleViolation as error:
            flash(error.message(), "danger")
            return self._form(kind, mine=_wish(kind)), error.status
        return redirect(url_for("ChannelView.show", pk=account_id))

    @expose("/<int:pk>")
    @needs(Noun.PAYMENT_CHANNELS, Verb.READ)
    def show(self, pk: int) -> str:
        """One account: what is set (never what it is), its addresses, its health, its history."""
        account = accounts.get(pk)
        shop = access.shop_of(account)
        told = Words(_EVENTS, {}, lambda field, stored: str(stored))
        entries = timeline.shown(history.of("channel_account", "channel_account", pk), told, shop.time_zone)
        return self.page(
            "payments/channel.html",
            account=account,
            channel=channel_of(account.channel),
            present=_present(account),
            callback=addresses.callback(account),
            state=_state(account),
            zone=shop.time_zone,
            reason=names.reason,
            entries=entries,
        )

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    @needs(Noun.PAYMENT_CHANNELS, Verb.WRITE)
    def edit(self, pk: int) -> Any:
        """Change an account; an empty credential stays as it is."""
        account = accounts.get(pk)
        access.shop_of(account)
        kind = channel_of(account.channel)
        if request.method == "GET":
            return self._form(kind, account)
        try:
            with transaction():
                accounts.save(pk, _wish(kind))
        except RuleViolation as error:
            flash(error.message(), "danger")
            return self._form(kind, account, _wish(kind)), error.status
        flash(gettext("Saved."), "success")
        return redirect(url_for("ChannelView.show", pk=pk))

    @expose("/<int:pk>/switch", methods=["POST"])
    @needs(Noun.PAYMENT_CHANNELS, Verb.WRITE)
    def switch(self, pk: int) -> Any:
        """Turn an account on or off for buyers; what is under way goes on."""
        account = accounts.get(pk)
        wish = accounts.Wish(account.label, not account.enabled, account.is_test)
        with transaction():
            accounts.save(pk, wish)
        return redirect(url_for("ChannelView.show", pk=pk))

    @expose("/<int:pk>/test", methods=["POST"])
    @needs(Noun.PAYMENT_CHANNELS, Verb.WRITE)
    def test(self, pk: int) -> Any:
        """Prove credentials and connection by a call that changes nothing."""
        found = health.test(accounts.get(pk).id, transaction)
        words = gettext("The channel answers and accepts the credentials.")
        if not found.ok:
            words = gettext("The test failed: %(reason)s", reason=names.reason(found.code or "unknown"))
        flash(words, "success" if found.ok else "danger")
        return redirect(url_for("ChannelView.show", pk=pk))

    def _form(self, kind: Channel, account: ChannelAccount | None = None, mine: accounts.Wish | None = None) -> str:
        wish = mine or _as_it_is(kind, account)
        present = _present(account) if account else frozenset()
        return self.page(
            "payments/channel_form.html",
            channel=kind,
            account=account,
            wish=wish,
            present=present,
            may_redirect=_may_redirect(),
        )


class PaymentSettingView(ConsoleBase):
    """`/payment-settings`: how a shop handles money."""

    noun = Noun.PAYMENT_CHANNELS
    route_base = "/payment-settings"

    @expose("/", methods=["GET", "POST"])
    @needs(Noun.PAYMENT_CHANNELS, Verb.WRITE)
    def show(self) -> Any:
        """The form; saving holds for what happens from now on."""
        shop = access.current_shop()
        if request.method == "POST":
            try:
                with transaction():
                    settings.save(shop.id, _rules())
                flash(gettext("Saved."), "success")
                return redirect(url_for("PaymentSettingView.show"))
            except (DomainError, ValueError):
                flash(RuleViolation("payment_setting").message(), "danger")
        return self.page("payments/settings.html", rules=settings.of(shop.id), ranges=settings)


def _offered() -> list[Channel]:
    """Channels that a shop can open an account with."""
    return [channel for channel in CHANNELS.values() if channel.for_buyers]


def _may_redirect() -> bool:
    """Another gateway address gets the credentials: only an administrator may name one."""
    return access.can(Noun.PAYMENT_CHANNELS, Verb.ADMIN)


def _wish(kind: Channel) -> accounts.Wish:
    form = request.form
    return accounts.Wish(
        label=form.get("label", ""),
        enabled="enabled" in form,
        is_test="is_test" in form,
        gateway_url=form.get("gateway_url", "") if _may_redirect() else None,
        credentials={one.key: form.get(f"c_{one.key}", "").replace("\r\n", "\n") for one in kind.fields},
    )


def _as_it_is(kind: Channel, account: ChannelAccount | None) -> accounts.Wish:
    if account is None:
        return accounts.Wish(str(kind.name), enabled=False)
    plain = {one.key for one in kind.fields if not one.secret}
    stored = accounts.credentials_of(account)
    shown = {key: value for key, value in stored.items() if key in plain}
    return accounts.Wish(account.label, account.enabled, account.is_test, account.gateway_url, shown)


def _present(account: ChannelAccount) -> frozenset[str]:
    """Which credentials are set."""
    return frozenset(accounts.credentials_of(account))


def _rules() -> settings.Rules:
    form = request.form
    return settings.Rules(
        refunds_late="refunds_late" in form,
        minutes_to_pay=int(form.get("minutes_to_pay", "")),
        link_days=int(form.get("link_days", "")),
        matter_hours=int(form.get("matter_hours", "")),
        exchange_days=int(form.get("exchange_days", "")),
    )


def _state(account: ChannelAccount) -> tuple[str, str, Any]:
    """Tone, icon and word."""
    if not account.enabled:
        return "secondary", "player-pause", gettext("Off")
    if accounts.is_failing(account):
        return "danger", "plug-x", gettext("Failing")
    return "success", "circle-check", gettext("On")


def _told(facts: dict[str, Any]) -> str:
    state = gettext("on") if facts["enabled"] else gettext("off")
    if facts["credentials"]:
        return gettext("Saved (%(state)s); set anew: %(names)s", state=state, names=", ".join(facts["credentials"]))
    return gettext("Saved (%(state)s)", state=state)
