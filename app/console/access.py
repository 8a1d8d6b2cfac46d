"""What the person at the screen may do and see: permission checks, their shops, the current shop."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import abort, current_app, g, redirect, request, session, url_for
from flask_login import current_user
from sqlalchemy import select

from app.console import roles
from app.console.roles import Role
from app.kit import clock, context
from app.kit.db import db, only_read
from app.kit.permissions import Noun, Verb, permission
from app.kit.shop_wall import ShopOwned
from app.shops.models import Shop, ShopMember


def security_manager() -> Any:
    """FAB's security manager of the running application."""
    return current_app.appbuilder.sm  # type: ignore[attr-defined]  # FAB hangs itself there


def can(noun: Noun | str, verb: Verb | str = Verb.READ) -> bool:
    """Whether the person may do this; answered from the table of roles, by FAB for roles outside it."""
    granted = _granted()
    if granted is not None:
        return (Noun(noun), Verb(verb)) in granted
    return bool(security_manager().has_access(permission(Verb(verb)), Noun(noun).value))


def _granted() -> frozenset[tuple[Noun, Verb]] | None:
    if "kuaidan_granted" not in g:
        user = current_user
        names = (
            frozenset(role.name for role in security_manager().get_user_roles(user)) if user.is_authenticated else None
        )
        g.kuaidan_granted = None if names is None else roles.granted(names)
    return g.kuaidan_granted


def needs(noun: Noun, verb: Verb) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Guard a route of the console: sign-in first, then the permission, then at least one shop.

    The route-walking test reads `_needs` from the wrapped function.
    """

    def guard(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return redirect(url_for("AuthDBView.login", next=request.full_path.rstrip("?")))
            if not can(noun, verb):
                abort(403)
            return view(*args, **kwargs)

        guarded._needs = (noun, verb)  # type: ignore[attr-defined]
        return guarded

    return guard


def is_administrator(user: Any) -> bool:
    """Whether the person holds the role that sees every shop."""
    return any(role.name == Role.ADMINISTRATOR for role in user.roles)


def load_shops(user: Any) -> list[Shop]:
    """The shops that somebody may see, by name; who is signed in has brought theirs along (`signed_in`)."""
    query = select(Shop).order_by(Shop.name)
    if not is_administrator(user):
        query = query.join(ShopMember, ShopMember.shop_id == Shop.id).where(ShopMember.user_id == user.id)
    return list(db.session.scalars(query))


def enter() -> None:
    """Before each request: who acts, which shops, which one is current."""
    request_id = context.new_request_id(request.headers.get("X-Request-ID"))
    g.request_id = request_id
    if _only_reads():
        only_read()
    if request.endpoint in (None, "assets.serve") or not current_user.is_authenticated:
        g.shops, g.shop = [], None
        context.enter_request(context.Actor("anonymous", "-"), (), request_id)
        return
    _renew_session()
    g.shops = list(current_user.shops)
    context.enter_request(context.Actor("staff", str(current_user.id)), [shop.id for shop in g.shops], request_id)
    g.shop = _current_shop(g.shops)


def _renew_session() -> None:
    """Send the cookie again once a minute, or ten times in its life, so that only idle sessions run out.

    Each answer would bring all of the cookie: one that comes late would undo what was chosen meanwhile.
    """
    life_seconds = int(current_app.permanent_session_lifetime.total_seconds())
    span = int(clock.now().timestamp()) // max(1, min(60, life_seconds // 10))
    if session.get("seen") != span:
        session["seen"] = span


def _only_reads() -> bool:
    """Whether the route is one of those that its view calls `reading_routes`."""
    view, _, name = (request.endpoint or "").rpartition(".")
    owner = getattr(current_app.view_functions.get(request.endpoint or ""), "__self__", None)
    return bool(view) and request.method == "GET" and name in getattr(owner, "reading_routes", ())


def _current_shop(shops: list[Shop]) -> Shop | None:
    """The shop of the page that asks, else the one named by `?shop=CODE`, else the last one used, else the first.

    A page sends its shop with all that it asks (console.js), so that two tabs on two shops do not disturb each other.
    """
    by_code = {shop.code: shop for shop in shops}
    asked, of_form = request.args.get("shop"), _shop_of_form()
    code = request.headers.get("X-Shop") or of_form or asked
    if code is not None and code not in by_code:
        abort(404)
    shop = by_code.get(code or session.get("shop") or "") or (shops[0] if shops else None)
    remembered = shop is not None and (of_form or asked) == shop.code
    if remembered and session.get("shop") != code:  # a late answer undoes no switch
        session["shop"] = code
    return shop


def _shop_of_form() -> str | None:
    """The shop of the page that a form was sent from: what follows its answer is of that shop, too."""
    return request.form.get("_shop") if request.method == "POST" else None


def shop_of(row: ShopOwned) -> Shop:
    """The shop of the row on screen becomes the current one, so that switcher, zone and money fit it."""
    shop = next((shop for shop in g.shops if shop.id == row.shop_id), None)
    if shop is None:
        abort(404)
    g.shop, session["shop"] = shop, shop.code
    return shop


def current_shop() -> Shop:
    """The shop on screen; a person without any gets a page that says so."""
    if g.shop is None:
        abort(403, description="no_shop")
    return g.shop
