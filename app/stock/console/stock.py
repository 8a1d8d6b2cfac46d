"""`/stock`: the list of SKUs with their counters, and for each why so many are available."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.catalog.models import Sku
from app.catalog.rule_words import STOCK_REASONS
from app.console import access
from app.console.access import needs
from app.console.base import ListPage, expose
from app.console.lists import Action, Empty, ListSpec
from app.kit import people
from app.kit.db import db, transaction
from app.kit.errors import DomainError, NotFound
from app.kit.permissions import Noun, Verb
from app.orders.models import Order
from app.shops.models import Shop
from app.stock import deeds, ledger, levels, stock_list, summaries, words
from app.stock.deeds import DeedFaults
from app.stock.models import HELD, StockHold, StockMovement

MOST_HOLDS = 100


class StockView(ListPage):
    """`/stock`."""

    noun = Noun.STOCK
    route_base = "/stock"
    title = _l("Stock")
    subtitle = _l("Available is what is on hand, less what is reserved, less what cannot be sold.")
    actions = (
        Action(_l("Warehouses"), "building-warehouse", "WarehouseView.list", Noun.STOCK, Verb.WRITE),
        Action(_l("Proof"), "shield-check", "StockProofView.index", Noun.STOCK, Verb.READ),
    )
    empty = Empty(
        "stack-2",
        _l("No SKUs yet"),
        _l("Stock lies on the SKUs of products. Import or make some first."),
        Action(_l("Products"), "package", "ProductView.list", Noun.PRODUCTS, Verb.READ, primary=True),
    )

    def list_spec(self, shop: Shop) -> ListSpec:
        """The list for the shop on screen."""
        return stock_list.spec(shop)

    @expose("/")
    @needs(Noun.STOCK, Verb.READ)
    def list(self) -> Any:
        """The list."""
        return self.render_list()

    @expose("/counts")
    @needs(Noun.STOCK, Verb.READ)
    def counts(self) -> Any:
        """How many SKUs each tab has."""
        return self.render_counts()

    @expose("/export")
    @needs(Noun.STOCK, Verb.EXPORT)
    def export(self) -> Any:
        """The list as a workbook."""
        return self.render_export()

    @expose("/<int:pk>")
    @needs(Noun.STOCK, Verb.READ)
    def show(self, pk: int) -> str:
        """Why so many are available: the equation, its warehouses, its holds and its ledger."""
        return self._sku_page(_sku(pk), {"deed": "count"}, {})

    @expose("/<int:pk>/move", methods=["POST"])
    @needs(Noun.STOCK, Verb.WRITE)
    def move(self, pk: int) -> Any:
        """Count, adjust, receive, damage, write off or transfer, as the form says."""
        sku = _sku(pk)
        shop_id = sku.shop_id
        try:
            with transaction():
                done = deeds.do(shop_id, pk, request.form)
        except DeedFaults as error:
            return self._sku_page(_sku(pk), request.form, error.faults), error.status
        except DomainError as error:
            return self._sku_page(_sku(pk), request.form, {"quantity": error.message()}), error.status
        flash(
            gettext("The stock was changed.") if done else gettext("The count agrees; nothing was changed."), "success"
        )
        return redirect(url_for("StockView.show", pk=pk))

    def _sku_page(self, sku: Sku, typed: Mapping[str, str], faults: dict[str, str]) -> str:
        shop = access.shop_of(sku)
        rows = ledger.page(sku.id, _whole(request.args.get("before")))
        shown, held = rows[: ledger.PAGE], _holds(sku.id)
        sums = summaries.of(sku.id)
        return self.page(
            "stock/sku.html",
            sku=sku,
            shop=shop,
            sums=sums,
            badge=words.standing_badge(words.standing(sums, sku.low_stock_limit)),
            levels=levels.of_sku(sku.id),
            warehouses=dict(stock_list.warehouses(shop.id)),
            holds=held,
            rows=shown,
            older=shown[-1].id if len(rows) > ledger.PAGE else None,
            names=people.names(row.actor for row in shown),
            orders=_orders(held, shown),
            words=words,
            typed=dict(typed) | {"key": secrets.token_hex(12)},
            faults=faults,
            deeds=list(deeds.DEEDS.items()),
            reasons=[("", gettext("None")), *((one.value, label) for one, label in STOCK_REASONS.items())],
        )


def _sku(pk: int) -> Sku:
    query = select(Sku).where(Sku.id == pk).options(joinedload(Sku.product))
    sku = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if sku is None:
        raise NotFound("not_found")
    return sku


def _holds(sku_id: int) -> list[StockHold]:
    query = select(StockHold).where(StockHold.sku_id == sku_id, StockHold.state.in_(HELD))
    return list(db.session.scalars(query.order_by(StockHold.id.desc()).limit(MOST_HOLDS)))


def _orders(held: list[StockHold], rows: list[StockMovement]) -> dict[int, str]:
    """The numbers of the orders that holds and ledger rows are for, in one statement."""
    ids = {words.order_of(row.holder) for row in held} | {row.order_id for row in rows}
    query = select(Order.id, Order.number).where(Order.id.in_(ids - {None}))
    return {row.id: row.number for row in db.session.execute(query)}


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None
