"""FAB's security manager with our sign-in rules: one permission look-up a request, a fresh session at sign-in."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, g, has_request_context, session
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_login import LoginManager

from app.console import signed_in
from app.console.sign_in import AuthDBView


class ConsoleSecurityManager(SecurityManager):
    """Answers from a per-request cache, because FAB asks once for each menu entry, button and action."""

    authdbview = AuthDBView

    def create_login_manager(self, app: Flask) -> LoginManager:
        """A session is bound to the browser and address that opened it."""
        manager = super().create_login_manager(app)
        manager.session_protection = "strong"
        return manager

    def register_views(self) -> None:
        """Sign-in alone; staff, shops and one's own account have pages of ours.

        FAB's user, role and group views answer GET for deletions and fetch rows of actions without
        any filter; its security API signs in without our session rules.
        """
        self.auth_view = self.authdbview()
        self.appbuilder.add_view_no_menu(self.auth_view)
        if self.is_auth_limited:
            self.limiter.limit(self.auth_rate_limit, methods=["POST"])(self.auth_view.blueprint)

    def load_user(self, pk: int) -> Any:
        """Who is signed in, for Flask-Login; each request begins with it. None for somebody locked out meanwhile."""
        return signed_in.find(int(pk))

    def _has_view_access(self, user: Any, permission_name: str, view_name: str) -> bool:
        if not has_request_context():
            return bool(super()._has_view_access(user, permission_name, view_name))
        cache: dict[tuple[int, str, str], bool] = g.setdefault("kuaidan_access", {})
        key = (getattr(user, "id", 0) or 0, permission_name, view_name)
        if key not in cache:
            cache[key] = bool(super()._has_view_access(user, permission_name, view_name))
        return cache[key]

    def on_user_login(self, user: Any) -> None:
        """Start a fresh session that keeps only the language, against session fixation."""
        kept = {key: session[key] for key in ("locale", "theme") if key in session}
        session.clear()
        session.update(kept)
        session.permanent = False  # ends with the browser; Flask-Login guards only such sessions strongly

    @property
    def auth_rate_limit(self) -> str:
        """Sign-in attempts allowed per address."""
        return current_app.config["KUAIDAN_SIGN_IN_LIMIT"]
