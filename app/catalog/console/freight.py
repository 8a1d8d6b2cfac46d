"""`/freight-templates`: what postage a shop asks, edited by FAB's own forms."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_appbuilder.actions import action
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import IntegerField, StringField
from wtforms.validators import DataRequired, NumberRange

from app.catalog import amounts, product_form
from app.catalog.models import FreightTemplate
from app.console import access
from app.console.interface import ConsoleInterface
from app.console.model_view import ShopModelView
from app.kit import formats
from app.kit.permissions import Noun, Verb

MOST_UNITS = 1_000_000


class MoneyField(StringField):
    """An amount of the shop's currency as people type it; its data are minor units, or None when blank."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed. Raises ValueError, saying what is wrong."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if typed:
            self.data = amounts.not_negative(amounts.money(typed, access.current_shop().currency))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return product_form.text_of("price_minor", self.data, access.current_shop().currency)


class NeededMoneyField(MoneyField):
    """A blank one is nothing to pay."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed. Raises ValueError, saying what is wrong."""
        super().process_formdata(valuelist)
        self.data = self.data or 0


def _shown(minor: int | None) -> str:
    return "–" if minor is None else formats.money(minor, access.current_shop().currency)


_UNITS = [DataRequired(_l("Write 1 or more.")), NumberRange(1, MOST_UNITS, _l("Write 1 or more."))]
_FIELDS = {
    "first_units": IntegerField(_l("First pieces"), _UNITS, default=1),
    "first_fee_minor": NeededMoneyField(_l("Fee for the first pieces"), description=_l("Blank is free")),
    "further_units": IntegerField(_l("Each further pieces"), _UNITS, default=1),
    "further_fee_minor": NeededMoneyField(_l("Fee for each further step"), description=_l("Blank is free")),
    "free_above_minor": MoneyField(_l("Free from"), description=_l("Goods worth so much are sent for nothing")),
}


class FreightTemplateView(ShopModelView):
    """`/freight-templates`."""

    noun = Noun.FREIGHT
    route_base = "/freight-templates"
    datamodel = ConsoleInterface(FreightTemplate)
    base_order = ("name", "asc")
    list_columns = ["name", *_FIELDS]
    order_columns = ["name"]
    search_columns = ["name"]
    add_columns = edit_columns = ["name", *_FIELDS]
    add_form_extra_fields = edit_form_extra_fields = _FIELDS
    formatters_columns = dict.fromkeys(("first_fee_minor", "further_fee_minor", "free_above_minor"), _shown)
    label_columns = {
        "name": _l("Template name"),
        "first_units": _l("First pieces"),
        "first_fee_minor": _l("Fee for the first pieces"),
        "further_units": _l("Each further pieces"),
        "further_fee_minor": _l("Fee for each further step"),
        "free_above_minor": _l("Free from"),
    }
    list_title = _l("Freight templates")
    subtitle = _l("What buyers pay for shipping, by the number of pieces; a product names its template.")
    add_title = _l("New freight template")
    edit_title = _l("Freight template")
    method_permission_name = {**ShopModelView.method_permission_name, "remove": Verb.WRITE.value}

    def pre_add(self, item: FreightTemplate) -> None:
        """A new template belongs to the shop on screen."""
        super().pre_add(item)
        item.name = item.name.strip()

    def pre_update(self, item: FreightTemplate) -> None:
        """Names are found again in workbooks, so no blanks stand around them."""
        item.name = item.name.strip()

    @action("remove", _l("Delete"), _l("The ticked templates will be deleted for good."), "fa-trash", single=False)
    def remove(self, items: list[FreightTemplate]) -> Any:
        """Delete the ticked templates, all or none."""
        self.datamodel.delete_all(items)
        flash(ngettext("%(num)s template deleted.", "%(num)s templates deleted.", len(items)), "success")
        return redirect(url_for(f"{self.endpoint}.list"))
