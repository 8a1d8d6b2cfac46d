"""Stock Flask-Admin: one ModelView over the same models; it has no sign-in of its own."""

import os

from flask import Flask
from flask_admin import Admin
from flask_admin.actions import action
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy
from peers.tables import FORM, LIST, CustomerColumns, OrderColumns

app = Flask(__name__)
app.config.update(SQLALCHEMY_DATABASE_URI=os.environ["DATABASE_URL"], SECRET_KEY="for-measurements-only")
Babel(app)  # Flask-Admin wants it as soon as it is installed
db = SQLAlchemy(app)


class Customer(CustomerColumns, db.Model):
    pass


class Order(OrderColumns, db.Model):
    pass


class OrderView(ModelView):
    column_list = LIST
    column_searchable_list = ["number"]
    column_filters = ["status"]
    column_sortable_list = ["number", "placed_at", "total_minor"]
    column_default_sort = ("id", True)
    form_columns = FORM
    page_size = 25

    @action("note", "Note", "Add the note?")
    def note(self, ids):
        note = os.urandom(4).hex()
        for order in db.session.query(Order).filter(Order.id.in_([int(i) for i in ids])):
            order.staff_note = note
        db.session.commit()


admin = Admin(app)
admin.add_view(OrderView(Order, db))
