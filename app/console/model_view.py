"""FAB's CRUD view with its holes closed: for tables without rules of their own, such as categories.

What FAB leaves open (proved in tests/console/test_fab_contract.py): actions that reach rows outside the
filters, filters shared between threads, any column to sort by, any page size, deletes by GET, SQL in messages.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from typing import Any, ClassVar

from flask import abort, flash, g, has_request_context, redirect, request, url_for
from flask_appbuilder import ModelView, expose
from flask_appbuilder.models.sqla.filters import FilterEqualFunction
from flask_appbuilder.security.decorators import has_access
from flask_appbuilder.urltools import get_filter_args
from flask_appbuilder.widgets import FormWidget, ListWidget
from flask_babel import gettext

from app.console import access
from app.console.interface import ConsoleInterface
from app.console.lists import PAGE_SIZES
from app.kit import history, people
from app.kit.db import transaction
from app.kit.errors import Conflict, Forbidden
from app.kit.permissions import Noun, Verb

security_log = logging.getLogger("app.security")
MOST_ROWS = 1_000
"""Rows that one action may be about."""


class TableWidget(ListWidget):
    """FAB's list in our markup."""

    template = "console/model_table.html"


class FieldsWidget(FormWidget):
    """FAB's form in our markup."""

    template = "console/model_fields.html"


