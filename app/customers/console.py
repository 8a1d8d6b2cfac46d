"""Customers in the console: the list, one customer with their orders and history."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, ColumnElement, cast, func, or_, select
from sqlalchemy.orm import with_expression

from app.console import access, lists, timeline
from app.console.access import needs
from app.console.base import ListPage, expose
from app.console.lists import Column, Filter, ListSpec, any_of
from app.customers import masking
from app.customers.models import Customer
from app.kit import formats, history
from app.kit.db import db
from app.kit.errors import NotFound
from app.kit.permissions import Noun, Verb
from app.orders import listing, reading, search
from app.orders.models import Order, OrderKind
from app.shops.models import Shop

FIELDS = {
    "number": _l("Number"),
    "name": _l("Name"),
    "phone": _l("Phone"),
    "email": _l("Email"),
    "country": _l("Country"),
}
STORY = timeline.Words({}, FIELDS, lambda field, stored: str(stored) if stored else "–")


class CustomerView(ListPage):
    """`/customers`."""

    noun = Noun.CUSTOMERS
    route_base = "/customers"
    title = _l("Customers")
    empty = lists.Empty(
        "users",
        _l("No customers yet"),
        _l("They come with their orders: imported, written by hand, or sent by a program."),
        lists.Action(_l("Orders"), "shopping-cart", "OrderView.list", Noun.ORDERS, Verb.READ, primary=True),
    )

    def list_spec(self, shop: Shop) -> ListSpec:
        """The list, in the currency of the shop."""
        return _spec(shop.id, shop.currency)

    @expose("/")
    @needs(Noun.CUSTOMERS, Verb.READ)
    def list(self) -> Any:
        return self.render_list()

    @expose("/counts")
    @needs(Noun.CUSTOMERS, Verb.READ)
    def counts(self) -> Any:
        return self.render_counts()

    @expose("/<int:pk>")
    @needs(Noun.CUSTOMERS, Verb.READ)
    def show(self, pk: int) -> str:
        customer = db.session.scalars(select(Customer).where(Customer.id == pk)).first()
        if customer is None:
            raise NotFound("not_found")
        shop = access.shop_of(customer)
        spec = listing.spec(shop)
        asked = lists.ask(spec, {**request.args.to_dict(), "f_customer": customer.number})
        may_read_orders = access.can(Noun.ORDERS)
        return self.page(
            "customers/show.html",
            customer=customer,
            phone=masking.phone(customer.phone),
            email=masking.email(customer.email),
            figures=reading.buyer_figures(customer.id),
            columns=[column for column in spec.columns if column.key not in ("customer", "country")],
            orders=lists.page(spec, asked, customer.shop_id) if may_read_orders else None,
            entries=timeline.shown(history.of("customer", "customer", customer.id), STORY, shop.time_zone),
            zone=shop.time_zone,
            currency=shop.currency,
        )


@lru_cache(maxsize=256)
def _spec(shop_id: int, currency: str) -> ListSpec:
    is_sale = Order.kind == OrderKind.SALE
    of_row = Order.customer_id == Customer.id
    count = select(func.count(Order.id)).where(of_row, is_sale).correlate(Customer).scalar_subquery()
    value = (
        select(func.coalesce(cast(func.sum(Order.total_minor), BigInteger), 0))
        .where(of_row)
        .correlate(Customer)
        .scalar_subquery()
    )
    return ListSpec(
        name="customers",
        model=Customer,
        columns=(
            Column("number", _l("Number"), lambda c: c.number, sort=Customer.number),
            Column("name", _l("Name"), lambda c: c.name or "–"),
            Column("phone", _l("Phone"), lambda c: masking.phone(c.phone)),
            Column("country", _l("Country"), lambda c: c.country or "–"),
            Column("orders", _l("Orders"), lambda c: formats.number(c.order_count), align="end"),
            Column("value", _l("Value"), lambda c: formats.money(c.net_minor, currency), align="end"),
        ),
        default_sort="number",
        filters=(
            Filter(
                "country",
                _l("Country"),
                any_of(Customer.country),
                lambda: [(name, name) for name in reading.countries(shop_id)],
            ),
        ),
        search=_matching,
        search_hint=_l("Number, name or phone"),
        loads=(with_expression(Customer.order_count, count), with_expression(Customer.net_minor, value)),
    )


def _matching(text: str) -> ColumnElement[bool]:
    pattern = search.like(text)
    return or_(Customer.number.ilike(pattern), Customer.name.ilike(pattern), Customer.phone.ilike(pattern))
