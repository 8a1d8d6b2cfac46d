"""`/categories`: the category tree, edited by FAB's own forms, because it has hardly any rules."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_appbuilder.actions import action
from flask_appbuilder.models.sqla.filters import FilterEqualFunction
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select

from app.catalog import categories
from app.catalog.models import Category
from app.console import access
from app.console.interface import ConsoleInterface
from app.console.model_view import ShopModelView
from app.kit.db import db
from app.kit.permissions import Noun, Verb


def _shop_id() -> int:
    return access.current_shop().id


def _possible_parents() -> list[Category]:
    of_shop = select(Category).where(Category.shop_id == _shop_id())
    return list(db.session.scalars(of_shop.order_by(Category.position, Category.name)))


class CategoryView(ShopModelView):
    """`/categories`."""

    noun = Noun.CATEGORIES
    route_base = "/categories"
    datamodel = ConsoleInterface(Category, eager=("parent",))
    base_order = ("position", "asc")
    list_columns = ["name", "parent", "position"]
    order_columns = ["name", "position"]
    search_columns = ["name"]
    add_columns = edit_columns = ["name", "parent", "position"]
    add_form_query_rel_fields = edit_form_query_rel_fields = {"parent": [["shop_id", FilterEqualFunction, _shop_id]]}
    label_columns = {"name": _l("Category name"), "parent": _l("Above it"), "position": _l("Position")}
    description_columns = {"position": _l("Lower numbers stand first")}
    list_title = _l("Categories")
    subtitle = _l("What kind of goods a product is, for filters, reports and bulk changes; one may lie below another.")
    add_title = _l("New category")
    edit_title = _l("Category")
    method_permission_name = {**ShopModelView.method_permission_name, "remove": Verb.WRITE.value}

    def pre_add(self, item: Category) -> None:
        """A new category belongs to the shop on screen."""
        super().pre_add(item)
        categories.check(item)

    def pre_update(self, item: Category) -> None:
        """No category may stand below itself."""
        categories.check(item)

    @action("remove", _l("Delete"), _l("The ticked categories will be deleted for good."), "fa-trash", single=False)
    def remove(self, items: list[Category]) -> Any:
        """Delete the ticked categories, all or none."""
        self.datamodel.delete_all(items)
        flash(ngettext("%(num)s category deleted.", "%(num)s categories deleted.", len(items)), "success")
        return redirect(url_for(f"{self.endpoint}.list"))