class ConsoleModelView(ModelView):
    """List, add, edit and delete of one table; `noun` names its permissions, `datamodel` is a ConsoleInterface."""

    noun: ClassVar[Noun]
    datamodel: ConsoleInterface
    list_widget = TableWidget
    add_widget = edit_widget = FieldsWidget
    list_template = "console/model_list.html"
    add_template = edit_template = "console/model_form.html"
    exclude_route_methods = {"show", "download", "action"}
    method_permission_name = {
        "list": Verb.READ.value,
        **dict.fromkeys(("add", "edit", "delete", "action_post"), Verb.WRITE.value),
    }
    subtitle: ClassVar[Any] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "noun" in cls.__dict__:
            cls.class_permission_name = cls.noun.value
            cls.base_permissions = [f"can_{verb.value}" for verb in Verb]

    # Filters: FAB keeps one object a view and changes it with each request

    @property
    def _filters(self) -> Any:
        """This request's own copy of the view's filters."""
        if not has_request_context():
            return self._blank_filters
        copies = g.setdefault("model_view_filters", {})
        if self not in copies:
            mine = copy.copy(self._blank_filters)
            mine.clear_filters()
            copies[self] = mine
        return copies[self]

    @_filters.setter
    def _filters(self, value: Any) -> None:
        self._blank_filters = value

    # List

    @expose("/")
    @has_access
    def list(self) -> Any:
        """The list."""
        return self.render_template(self.list_template, title=self.list_title, widgets=self._list(), view=self)

    def _list(self, **kwargs: Any) -> dict[str, Any]:
        name = type(self).__name__
        get_filter_args(self._filters)
        return self._get_list_widget(
            filters=self._filters,
            order_column=request.args.get(f"_oc_{name}", ""),
            order_direction=request.args.get(f"_od_{name}", ""),
            page=_whole(request.args.get(f"page_{name}")),
            page_size=_whole(request.args.get(f"psize_{name}")),
            **kwargs,
        )

    def _get_list_widget(self, filters: Any, **asked: Any) -> dict[str, Any]:
        """FAB's list, with only the columns to sort by and the page sizes that we offer."""
        if asked.get("order_column") not in self.order_columns or asked.get("order_direction") not in ("asc", "desc"):
            asked["order_column"] = asked["order_direction"] = ""
        if asked.get("page_size") not in PAGE_SIZES:
            asked["page_size"] = self.page_size
        asked["page"] = min(asked.get("page") or 0, 10_000)
        asked["order"] = (asked["order_column"], asked["order_direction"])
        asked["may_write"] = access.can(self.noun, Verb.WRITE)
        return dict(super()._get_list_widget(filters, **asked))

    # Writes: errors reach the person as sentences, and nothing half done is kept

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """An empty form, or a new row."""
        form = self.add_form.refresh()
        if request.method == "POST" and form.validate():
            item = self.datamodel.obj()
            with transaction() as session, session.no_autoflush:
                form.populate_obj(item)
                self.pre_add(item)
                self.datamodel.add(item)
            return self._done(gettext("Added."))
        return self._form_page(self.add_template, self.add_title, self._get_add_widget(form))

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Any:
        """A row's form, or its new values; a stale form is refused."""
        item = self._visible(pk)
        if request.method == "GET":
            form = self.edit_form.refresh(obj=item)
            return self._form_page(self.edit_template, self.edit_title, self._get_edit_widget(form), item)
        form = self.edit_form.refresh(request.form)
        form._id = item.id
        if not form.validate():
            return self._form_page(self.edit_template, self.edit_title, self._get_edit_widget(form), item)
        with transaction() as session, session.no_autoflush:
            self._refuse_stale(item)
            form.populate_obj(item)
            self.pre_update(item)
            self.datamodel.edit(item)
        return self._done(gettext("Saved."))

    @expose("/delete/<pk>", methods=["POST"])
    @has_access
    def delete(self, pk: str) -> Any:
        """Delete one row."""
        item = self._visible(pk)
        with transaction():
            self.pre_delete(item)
            self.datamodel.delete(item)
        return self._done(gettext("Deleted."))

    @expose("/action_post", methods=["POST"])
    @has_access
    def action_post(self) -> Any:
        """An action on the ticked rows, or on none: one row out of sight refuses the whole request."""
        name = request.form.get("action", "")
        if name not in self.actions:
            abort(404)
        if not self.appbuilder.sm.has_access(self.get_action_permission_name(name), self.class_permission_name):
            abort(403)
        with transaction():
            items = self._all_visible(request.form.getlist("rowid"))
            return self.actions[name].func(items)

    def _visible(self, pk: str) -> Any:
        item = self.datamodel.get(_whole(pk), self._base_filters)
        return item if item is not None else abort(404)

    def _all_visible(self, pks: Sequence[str]) -> Sequence[Any]:
        asked = sorted({number for pk in pks[: MOST_ROWS + 1] if (number := _whole(pk)) is not None})
        items = self.datamodel.get_many(asked, self._base_filters)
        if not asked or len(items) != len(asked) or len(asked) > MOST_ROWS:
            unseen = sorted(set(asked) - {item.id for item in items})
            facts = {"table": self.datamodel.obj.__tablename__, "row_ids": unseen[:20], "refused": len(asked)}
            security_log.warning("action named rows out of sight", extra=facts)
            raise Forbidden("other_shop")
        return items

    def _refuse_stale(self, item: Any) -> None:
        """Raise Conflict("stale") when the form was opened on another version."""
        if request.form.get("version") == str(item.version):
            return
        columns = set(self.datamodel.get_columns_list())
        found = history.last_to_change(self.datamodel.obj.__tablename__, item.id, columns)
        who, at = found or ("system:unknown", item.updated_at)
        raise Conflict("stale", who=people.name_of(who), when=f"{at:%Y-%m-%d %H:%M} UTC")

    def _form_page(self, template: str, title: Any, widgets: dict[str, Any], item: Any = None) -> Any:
        faulty = request.method == "POST"
        page = self.render_template(template, title=title, widgets=widgets, item=item, view=self)
        return (page, 422) if faulty else page

    def _done(self, message: str) -> Any:
        flash(message, "success")
        return redirect(url_for(f"{self.endpoint}.list"))


def _shop_id() -> int:
    return access.current_shop().id


class ShopModelView(ConsoleModelView):
    """The same for rows of the shop on screen: others' are not there, and a new row belongs to it."""

    base_filters: ClassVar[list[list[Any]]] = [["shop_id", FilterEqualFunction, _shop_id]]

    def pre_add(self, item: Any) -> None:
        """A new row belongs to the shop on screen."""
        item.shop_id = _shop_id()


def _whole(text: str | None) -> int | None:
    """A row id or page number; None for anything else."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else None
