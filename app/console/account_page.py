"""One's own account: name and password."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, url_for
from flask_babel import gettext

from app.console import staff
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.console.staff_page import ROLE_WORDS
from app.kit.db import transaction
from app.kit.errors import RuleViolation
from app.kit.permissions import Noun, Verb


class AccountView(ConsoleBase):
    """`/account`, for everybody who is signed in."""

    noun = Noun.HOME
    route_base = "/account"

    @expose("/")
    @needs(Noun.HOME, Verb.READ)
    def show(self) -> str:
        """Who I am, and the two forms."""
        role = staff.role_of(g.user)
        return self.page(
            "console/account.html", role=ROLE_WORDS[role] if role else None, shortest=staff.SHORTEST_PASSWORD
        )

    @expose("/name", methods=["POST"])
    @needs(Noun.HOME, Verb.READ)
    def name(self) -> Any:
        """Change one's own name."""
        with transaction():
            staff.rename(g.user.id, request.form.get("name", ""))
        flash(gettext("Your name was saved."), "success")
        return redirect(url_for("AccountView.show"))

    @expose("/password", methods=["POST"])
    @needs(Noun.HOME, Verb.READ)
    def password(self) -> Any:
        """Change one's own password; asks for the present one. Raises RuleViolation."""
        new = request.form.get("new", "")
        if new != request.form.get("again", ""):
            raise RuleViolation("password_differs")
        with transaction():
            staff.change_own_password(g.user.id, request.form.get("old", ""), new)
        flash(gettext("Your password was changed."), "success")
        return redirect(url_for("AccountView.show"))
