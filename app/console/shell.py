"""FAB set up as our platform: sign-in, roles and forms behind our own templates."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, current_app, g, has_request_context, request, session
from flask_appbuilder import AppBuilder
from flask_appbuilder import __name__ as fab_package
from flask_babel import get_babel
from flask_login import current_user

from app.console import access, fragments, list_markup, menu, roles
from app.console.home import HomeView
from app.kit import formats, texts
from app.kit.db import db


class ConsoleAppBuilder(AppBuilder):
    """FAB without its Bootstrap 3 files, language links that answer GET, back link and menu interface."""

    def _add_global_static(self) -> None:
        current_app.register_blueprint(Blueprint("appbuilder", fab_package, template_folder="templates"))

    def _add_admin_views(self) -> None:
        self._indexview = self.add_view_no_menu(self.indexview)
        self.sm.register_views()


def init_app(app: Flask) -> AppBuilder:
    """Attach FAB to an app, within its app context."""
    app.config["FAB_ROLES"] = roles.fab_roles()
    app.config["FAB_SECURITY_MANAGER_CLASS"] = "app.console.security.ConsoleSecurityManager"
    app.config["FAB_BASE_TEMPLATE"] = "layout.html"
    app.config["FAB_INDEX_VIEW"] = "app.console.home.HomeView"
    appbuilder = ConsoleAppBuilder(app, db.session)
    app.appbuilder = appbuilder  # type: ignore[attr-defined]
    get_babel(app).locale_selector = choose_locale
    texts.init_app(app)
    app.before_request(lambda: texts.speak(choose_locale()))
    app.before_request(access.enter)
    app.context_processor(_layout_values)
    app.jinja_env.globals.update(
        can=access.can,
        money=formats.money,
        unit_price=formats.unit_price,
        number=formats.number,
        moment=formats.moment,
        ago=formats.ago,
        table_rows=list_markup.table_rows,
        menu_key=menu.key_of,
        filter_words=list_markup.filter_words,
        kept=fragments.kept,
    )
    return appbuilder


def choose_locale() -> str:
    """What the person has chosen, else what their browser asks for, else Chinese."""
    languages = ("zh", "en")
    if not has_request_context():
        return "zh"  # jobs and the command line force theirs
    if session.get("locale") in languages:
        return str(session["locale"])
    return request.accept_languages.best_match(["zh", "zh-CN", "zh-Hans", "zh-TW", "en", "en-GB", "en-US"], "zh")[:2]


def _layout_values() -> dict[str, Any]:
    return {
        "menu_entries": menu.entries if current_user.is_authenticated else list,
        "theme": session.get("theme", "auto"),
        "locale": formats.locale_code(),
        "shops": g.get("shops", []),
        "shop": g.get("shop"),
        "known_endpoints": current_app.view_functions,
    }


__all__ = ["HomeView", "choose_locale", "init_app"]
