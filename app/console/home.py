"""The home page: today at a glance."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import redirect, request, session, url_for
from flask_appbuilder import IndexView, expose

from app.console.access import needs
from app.console.base import ConsoleBase
from app.kit.permissions import Noun, Verb


class HomeView(IndexView):
    """`/`: the figures of today against the same weekday."""

    class_permission_name = Noun.HOME.value
    base_permissions: ClassVar[list[str]] = ["can_read"]

    @expose("/")
    @needs(Noun.HOME, Verb.READ)
    def index(self) -> str:
        return self.render_template("console/home.html", appbuilder=self.appbuilder)


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
        return redirect(back if back.startswith("/") and not back.startswith("//") else url_for("HomeView.index"))
