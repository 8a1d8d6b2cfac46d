"""`/warehouses`: places where stock lies, edited by FAB's own forms, because they have hardly any rules."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.console.interface import ConsoleInterface
from app.console.model_view import ShopModelView
from app.kit.permissions import Noun, Verb
from app.stock import warehouses
from app.stock.models import Warehouse


class WarehouseView(ShopModelView):
    """`/warehouses`."""

    noun = Noun.STOCK
    route_base = "/warehouses"
    datamodel = ConsoleInterface(Warehouse)
    base_order = ("code", "asc")
    list_columns = ["code", "name", "is_default"]
    order_columns = ["code", "name"]
    search_columns = ["name"]
    add_columns = edit_columns = ["code", "name", "is_default"]
    label_columns = {"code": _l("Code"), "name": _l("Warehouse name"), "is_default": _l("Default")}
    description_columns = {"is_default": _l("New stock and edits of the total go to the default warehouse")}
    formatters_columns = {"is_default": lambda chosen: gettext("Yes") if chosen else "–"}
    list_title = _l("Warehouses")
    subtitle = _l("The places where stock lies; each counts its units by itself.")
    add_title = _l("New warehouse")
    edit_title = _l("Warehouse")
    method_permission_name = {**ShopModelView.method_permission_name, "list": Verb.WRITE.value}

    def pre_add(self, item: Warehouse) -> None:
        """A new warehouse belongs to the shop on screen."""
        super().pre_add(item)
        warehouses.settle_default(item)

    def pre_update(self, item: Warehouse) -> None:
        """There is always exactly one default."""
        warehouses.settle_default(item)

    def pre_delete(self, item: Warehouse) -> None:
        """The default one stays."""
        warehouses.check_delete(item)
