"""Short builders, valid by default; each adds to the session and flushes."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from app.catalog.models import Category, FreightTemplate, Product, ProductStatus, Sku
from app.catalog.price_window_models import PriceWindow, PriceWindowLine, WindowState
from app.console.roles import Role
from app.customers.models import Customer
from app.kit import context
from app.kit.db import db, transaction
from app.orders import lifecycle
from app.orders.models import CloseCause, LineKind, Order, OrderKind, OrderLine, OrderStatus
from app.shops import shops
from app.shops.models import Shop

_number = itertools.count(1)
PLACED = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)


def _add(row: Any, *more: Any) -> Any:
    """Write rows of one table and give the first; what is known of other rows stays known, which saves reading it."""
    session = db.session()
    usual = session.join_transaction_mode
    session.expire_on_commit = False
    if not session.in_transaction():
        session.join_transaction_mode = "rollback_only"  # in the test's own transaction: it has no use for a savepoint
    try:
        with context.every_shop("factory"), transaction():
            session.add_all([row, *more])
            session.flush()
    finally:
        session.expire_on_commit, session.join_transaction_mode = True, usual
    return row


def shop(code: str | None = None, **values: Any) -> Shop:
    """A Chinese shop."""
    code = code or f"shop{next(_number)}"
    defaults = {
        "name": code.title(),
        "currency": "CNY",
        "time_zone": "Asia/Shanghai",
        "country": "China",
        "locale": "zh",
    }
    return _add(Shop(code=code, **{**defaults, **values}))


def staff(role: Role = Role.MANAGER, *member_of: Shop, name: str | None = None) -> Any:
    """A member of staff with a role in some shops."""
    from flask import current_app

    manager = current_app.appbuilder.sm  # type: ignore[attr-defined]
    name = name or f"user{next(_number)}"
    user = manager.user_model()
    user.username, user.first_name, user.last_name = name, name.title(), "Test"
    user.email, user.active, user.password = f"{name}@example.test", True, "unusable"
    user.roles = [manager.find_role(role.value)]
    _add(user)
    with transaction():
        for one in member_of:
            shops.add_member(one.id, user.id)
    return user


def category(of: Shop, name: str = "Cups", **values: Any) -> Category:
    """A category."""
    return _add(Category(shop_id=of.id, name=name, **values))


def freight_template(of: Shop, name: str = "Standard", **values: Any) -> FreightTemplate:
    """A freight template: 8.00 for the first piece, 2.00 for each more."""
    return _add(
        FreightTemplate(shop_id=of.id, name=name, **{"first_fee_minor": 800, "further_fee_minor": 200, **values})
    )


def product(of: Shop, title: str = "Cup", **values: Any) -> Product:
    """A product on sale, without SKUs."""
    defaults = {"code": f"P{next(_number)}", "status": ProductStatus.ON_SALE}
    return _add(Product(shop_id=of.id, title=title, **{**defaults, **values}))


def sku(of: Shop, of_product: Product | None = None, **values: Any) -> Sku:
    """A SKU at 10.00 with 5 in stock."""
    parent = of_product or product(of)
    defaults = {"code": f"S{next(_number)}", "price_minor": 1000, "stock_on_hand": 5}
    return _add(Sku(shop_id=of.id, product_id=parent.id, **{**defaults, **values}))


def customer(of: Shop, **values: Any) -> Customer:
    """A customer known by number."""
    return _add(Customer(shop_id=of.id, **{"number": f"C{next(_number)}", **values}))


def order(of: Shop, *lines: tuple[str, int, int], **values: Any) -> Order:
    """A paid sale; `lines` are (code, quantity, unit price in minor units)."""
    lines = lines or (("S1", 1, 1000),)
    total = sum(quantity * price for _, quantity, price in lines)
    status = values.pop("status", OrderStatus.PENDING_SHIPMENT)
    paid = status not in (OrderStatus.PENDING_PAYMENT, OrderStatus.CLOSED)
    defaults = {
        "number": f"O{next(_number)}",
        "kind": OrderKind.SALE,
        **lifecycle.at(status),
        "close_cause": CloseCause.STAFF if status is OrderStatus.CLOSED else None,
        "paid_minor": max(total, 0) if paid else 0,
        "placed_at": PLACED,
        "currency": of.currency,
        "units": sum(quantity for _, quantity, _ in lines),
        "items_minor": total,
        "total_minor": total,
    }
    row = _add(Order(shop_id=of.id, **{**defaults, **values}))
    _add(*(_line(row, position, line) for position, line in enumerate(lines, 1)))
    return row


def _line(of: Order, position: int, line: tuple[str, int, int]) -> OrderLine:
    code, quantity, price = line
    return OrderLine(
        shop_id=of.shop_id,
        order_id=of.id,
        position=position,
        kind=LineKind.PRODUCT,
        code=code,
        title=code,
        quantity=quantity,
        unit_price_micros=price * 10_000,
        amount_minor=quantity * price,
    )


def price_window(of: Shop, prices: dict[int, int], starts_at: datetime, ends_at: datetime | None, **values: Any) -> Any:
    """A planned window; `prices` by SKU id in minor units."""
    defaults = {"name": f"Window {next(_number)}", "state": WindowState.PLANNED, "requested_by": "staff:1"}
    window = _add(
        PriceWindow(shop_id=of.id, starts_at=starts_at, ends_at=ends_at, **{**defaults, "skus": len(prices), **values})
    )
    for sku_id, price in prices.items():
        _add(
            PriceWindowLine(shop_id=of.id, window_id=window.id, sku_id=sku_id, price_minor=price, base_minor=price * 2)
        )
    return window
