"""Stock Flask-AppBuilder: one ModelView, with the tuning that its documentation advises (search and edit columns)."""

import os

from flask import Flask, redirect
from flask_appbuilder import AppBuilder, Model, ModelView
from flask_appbuilder.actions import action
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.utils.legacy import get_sqla_class
from peers.tables import FORM, LIST, CustomerColumns, OrderColumns

app = Flask(__name__)
app.config.update(
    SQLALCHEMY_DATABASE_URI=os.environ["DATABASE_URL"],
    SECRET_KEY="for-measurements-only",
    WTF_CSRF_ENABLED=False,
    AUTH_RATE_LIMITED=False,
)
db = get_sqla_class()(app)


class Customer(CustomerColumns, Model):
    pass


class Order(OrderColumns, Model):
    pass


class OrderModelView(ModelView):
    datamodel = SQLAInterface(Order)
    list_columns = LIST
    search_columns = ["number", "status"]
    edit_columns = FORM
    order_columns = ["id", "number", "placed_at", "total_minor"]
    base_order = ("id", "desc")
    page_size = 25

    @action("note", "Note", "Add the note?", "fa-pencil", single=False)
    def note(self, items):
        for item in items:
            item.staff_note = os.urandom(4).hex()
            self.datamodel.edit(item)
        return redirect(self.get_redirect())


with app.app_context():
    appbuilder = AppBuilder(app, db.session)
    appbuilder.add_view(OrderModelView, "Orders")
    if not appbuilder.sm.find_user("peer"):
        appbuilder.sm.add_user("peer", "Peer", "Bench", "peer@example.test", appbuilder.sm.find_role("Admin"), "peer")
