"""`/price-windows`: the list by the clock, one window with its lines, editing, ending, cancelling, bringing back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.catalog import (
    change_words,
    price_window_form,
    price_window_limits,
    price_window_lines,
    price_window_list,
    price_window_words,
    price_windows,
)
from app.catalog.bulk_form import FormFaults
from app.catalog.price_window_models import PriceWindow
from app.console import access, timeline
from app.console.access import needs
from app.console.base import ListPage, expose
from app.console.lists import Action, Empty, ListSpec
from app.kit import clock, context, history, people
from app.kit.db import transaction
from app.kit.merge import StaleEdit
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop

NEW = Action(_l("New price window"), "plus", "PriceWindowDraftView.new", Noun.PRICE_WINDOWS, Verb.WRITE, primary=True)


class PriceWindowView(ListPage):
    """`/price-windows`."""

    noun = Noun.PRICE_WINDOWS
    route_base = "/price-windows"
    title = _l("Price windows")
    subtitle = _l("Prices for a time, laid over the base prices; they begin and end by the clock.")
    actions = (NEW,)
    empty = Empty(
        "calendar-dollar",
        _l("No price windows yet"),
        _l("A price window holds for a time and then lets the base price show again; nothing is overwritten."),
        NEW,
    )

    def list_spec(self, shop: Shop) -> ListSpec:
        """The list at this moment, in the zone of the shop on screen."""
        return price_window_list.spec(shop)

    @expose("/")
    @needs(Noun.PRICE_WINDOWS, Verb.READ)
    def list(self) -> Any:
        """The list."""
        return self.render_list()

    @expose("/counts")
    @needs(Noun.PRICE_WINDOWS, Verb.READ)
    def counts(self) -> Any:
        """How many windows each tab has."""
        return self.render_counts()

    @expose("/<int:pk>")
    @needs(Noun.PRICE_WINDOWS, Verb.READ)
    def show(self, pk: int) -> str:
        """One window: its time, what it overlaps, its lines by key, its timeline."""
        window = price_windows.get(pk)
        shop = access.shop_of(window)
        after = request.args.get("after", "0")
        lines = price_window_lines.page(window, int(after) if after.isdecimal() and len(after) < 19 else 0)
        return self.page(
            "catalog/price_window.html",
            window=window,
            shop=shop,
            badge=price_window_words.badge(window),
            standing=price_window_words.standing(window),
            over=window.has_ended(clock.now()),
            said=price_window_words.rule_of(window, shop.currency),
            names=people.names({window.requested_by, window.decided_by or ""}),
            own=str(context.actor()) == window.requested_by,
            beyond=change_words.findings(window.findings) if window.findings else [],
            overlaps=price_window_lines.overlaps(window),
            lines=lines[: price_window_lines.PAGE],
            more=lines[price_window_lines.PAGE - 1].sku_id if len(lines) > price_window_lines.PAGE else 0,
            told=lambda found: [price_window_words.segment(one, shop) for one in found],
            when=lambda at: price_window_words.moment_text(at, shop.time_zone),
            less=price_window_words.percent_less,
            history=_timeline(window, shop),
        )

    @expose("/<int:pk>/edit")
    @needs(Noun.PRICE_WINDOWS, Verb.WRITE)
    def edit(self, pk: int) -> str:
        """The form, filled with the window as it is now."""
        window = price_windows.get(pk)
        shop = access.shop_of(window)
        typed = price_window_form.typed(window, shop.time_zone) | {"base": _base(window)}
        return self._form(window, shop, typed, FormFaults({}))

    @expose("/<int:pk>/edit", methods=["POST"])
    @needs(Noun.PRICE_WINDOWS, Verb.WRITE)
    def save(self, pk: int) -> Any:
        """Save name, end, priority and note; what others changed meanwhile stays, the same field twice is a 409."""
        window = price_windows.get(pk)
        shop = access.shop_of(window)
        try:
            base = _read_base(request.form)
            mine = price_window_form.read_change(request.form, shop.time_zone)
            with transaction():
                after = price_windows.change(pk, base, mine).id
        except FormFaults as error:
            return self._form(window, shop, request.form, error), 422
        except StaleEdit as error:
            return self._form(price_windows.get(pk), shop, request.form, FormFaults({}), error), 409
        flash(gettext("Saved."), "success")
        return redirect(url_for("PriceWindowView.show", pk=after))

    @expose("/<int:pk>/end", methods=["POST"])
    @needs(Noun.PRICE_WINDOWS, Verb.WRITE)
    def end(self, pk: int) -> Response:
        """End a running window now."""
        with transaction():
            price_windows.end_now(pk)
        flash(gettext("The price window has ended; the prices beneath hold again."), "success")
        return redirect(url_for("PriceWindowView.show", pk=pk))

    @expose("/<int:pk>/cancel", methods=["POST"])
    @needs(Noun.PRICE_WINDOWS, Verb.WRITE)
    def cancel(self, pk: int) -> Response:
        """Call a window off that has not begun."""
        with transaction():
            price_windows.cancel(pk)
        flash(gettext("The price window was cancelled. You can bring it back here until its end."), "success")
        return redirect(url_for("PriceWindowView.show", pk=pk))

    @expose("/<int:pk>/restore", methods=["POST"])
    @needs(Noun.PRICE_WINDOWS, Verb.WRITE)
    def restore(self, pk: int) -> Response:
        """Bring a cancelled window back."""
        with transaction():
            price_windows.restore(pk)
        flash(gettext("The price window was brought back."), "success")
        return redirect(url_for("PriceWindowView.show", pk=pk))

    @expose("/<int:pk>/approve", methods=["POST"])
    @needs(Noun.PRICE_WINDOWS, Verb.APPROVE)
    def approve(self, pk: int) -> Response:
        """Agree to exactly what the page has shown; prices whose base price has moved are left out."""
        with transaction():
            left_out = price_window_limits.approve(price_windows.get(pk), request.form.get("seal", ""))
        flash(gettext("The price window was approved. It begins and ends by the clock."), "success")
        if left_out:
            words = ngettext(
                "%(num)s price was left out, because its base price has changed since the request.",
                "%(num)s prices were left out, because their base prices have changed since the request.",
                left_out,
            )
            flash(words, "warning")
        return redirect(url_for("PriceWindowView.show", pk=pk))

    @expose("/<int:pk>/reject", methods=["POST"])
    @needs(Noun.PRICE_WINDOWS, Verb.APPROVE)
    def reject(self, pk: int) -> Response:
        """Turn a window down; it never holds."""
        with transaction():
            price_window_limits.reject(price_windows.get(pk))
        flash(gettext("The price window was turned down."), "info")
        return redirect(url_for("PriceWindowView.show", pk=pk))

    def _form(
        self,
        window: PriceWindow,
        shop: Shop,
        typed: Mapping[str, str],
        error: FormFaults,
        stale: StaleEdit | None = None,
    ) -> str:
        zone = shop.time_zone

        def value(name: str, plain: Any) -> str:
            return price_window_words.field_value(
                name, plain.isoformat() if isinstance(plain, datetime) else plain, zone
            )

        return self.page(
            "catalog/price_window_edit.html",
            window=window,
            shop=shop,
            typed=typed,
            faults=error.faults,
            twice=getattr(error, "twice", {}) or price_window_form.twice(typed, zone),
            running=window.has_begun(clock.now()),
            stale=stale,
            clashes=[
                (price_window_words.FIELDS[c.field], *(value(c.field, one) for one in (c.base, c.mine, c.theirs)))
                for c in (stale.clashes if stale else ())
            ],
        )


def _base(window: PriceWindow) -> str:
    """What the form was filled with, so that a later save can tell whose change is whose."""
    values = {name: getattr(window, name) for name in price_windows.EDITABLE}
    return json.dumps(values | {"ends_at": window.ends_at.isoformat() if window.ends_at else None})


def _read_base(form: Mapping[str, str]) -> dict[str, Any]:
    try:
        base = dict(json.loads(form.get("base", "")))
        ends_at = base["ends_at"]
        found = {name: base[name] for name in price_windows.EDITABLE}
        found["ends_at"] = None if ends_at is None else datetime.fromisoformat(ends_at)
    except (ValueError, KeyError, TypeError) as error:
        raise FormFaults({"base": gettext("The form is damaged. Reload the page.")}) from error
    return found


def _timeline(window: PriceWindow, shop: Shop) -> list[dict[str, Any]]:
    entries = history.of("price_window", "price_window", window.id)
    for entry in entries:
        entry.changes = {name: pair for name, pair in entry.changes.items() if name in price_window_words.FIELDS}

    def value(name: str, stored: Any) -> str:
        return price_window_words.field_value(name, stored, shop.time_zone)

    words = timeline.Words(price_window_words.EVENTS, price_window_words.FIELDS, value)
    return timeline.shown(entries, words, shop.time_zone)
