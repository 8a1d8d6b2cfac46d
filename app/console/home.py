"""The home page: today at a glance, each figure leading to its rows; first steps while the shop is empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from flask import current_app, g, redirect, request, session, url_for
from flask_appbuilder import IndexView, expose
from flask_babel import format_date, gettext
from werkzeug.exceptions import HTTPException

from app.console import access, home_figures
from app.console.access import can, needs
from app.console.base import ConsoleBase
from app.console.home_figures import Glance
from app.kit import clock, context, formats
from app.kit.permissions import Noun, Verb
from app.orders import board, comments
from app.orders.models import OrderKind
from app.shops.models import Shop
from app.webhooks import endpoints


@dataclass(frozen=True)
class Card:
    """A figure against the same weekday, with its fortnight; `good` says whether more is better."""

    label: str
    value: str
    then: str
    percent: int | None
    good: bool
    points: str
    told: str
    url: str


@dataclass(frozen=True)
class Task:
    """A number that waits for somebody; tone and icon as in `status_badge`."""

    label: str
    count: int
    url: str
    tone: str
    icon: str


@dataclass(frozen=True)
class Step:
    """A first step in an empty shop."""

    label: str
    text: str
    icon: str
    url: str
    done: bool = False


class HomeView(IndexView):
    """`/`: the figures of today against the same weekday."""

    class_permission_name = Noun.HOME.value
    base_permissions: ClassVar[list[str]] = ["can_read"]

    @expose("/")
    @needs(Noun.HOME, Verb.READ)
    def index(self) -> str:
        if g.shop is None and can(Noun.SHOPS, Verb.ADMIN):
            return self._page(steps=[_first_shop()])
        shop = access.current_shop()
        glance = home_figures.glance(shop)
        return self._page(
            glance=glance,
            weekday=format_date(glance.day, "EEEE") if glance else "",
            cards=_cards(shop, glance) if glance and can(Noun.ORDERS) else [],
            bars=_bars(shop, glance) if glance and can(Noun.ORDERS) else [],
            tasks=_tasks(shop),
            steps=[] if glance else _steps(shop.id),
        )

    def _page(self, **values: Any) -> str:
        empty: dict[str, Any] = {"glance": None, "cards": [], "bars": [], "tasks": [], "steps": []}
        return self.render_template("console/home.html", appbuilder=self.appbuilder, **{**empty, **values})


def _cards(shop: Shop, glance: Glance) -> list[Card]:
    now, then, days = glance.now, glance.week_ago, glance.days

    def amount(minor: int) -> str:
        return formats.money(minor, shop.currency)

    sale, note = OrderKind.SALE, OrderKind.CREDIT_NOTE
    back, back_then = -now.refunds_minor, -then.refunds_minor
    gross = gettext("Sales before discounts")
    made: tuple[tuple[str, int, int, list[int], Callable[[int], str], OrderKind], ...] = (
        (gettext("Orders"), now.orders, then.orders, [d.orders for d in days], formats.number, sale),
        (gross, now.gross_minor, then.gross_minor, [d.gross_minor for d in days], amount, sale),
        (gettext("Credit notes"), now.notes, then.notes, [d.notes for d in days], formats.number, note),
        (gettext("Refunds"), back, back_then, [-d.refunds_minor for d in days], amount, note),
    )
    return [
        Card(
            label,
            show(value),
            show(before),
            home_figures.percent(value, before),
            kind is OrderKind.SALE,
            home_figures.spark(series),
            _told(label, [show(one) for one in series]),
            _url("OrderView.list", f_kind=kind, f_placed=f"{glance.day}..{glance.day}"),
        )
        for label, value, before, series, show, kind in made
    ]


def _told(label: str, values: list[str]) -> str:
    return gettext("%(label)s, the last 14 days: %(values)s", label=label, values=", ".join(values))


def _bars(shop: Shop, glance: Glance) -> list[dict[str, Any]]:
    """A bar a day: its height in per cent of the best, its words and its rows."""
    best = max(day.gross_minor for day in glance.days) or 1
    same = glance.day.weekday()
    return [
        {
            "height": max(1, round(100 * day.gross_minor / best)),
            "label": format_date(day.day, "d"),
            "told": f"{_day_words(day.day)}: {formats.money(day.gross_minor, shop.currency)}",
            "url": _url("OrderView.list", f_kind=OrderKind.SALE, f_placed=f"{day.day}..{day.day}"),
            "same": day.day.weekday() == same,
        }
        for day in glance.days
    ]


def _day_words(day: date) -> str:
    return f"{day.isoformat()} {format_date(day, 'EEE')}"


def _tasks(shop: Shop) -> list[Task]:
    """What waits; nothing is asked of the database that the person may not see."""
    since = clock.day_of(clock.now(), shop.time_zone) - timedelta(days=6)
    counts = home_figures.waiting(_asked(shop, since))
    tasks = _approvals(shop) if can(Noun.CHANGES, Verb.APPROVE) else []
    if "shipments" in counts:
        url = _url("OrderView.list", tab="pending_shipment")
        tasks.append(Task(gettext("Waiting to be shipped"), counts["shipments"], url, "warning", "package"))
        tasks += _order_tasks(shop)
    if "cases" in counts:
        label, url = gettext("After-sale cases that wait for the shop"), _url("CaseView.list")
        tasks.append(Task(label, counts["cases"], url, "warning", "message-report"))
    if counts.get("matters"):
        label, url = gettext("Money that needs a person"), _url("MatterView.list")
        tasks.append(Task(label, counts["matters"], url, "danger", "user-exclamation"))
    if "low" in counts:
        url = _url("ProductView.list", tab="low")
        tasks.append(Task(gettext("Products low in stock"), counts["low"], url, "warning", "alert-triangle"))
    if can(Noun.WEBHOOKS, Verb.WRITE) and (count := endpoints.stopped(shop.id)):
        tasks.append(Task(gettext("Webhooks that stopped"), count, _url("WebhookView.list"), "danger", "webhook-off"))
    if "failed" in counts:
        url = _url("JobView.list", tab="failed", f_wanted=f"{since}..")
        tasks.append(Task(gettext("Failed jobs, last 7 days"), counts["failed"], url, "danger", "alert-circle"))
    return tasks


def _asked(shop: Shop, since: date) -> dict[str, Any]:
    """The rows that are counted for this person, by name."""
    figures: dict[str, tuple[Noun, Any]] = {
        "shipments": (Noun.ORDERS, home_figures.shipments(shop.id)),
        "cases": (Noun.AFTER_SALE, home_figures.cases(shop.id)),
        "matters": (Noun.PAYMENTS, home_figures.matters(shop.id)),
        "low": (Noun.PRODUCTS, home_figures.low_stock(shop.id)),
        "failed": (Noun.JOBS, home_figures.failed_jobs(shop.id, clock.start_of(since, shop.time_zone))),
    }
    return {name: rows for name, (noun, rows) in figures.items() if can(noun)}


def _approvals(shop: Shop) -> list[Task]:
    """What waits for a second person, if anything does."""
    changes, windows = home_figures.waiting_approvals(shop.id, str(context.actor()))
    told = (
        (gettext("Changes that wait for your approval"), changes, _url("ChangeView.list", tab="pending")),
        (gettext("Price windows that wait for your approval"), windows, _url("PriceWindowView.list", tab="pending")),
    )
    return [Task(label, count, url, "warning", "user-check") for label, count, url in told if count]


def _order_tasks(shop: Shop) -> list[Task]:
    """What breaks its promise, and who wants something of me."""
    counts, url = board.counts(shop.id), _url("OrderBoardView.show")
    named = comments.unread_count(shop.id, g.user.id)
    short, short_url = counts.oversold, _url("OrderView.list", tab="pending_shipment", f_stock="oversold")
    oversold = Task(gettext("Orders that wait for oversold goods"), short, short_url, "danger", "alert-octagon")
    return [
        *([oversold] if short else []),
        Task(gettext("Overdue for shipment"), counts.overdue, url, "danger", "alert-circle"),
        Task(gettext("Ship promise breaks within 2 hours"), counts.soon, url, "warning", "alarm"),
        Task(gettext("Comments that name me"), named, _url("OrderActView.mentions"), "info", "message-circle"),
    ]


def _first_shop() -> Step:
    text = gettext("Its name, currency and time zone. Everything else belongs to a shop.")
    return Step(gettext("Open your first shop"), text, "building-store", _url("ShopView.add"))


def _steps(shop_id: int) -> list[Step]:
    """First steps of an empty shop; only those that this person may take."""
    stocked = can(Noun.PRODUCTS) and home_figures.any_product(shop_id)
    steps = []
    if can(Noun.IMPORTS, Verb.IMPORT):
        words = gettext("From an Excel or CSV file; columns are recognised, and a dry run shows what would happen.")
        steps.append(Step(gettext("Import your products"), words, "file-import", _url("ImportView.list"), stocked))
    if can(Noun.PRODUCTS, Verb.WRITE):
        words = gettext("With its variants, price and stock.")
        label = gettext("Or write the first product by hand")
        steps.append(Step(label, words, "package", _url("ProductView.new"), stocked))
    if can(Noun.IMPORTS, Verb.IMPORT):
        words = gettext("Then this page and the reports have something to show.")
        steps.append(Step(gettext("Import the order history"), words, "shopping-cart", _url("ImportView.list")))
    if can(Noun.STAFF, Verb.ADMIN):
        words = gettext("Everybody has a role and sees only their own shops.")
        steps.append(Step(gettext("Invite your colleagues"), words, "user-plus", _url("StaffView.add")))
    return [step for step in steps if step.url]


def _url(endpoint: str, **values: Any) -> str:
    """The address, or nothing while there is no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""


class HomeApi(ConsoleBase):
    """Small settings of the person at the screen: theme and language."""

    noun = Noun.HOME
    route_base = "/me"

    @expose("/theme", methods=["POST"])
    @needs(Noun.HOME, Verb.READ)
    def theme(self) -> Any:
        """Light, dark, or as the system says; kept in the session."""
        chosen = request.form.get("theme", "auto")
        session["theme"] = chosen if chosen in ("light", "dark", "auto") else "auto"
        return "", 204

    @expose("/language", methods=["POST"])
    def language(self) -> Any:
        """Switch the language, signed in or not, and stay on the page."""
        chosen = request.form.get("locale", "zh")
        session["locale"] = chosen if chosen in ("zh", "en") else "zh"
        back = request.form.get("next", "")
        return redirect(back if _is_page(back) else url_for("HomeView.index"))


def _is_page(address: str) -> bool:
    """Whether an address is a page of ours that can be asked for again: a form's answer cannot."""
    try:
        current_app.url_map.bind("").match(urlsplit(address).path, method="GET")
    except (HTTPException, ValueError):
        return False
    return address.startswith("/") and not address.startswith("//")
