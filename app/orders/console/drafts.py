"""`/orders/new` and `/orders/ID/lines`: an order written by hand, and its lines changed before shipping."""

from __future__ import annotations

import json
from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from app.catalog import prices
from app.catalog.models import Product, ProductStatus, Sku
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.customers import customers, masking
from app.customers.models import Customer
from app.kit import formats
from app.kit.db import db, transaction
from app.kit.errors import DomainError, RuleViolation
from app.kit.merge import StaleEdit
from app.kit.permissions import Noun, Verb
from app.orders import creating, draft_form, drafts, line_edits, reading
from app.orders.creating import Buyer, Delivery
from app.orders.edits import LENGTHS
from app.orders.names import PAYER_LABELS
from app.shops.models import Shop
from app.stock.models import StockLevel

FOUND = 12


class OrderDraftView(ConsoleBase):
    """`/orders/new`."""

    noun = Noun.ORDERS
    route_base = "/orders/new"

    @expose("/")
    @needs(Noun.ORDERS, Verb.WRITE)
    def form(self) -> str:
        return self._form()

    @expose("/", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def create(self) -> Any:
        """Write the order; what a rule refuses brings the form back as it was filled in."""
        shop = access.current_shop()
        try:
            with transaction():
                basket = draft_form.basket(request.form, shop.currency)
                order = creating.create(shop, basket, _buyer(), _delivery())
        except RuleViolation as refused:
            return self._form(refused), refused.status
        flash(gettext("Order %(number)s was made and its stock is held.", number=order.number), "success")
        return redirect(url_for("OrderView.show", pk=order.id))

    @expose("/quote", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def quote(self) -> Any:
        """The total of the form as it stands, computed here alone."""
        shop = access.current_shop()
        try:
            priced = drafts.price(shop, draft_form.basket(request.form, shop.currency))
        except DomainError as refused:
            return self.page("orders/_quote.html", refused=refused.message(), currency=shop.currency)
        return self.page("orders/_quote.html", bill=priced.bill, currency=shop.currency)

    @expose("/skus")
    @needs(Noun.ORDERS, Verb.WRITE)
    def skus(self) -> Any:
        """SKUs on sale whose code begins with the text or whose product has it in its title."""
        return jsonify(found=_found_skus(access.current_shop(), request.args.get("q", "").strip()[:100]))

    @expose("/buyers")
    @needs(Noun.CUSTOMERS, Verb.READ)
    def buyers(self) -> Any:
        """Customers by number, name or phone; phones are masked."""
        words = request.args.get("q", "").strip()[:60]
        rows = customers.find(access.current_shop(), words)
        return jsonify(found=[{"id": row.id, "text": row.label, "hint": _hint(row)} for row in rows])

    def _form(self, refused: RuleViolation | None = None) -> str:
        shop = access.current_shop()
        form = request.form
        typed = _typed_lines(shop)
        return self.page(
            "orders/new.html",
            refused=refused,
            currency=shop.currency,
            lines=typed,
            form=form,
            discounts=_typed_discounts(),
            payers=PAYER_LABELS,
            lengths=LENGTHS,
            shipping=form.get("shipping", ""),
            chosen=_chosen(shop),
        )


class OrderLinesView(ConsoleBase):
    """`/orders/ID/lines`."""

    noun = Noun.ORDERS
    route_base = "/orders"

    @expose("/<int:pk>/lines")
    @needs(Noun.ORDERS, Verb.WRITE)
    def lines(self, pk: int) -> Any:
        order = reading.get(pk)
        if not line_edits.is_editable(order):
            raise _not_editable(order)
        return self._form(order)

    @expose("/<int:pk>/lines/quote", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def line_quote(self, pk: int) -> Any:
        """Try the change out for real, take it back, and say what it does to the money."""
        order = reading.get(pk)
        shop, currency = access.shop_of(order), order.currency
        try:
            with transaction():
                basket = draft_form.basket(request.form, currency)
                effect = line_edits.rehearse(shop, pk, _base(), basket)
        except DomainError as refused:
            return self.page("orders/_effect.html", refused=refused.message(), currency=currency)
        return self.page("orders/_effect.html", effect=effect, currency=currency)

    @expose("/<int:pk>/lines", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def save_lines(self, pk: int) -> Any:
        order = reading.get(pk)
        shop, currency = access.shop_of(order), order.currency
        try:
            with transaction():
                effect = line_edits.change(shop, pk, _base(), draft_form.basket(request.form, currency))
        except StaleEdit as stale:
            return self._form(reading.get(pk), stale), stale.status
        except RuleViolation as refused:
            return self._form(reading.get(pk), refused, typed=True), refused.status
        flash(_told(effect, currency), "success")
        return redirect(url_for("OrderView.show", pk=pk))

    def _form(self, order: Any, refused: DomainError | None = None, *, typed: bool = False) -> str:
        shop = access.shop_of(order)
        state = line_edits.state_of(order.id)
        return self.page(
            "orders/lines.html",
            order=order,
            refused=refused,
            currency=order.currency,
            base=json.dumps(_base() if typed else state),
            lines=_typed_lines(shop) if typed else _lines_of(shop, state),
            discounts=_typed_discounts() if typed else _kept_discounts(state, order.currency),
            payers=PAYER_LABELS,
            shipping=request.form.get("shipping", "") if typed else _plain(state["shipping"], order.currency),
        )


def _not_editable(order: Any) -> RuleViolation:
    from app.orders.names import LABELS

    return RuleViolation("not_editable", number=order.number, state=str(LABELS[order.status]))


def _told(effect: line_edits.Effect, currency: str) -> str:
    if effect.owed > 0:
        return gettext("Saved. The buyer owes %(amount)s more.", amount=formats.money(effect.owed, currency))
    if effect.owed < 0 and effect.after < effect.before:
        return gettext("Saved. %(amount)s to be refunded.", amount=formats.money(-effect.owed, currency))
    return gettext("Saved.")


def _base() -> dict[str, Any]:
    """What the form was made from. Raises RuleViolation("lines_stale") when it cannot be read."""
    try:
        base = json.loads(request.form.get("base", ""))
    except ValueError as error:
        raise RuleViolation("lines_stale") from error
    if not isinstance(base, dict):
        raise RuleViolation("lines_stale")
    return base


def _buyer() -> Buyer:
    chosen = request.form.get("customer_id", "")
    name, phone = (request.form.get(key, "").strip() for key in ("customer_name", "customer_phone"))
    return Buyer(int(chosen)) if chosen.isdecimal() and len(chosen) < 19 else Buyer(None, name, phone)


def _chosen(shop: Shop) -> str:
    """The customer of a form that comes back, in words; empty without one."""
    buyer = _buyer()
    row = customers.of(shop, buyer.customer_id) if buyer.customer_id else None
    return f"{row.label} · {_hint(row)}" if row else ""


def _hint(row: Customer) -> str:
    return f"{row.number} · {masking.phone(row.phone)}"


def _delivery() -> Delivery:
    texts = (request.form.get(key, "").replace("\r\n", "\n").strip() for key in vars(Delivery()))
    return Delivery(*texts)


def _found_skus(shop: Shop, words: str) -> list[dict[str, Any]]:
    if not words:
        return []
    near = or_(Sku.code.istartswith(words, autoescape=True), Product.title.icontains(words, autoescape=True))
    query = (
        select(Sku)
        .join(Sku.product)
        .where(Sku.shop_id == shop.id, Product.status == ProductStatus.ON_SALE, near)
        .options(joinedload(Sku.product))
        .order_by(Sku.code != words, Sku.code)
        .limit(FOUND)
    )
    return [_told_sku(shop, sku, 1) for sku in db.session.scalars(query)]


def _told_sku(shop: Shop, sku: Sku, quantity: int, price_minor: int | None = None) -> dict[str, Any]:
    now = prices.at(shop.id, [sku.id])[sku.id].price_minor if price_minor is None else price_minor
    options = " / ".join(str(value) for value in sku.options.values())
    levels = db.session.scalars(select(StockLevel).where(StockLevel.sku_id == sku.id))
    left = sum(level.available for level in levels)
    return {
        "id": sku.id,
        "code": sku.code,
        "title": f"{sku.product.title} {options}".strip(),
        "price": formats.money(now, shop.currency),
        "available": left,
        "hint": gettext(
            "%(price)s · %(left)s available", price=formats.money(now, shop.currency), left=formats.number(left)
        ),
        "quantity": quantity,
        "typed": "",
        "reason": "",
    }


def _typed_lines(shop: Shop) -> list[dict[str, Any]]:
    """The lines of a form that comes back."""
    fields = zip(*(request.form.getlist(name) for name in ("sku_id", "quantity", "price", "reason")), strict=False)
    found = []
    for sku_id, quantity, price, reason in fields:
        sku = _sku(int(sku_id)) if sku_id.isdecimal() and len(sku_id) < 19 else None
        if sku is not None:
            found.append({**_told_sku(shop, sku, 1), "quantity": quantity, "typed": price, "reason": reason})
    return found


def _lines_of(shop: Shop, state: dict[str, Any]) -> list[dict[str, Any]]:
    scale = drafts.micros_per_minor(shop.currency)
    found = []
    for key, quantity in state.items():
        kind, _, sku_id = key.partition(":")
        sku = _sku(int(sku_id)) if kind == "quantity" else None
        if sku is not None:
            found.append(_told_sku(shop, sku, quantity, state[f"price:{sku_id}"] // scale))
    return found


def _sku(sku_id: int) -> Sku | None:
    return db.session.scalars(select(Sku).where(Sku.id == sku_id).options(joinedload(Sku.product))).first()


def _typed_discounts() -> list[tuple[str, str, str]]:
    rows = zip(*(request.form.getlist(f"discount_{part}") for part in ("amount", "payer", "label")), strict=False)
    return [row for row in rows if row[0].strip() or row[2].strip()]


def _kept_discounts(state: dict[str, Any], currency: str) -> list[tuple[str, str, str]]:
    return [(_plain(amount, currency), payer, label) for amount, payer, label in state["discounts"]]


def _plain(minor: int, currency: str) -> str:
    from app.kit.money import Money

    return str(Money(minor, currency)) if minor else ""
