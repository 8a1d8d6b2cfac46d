"""Sign-in and sign-out: FAB's, with our words, and sign-out by POST so that no link ends a session."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import expose
from flask_appbuilder.security import views
from flask_babel import lazy_gettext as _l


class AuthDBView(views.AuthDBView):
    """`/login/` and `/logout/`; keeps FAB's class name, which is the endpoint's."""

    invalid_login_message = _l("Wrong user name or password.")

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        """End the session."""
        return super().logout()
