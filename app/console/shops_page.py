"""Shops in the console: list, open a new one, change name, zone and language."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from babel.numbers import list_currencies
from flask import flash, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import func, select
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, Optional, Regexp
from wtforms.widgets import HiddenInput

from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit import formats
from app.kit.db import db, transaction
from app.kit.errors import DomainError
from app.kit.permissions import Noun, Verb
from app.shops import shops
from app.shops.models import Shop, ShopMember

_REQUIRED = InputRequired(_l("Please fill this in."))
_CODE = Regexp(r"^[a-z0-9][a-z0-9-]{1,39}$", message=_l("2 to 40 small letters, digits or dashes."))
_ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/")))
_ZONE = AnyOf(_ZONES, message=_l("There is no such time zone; write it like Asia/Shanghai."))
_CURRENCIES = sorted(list_currencies())


class ShopForm(FlaskForm):
    """One shop."""

    code = StringField(
        _l("Code"), [_REQUIRED, _CODE], description=_l("Short name in addresses and files; cannot be changed.")
    )
    name = StringField(_l("Shop name"), [_REQUIRED, Length(max=120)])
    currency = SelectField(
        _l("Currency"), [_REQUIRED], description=_l("Cannot be changed, because amounts are kept in it.")
    )
    time_zone = StringField(
        _l("Time zone"), [_REQUIRED, _ZONE], description=_l("Days in lists and reports are days of this zone.")
    )
    country = StringField(_l("Country"), [Optional(), Length(max=60)])
    locale = SelectField(_l("Language"), [_REQUIRED], choices=[("zh", "中文"), ("en", "English")])
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])

    def offer(self) -> None:
        """Fill the choices."""
        names = Locale.parse(formats.locale_code()).currencies
        self.currency.choices = [(code, f"{code} · {names.get(code, code)}") for code in _CURRENCIES]

    def values(self) -> dict[str, str]:
        """What may be changed later."""
        return {
            "name": self.name.data.strip(),
            "time_zone": self.time_zone.data,
            "country": (self.country.data or "").strip(),
            "locale": self.locale.data,
        }


class ShopView(ConsoleBase):
    """`/shops`, for administrators."""

    noun = Noun.SHOPS
    route_base = "/shops"

    @expose("/")
    @needs(Noun.SHOPS, Verb.ADMIN)
    def list(self) -> str:
        """Every shop, with how many may see it."""
        members = (
            select(func.count(ShopMember.id)).where(ShopMember.shop_id == Shop.id).correlate(Shop).scalar_subquery()
        )
        rows = db.session.execute(select(Shop, members).order_by(Shop.name)).all()
        return self.page("console/shops.html", rows=rows)

    @expose("/add", methods=["GET", "POST"])
    @needs(Noun.SHOPS, Verb.ADMIN)
    def add(self) -> Any:
        """The form for a new shop."""
        form = ShopForm(data=_defaults()) if request.method == "GET" else ShopForm()
        form.offer()
        if form.validate_on_submit() and self._open(form):
            return redirect(url_for("HomeView.index", shop=form.code.data))
        return self.page("console/shop_form.html", form=form, one=None, zones=_ZONES)

    def _open(self, form: ShopForm) -> bool:
        try:
            with transaction():
                shop = shops.open_shop(form.code.data, form.currency.data, form.values())
                flash(gettext("The shop “%(name)s” is open.", name=shop.name), "success")
        except DomainError as error:
            flash(error.message(), "danger")
            return False
        return True

    @expose("/<int:pk>", methods=["GET", "POST"])
    @needs(Noun.SHOPS, Verb.ADMIN)
    def show(self, pk: int) -> Any:
        """Name, zone, country and language."""
        one = shops.get(pk)
        form = ShopForm(obj=one) if request.method == "GET" else ShopForm()
        form.offer()
        del form.code, form.currency
        if form.validate_on_submit() and self._change(pk, form):
            return redirect(url_for("ShopView.list"))
        return self.page("console/shop_form.html", form=form, one=one, zones=_ZONES)

    def _change(self, pk: int, form: ShopForm) -> bool:
        try:
            with transaction():
                shop = shops.change(pk, form.version.data, form.values())
                flash(gettext("%(name)s was saved.", name=shop.name), "success")
        except DomainError as error:
            flash(error.message(), "danger")
            return False
        return True


def _defaults() -> dict[str, str]:
    chinese = formats.locale_code() == "zh"
    zone, currency = ("Asia/Shanghai", "CNY") if chinese else ("Europe/London", "GBP")
    return {"time_zone": zone, "currency": currency, "locale": formats.locale_code()}
