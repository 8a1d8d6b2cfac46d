"""Bases of the console's FAB views: pages and lists; a view has no route but those it declares."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Response, current_app, g, jsonify, make_response, render_template, request, send_file, url_for
from flask_appbuilder import BaseView, expose
from werkzeug.routing import BuildError

from app.console import access, list_export, lists, saved_views
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop


class ConsoleBase(BaseView):
    """A page of the console. Routes are guarded by `access.needs`; FAB only registers them."""

    noun: ClassVar[Noun]
    route_base: str
    base_permissions: ClassVar[list[str]] = []
    reading_routes: ClassVar[frozenset[str]] = frozenset()
    """Methods that write nothing when they are asked by GET: their statements run without a transaction."""

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

    def address(self, method: str, **values: Any) -> str:
        """The address of one of this view's routes; empty when it has none of that name."""
        try:
            return url_for(f"{self.endpoint}.{method}", **values)
        except BuildError:
            return ""


class ListPage(ConsoleBase):
    """A list on the one list component.

    A feature sets `spec` (or overrides `list_spec`), `title`, perhaps `bulk`, `actions` and `empty`, and exposes
    `list` → `render_list`, `counts` → `render_counts`, and perhaps `export` → `render_export` (Verb.EXPORT).
    A row leads to the route `row_endpoint` with its `pk`.
    """

    spec: ClassVar[lists.ListSpec]
    title: ClassVar[Any] = ""
    subtitle: ClassVar[Any] = ""
    bulk: ClassVar[tuple[lists.BulkAction, ...]] = ()
    actions: ClassVar[tuple[lists.Action, ...]] = ()
    empty: ClassVar[lists.Empty | None] = None
    list_page_template: ClassVar[str] = "console/list.html"
    reading_routes: ClassVar[frozenset[str]] = frozenset({"list", "counts"})
    row_endpoint: ClassVar[str] = "show"
    live_endpoint: ClassVar[str] = ""
    """Asked by live.js for the rows on screen: `?ids=1,2&cols=…` gives {rows: {id: markup}}, or 304."""

    def list_spec(self, shop: Shop) -> lists.ListSpec:
        """The list's shape for one shop; override where it depends on the shop's zone or currency."""
        return self.spec

    def list_actions(self) -> dict[str, Any]:
        """More values for the list's template; override."""
        return {}

    def render_list(self) -> Response:
        """The list page, or for the page's own reload only the parts that change with the state."""
        shop = access.current_shop()
        spec = self.list_spec(shop)
        asked = lists.ask(spec, request.args)
        partial = request.headers.get("X-List-Part") == "body"
        query = lists.query_of(spec, asked)
        html = self.page(
            "console/list_body.html" if partial else self.list_page_template,
            spec=spec,
            asked=asked,
            shop=shop,
            query=query,
            columns=lists.shown(spec, asked),
            result=lists.page(spec, asked, shop.id),
            link=lambda **changes: "?" + lists.query_of(spec, asked, **changes),
            views=saved_views.visible(spec.name, shop.id, g.user.id),
            row_prefix=self.address(self.row_endpoint, pk=0).removesuffix("0"),
            bulk=self._allowed(self.bulk),
            actions=self._allowed(self.actions),
            **self.list_actions(),
        )
        response = make_response(html)
        response.headers["X-List-State"] = "?" + query
        return response

    def _allowed(self, offered: tuple[Any, ...]) -> list[Any]:
        known = current_app.view_functions
        return [one for one in offered if one.url in known and access.can(one.noun, one.verb)]

    def render_counts(self) -> Response:
        """The capped counts of the list and its tabs, as JSON; the page asks after it has been drawn.

        Of the tabs in `least` there are at least so many.
        """
        shop = access.current_shop()
        spec = self.list_spec(shop)
        asked = lists.ask(spec, request.args)
        counts = lists.counts(spec, asked, shop.id)
        return jsonify(total=counts.total, cap=counts.cap, tabs=counts.tabs, least=counts.least)

    def render_export(self) -> Response:
        """The matching rows as a workbook with the columns on screen. Raises RuleViolation("too_many_rows")."""
        shop = access.current_shop()
        spec = self.list_spec(shop)
        path = list_export.write(spec, lists.ask(spec, request.args), shop)
        response = send_file(path, as_attachment=True, download_name=list_export.file_name(spec, shop))
        response.call_on_close(lambda: path.unlink(missing_ok=True))
        return response


__all__ = ["ConsoleBase", "ListPage", "expose"]
