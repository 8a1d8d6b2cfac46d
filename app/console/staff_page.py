"""Staff in the console: list, add with a first password, role and shops, new password."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from app.console import staff
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.console.roles import Role
from app.console.staff import Person
from app.kit.db import db, transaction
from app.kit.errors import DomainError
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop

ROLE_WORDS = {
    Role.ADMINISTRATOR: (_l("Administrator"), _l("Everything, in every shop; staff and shops, too.")),
    Role.MANAGER: (_l("Manager"), _l("Products, orders, imports, bulk changes and reports.")),
    Role.MERCHANT: (_l("Merchant staff"), _l("Products, imports and bulk changes; reads orders.")),
    Role.AGENT: (_l("Customer service"), _l("Orders and customers; reads products.")),
    Role.AUDITOR: (_l("Auditor"), _l("Reads everything, changes nothing.")),
}
_REQUIRED = InputRequired(_l("Please fill this in."))
_USERNAME = Regexp(r"^[A-Za-z0-9._-]{3,64}$", message=_l("3 to 64 letters, digits, dots, dashes or underscores."))
_EMAIL = Regexp(r"^[^@\s]+@[^@\s]+$", message=_l("This is not an e-mail address."))


class StaffForm(FlaskForm):
    """One member of staff."""

    username = StringField(
        _l("User name"), [_REQUIRED, _USERNAME], description=_l("For signing in; cannot be changed.")
    )
    name = StringField(_l("Name"), [_REQUIRED, Length(max=64)])
    email = StringField(_l("E-mail (optional)"), [Optional(), Length(max=254), _EMAIL])
    role = SelectField(_l("Role"), [_REQUIRED])
    shops = SelectMultipleField(_l("Shops"), coerce=int)
    active = BooleanField(_l("May sign in"), default=True)

    def offer(self) -> None:
        """Fill the choices."""
        self.role.choices = [(role.value, words[0]) for role, words in ROLE_WORDS.items()]
        self.shops.choices = [(shop.id, shop.name) for shop in db.session.scalars(select(Shop).order_by(Shop.name))]

    def person(self) -> Person:
        """What the form says."""
        chosen = frozenset(self.shops.data or ())
        return Person(self.name.data, self.email.data or "", Role(self.role.data), chosen, bool(self.active.data))


class StaffView(ConsoleBase):
    """`/staff`, for administrators."""

    noun = Noun.STAFF
    route_base = "/staff"

    @expose("/")
    @needs(Noun.STAFF, Verb.ADMIN)
    def list(self) -> str:
        """Everybody, with role and shops."""
        text = request.args.get("q", "").replace("\0", "").strip()[:100]
        people = staff.everybody(text)
        shops = staff.shops_of(user.id for user in people)
        return self.page("console/staff.html", people=people, shops_of=shops, text=text, **_words())

    @expose("/add", methods=["GET", "POST"])
    @needs(Noun.STAFF, Verb.ADMIN)
    def add(self) -> Any:
        """The form; saving shows the first password once."""
        form = StaffForm()
        form.offer()
        if not form.validate_on_submit():
            return self.page("console/staff_form.html", form=form, person=None, **_words())
        try:
            with transaction():
                user, password = staff.add(form.username.data, form.person())
                name, username = user.first_name, user.username
        except DomainError as error:
            flash(error.message(), "danger")
            return self.page("console/staff_form.html", form=form, person=None, **_words())
        return self.page("console/staff_password.html", name=name, username=username, password=password)

    @expose("/<int:pk>", methods=["GET", "POST"])
    @needs(Noun.STAFF, Verb.ADMIN)
    def show(self, pk: int) -> Any:
        """Name, role, shops, may sign in; saving stays here."""
        user = staff.get(pk)
        form = StaffForm(data=_data(user)) if request.method == "GET" else StaffForm()
        form.offer()
        del form.username
        if form.validate_on_submit() and self._save(user.id, form):
            return redirect(url_for("StaffView.list"))
        return self.page("console/staff_form.html", form=form, person=user, **_words())

    def _save(self, pk: int, form: StaffForm) -> bool:
        if pk == g.user.id and not form.active.data:
            flash(gettext("You cannot lock yourself out."), "danger")
            return False
        try:
            with transaction():
                user = staff.edit(pk, form.person())
                flash(gettext("%(name)s was saved.", name=user.first_name), "success")
        except DomainError as error:
            flash(error.message(), "danger")
            return False
        return True

    @expose("/<int:pk>/password", methods=["POST"])
    @needs(Noun.STAFF, Verb.ADMIN)
    def password(self, pk: int) -> str:
        """A new password, shown once."""
        with transaction():
            user, password = staff.reset_password(pk)
            name, username = user.first_name, user.username
        return self.page("console/staff_password.html", name=name, username=username, password=password)


def _words() -> dict[str, Any]:
    return {"role_words": ROLE_WORDS, "role_of": staff.role_of}


def _data(user: Any) -> dict[str, Any]:
    role = staff.role_of(user)
    return {
        "name": user.get_full_name().strip(),
        "email": "" if user.email.endswith("@localhost") else user.email,
        "role": role.value if role else "",
        "shops": [shop.id for shop in staff.shops_of([user.id])[user.id]],
        "active": user.active,
    }
