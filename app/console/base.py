"""Bases of the console's FAB views: `ConsoleView` lists, shows, and edits through rules; read-only by default."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import g, jsonify, render_template, request
from flask_appbuilder import BaseView, expose

from app.console import access, lists, saved_views
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop


class ConsoleBase(BaseView):
    """A page of the console. Routes are guarded by `access.needs`; FAB only registers them."""

    noun: ClassVar[Noun]
    route_base: str
    base_permissions: ClassVar[list[str]] = []

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "noun" in cls.__dict__:
            cls.class_permission_name = cls.noun.value
            cls.base_permissions = [f"can_{verb.value}" for verb in Verb]

    def page(self, template: str, **values: Any) -> str:
        """Render a console template; context processors apply."""
        return render_template(
            template,
            view=self,
            appbuilder=self.appbuilder,
            base_template=self.appbuilder.base_template,
            **values,
        )


class ListPage(ConsoleBase):
    """A list on the one list component: `GET /` the page (rows alone for htmx), `GET /counts` its counts."""

    spec: ClassVar[lists.ListSpec]
    title: ClassVar[Any] = ""
    list_page_template: ClassVar[str] = "console/list.html"
    row_endpoint: ClassVar[str] = "show"

    def list_spec(self, shop: Shop) -> lists.ListSpec:
        """The list's shape for one shop; override where it depends on the shop's zone or currency."""
        return self.spec

    def list_actions(self) -> dict[str, Any]:
        """Values for the list template's header, bulk bar and empty state; override."""
        return {}

    def render_list(self) -> str:
        """The list page, or its table alone for an htmx request."""
        shop = access.current_shop()
        spec = self.list_spec(shop)
        asked = lists.ask(spec, request.args)
        partial = request.headers.get("HX-Target") == "list-body"
        return self.page(
            "console/list_body.html" if partial else self.list_page_template,
            spec=spec,
            asked=asked,
            shop=shop,
            result=lists.page(spec, asked, shop.id),
            views=[] if partial else saved_views.visible(spec.name, shop.id, g.user.id),
            **self.list_actions(),
        )

    def render_counts(self) -> Any:
        """The capped counts of the list and its tabs, as JSON; the page asks after it has been drawn."""
        shop = access.current_shop()
        spec = self.list_spec(shop)
        asked = lists.ask(spec, request.args)
        tabs = lists.tab_counts(spec, asked, shop.id) if spec.tabs else {}
        total = tabs[asked.tab] if asked.tab in tabs else lists.count(spec, asked, shop.id)
        return jsonify(total=total, cap=lists.COUNT_CAP, tabs=tabs)


__all__ = ["ConsoleBase", "ListPage", "expose"]
