"""Saving, updating and dropping the saved views of any list."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request
from flask_babel import gettext

from app.console import access, saved_views
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.console.models import SavedView
from app.kit.db import transaction
from app.kit.permissions import Noun, Verb


class SavedViewView(ConsoleBase):
    """`/views`: forms of the list page post here and go back to their list."""

    noun = Noun.VIEWS
    route_base = "/views"

    @expose("/", methods=["POST"])
    @needs(Noun.VIEWS, Verb.WRITE)
    def save(self) -> Any:
        """Save the state `query` of the list `list` under `name`; a view of that name is updated."""
        form, shop = request.form, access.current_shop()
        with transaction():
            view = saved_views.save(
                SavedView(
                    shop_id=shop.id,
                    user_id=g.user.id,
                    list_name=form.get("list", "")[:40],
                    name=form.get("name", ""),
                    query=form.get("query", ""),
                    shared=form.get("shared") == "yes",
                )
            )
            address = f"{_list_path()}?{view.query}&view={view.id}".replace("?&", "?")
        flash(gettext("The view was saved."), "success")
        return redirect(address)

    @expose("/<int:pk>/delete", methods=["POST"])
    @needs(Noun.VIEWS, Verb.WRITE)
    def delete(self, pk: int) -> Any:
        """Drop one's own view."""
        with transaction():
            saved_views.remove(pk, g.user.id)
        flash(gettext("The view was deleted."), "success")
        return redirect(_list_path())


def _list_path() -> str:
    """The list that the form came from; a path on this site, else the home page."""
    path = request.form.get("path", "/")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "?" not in path else "/"
