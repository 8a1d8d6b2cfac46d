"""Lines of an order changed before shipping: merged with what others did, priced, tried out first, then written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, select

from app.catalog.models import Sku
from app.kit import history, journal, people
from app.kit.db import db, rehearsal
from app.kit.errors import RuleViolation
from app.kit.merge import StaleEdit, three_way
from app.order_events import OrderLinesChanged
from app.orders import creating, drafts, handling, paying, reserving
from app.orders.drafts import Basket, WantedDiscount, WantedLine
from app.orders.models import (
    AfterSaleState,
    FulfilmentState,
    LineKind,
    Order,
    OrderDiscount,
    OrderKind,
    OrderLine,
    OrderState,
    PaymentState,
)
from app.orders.names import LABELS
from app.shops.models import Shop

OWN_CHARGES = (creating.SHIPPING, creating.DISCOUNT)
State = dict[str, Any]
"""An order's lines flattened for merging: `quantity:SKU`, `price:SKU` in micros, `shipping`, `discounts`."""


@dataclass(frozen=True)
class Effect:
    """What a change does to the money, in minor units; `owed` > 0: the buyer owes more, < 0: goes back to the buyer."""

    before: int
    after: int
    owed: int


def is_editable(order: Order) -> bool:
    """Whether nothing has left the house or gone back yet."""
    return (
        order.kind is OrderKind.SALE
        and order.order_state is OrderState.OPEN
        and order.fulfilment_state is FulfilmentState.UNFULFILLED
        and order.payment_state in (PaymentState.UNPAID, PaymentState.PARTLY_PAID, PaymentState.PAID)
        and order.after_sale_state is AfterSaleState.NONE
    )


def state_of(order_id: int) -> State:
    """The lines of an order as they stand."""
    state: State = {"shipping": 0, "discounts": _discounts(order_id)}
    for line in _lines(order_id):
        if line.kind is LineKind.PRODUCT and line.sku_id is not None:
            state[f"quantity:{line.sku_id}"] = state.get(f"quantity:{line.sku_id}", 0) + line.quantity
            state[f"price:{line.sku_id}"] = line.unit_price_micros
        elif line.code == creating.SHIPPING:
            state["shipping"] += line.amount_minor
    return state


def wanted_state(basket: Basket, base: Mapping[str, Any], currency: str) -> State:
    """A basket flattened; a line without a price of its own keeps that of `base`."""
    scale = drafts.micros_per_minor(currency)
    state: State = {"shipping": basket.shipping_minor, "discounts": [list(_told(one)) for one in basket.discounts]}
    for line in basket.lines:
        kept = base.get(f"price:{line.sku_id}")
        state[f"quantity:{line.sku_id}"] = line.quantity
        state[f"price:{line.sku_id}"] = kept if line.price_minor is None else line.price_minor * scale
    return state


def rehearse(shop: Shop, order_id: int, base: State, basket: Basket) -> Effect:
    """What `change` would do; everything is taken back. Raises what it raises."""
    with rehearsal():
        effect = change(shop, order_id, base, basket)
    db.session.expire_all()
    return effect


def change(shop: Shop, order_id: int, base: State, basket: Basket) -> Effect:
    """Write the lines of `basket`, which was made from `base`; what others changed meanwhile stays.

    Stock is held anew, what was paid is compared with the new total. Raises StaleEdit when others changed the same
    line, RuleViolation("not_editable") and what `drafts.price` raises, NotFound.
    """
    order = handling.locked(order_id)
    lines = _lines(order_id)
    if not is_editable(order) or any(line.kind is LineKind.PRODUCT and line.sku_id is None for line in lines):
        raise RuleViolation("not_editable", number=order.number, state=str(LABELS[order.status]))
    theirs = state_of(order_id)
    merged = _merged(order, base, wanted_state(basket, base, order.currency), theirs)
    before, owed_before = order.total_minor, paying.outstanding(order)
    if merged != theirs:
        _write(shop, order, lines, _basket(merged, basket, lines), theirs)
        journal.record(OrderLinesChanged(shop.id, order.id, _differences(theirs, merged), before, order.total_minor))
        paying.settle(order)
        db.session.flush()
    owed = paying.outstanding(order) - (owed_before if owed_before > 0 else 0)
    return Effect(before, order.total_minor, owed)


def _merged(order: Order, base: State, mine: State, theirs: State) -> State:
    keys = base.keys() | mine.keys() | theirs.keys()
    full = [{key: one.get(key) for key in keys} for one in (base, mine, theirs)]
    merge = three_way(*full)
    if merge.clashes:
        who, at = history.last_to_change("orders", order.id, {"total_minor", "units"}) or (
            "system:unknown",
            order.updated_at,
        )
        raise StaleEdit(people.name_of(who), at, merge.clashes)
    found = {**full[2], **merge.changes}
    return {key: value for key, value in found.items() if value is not None and found.get(_quantity(key), 1)}


def _quantity(key: str) -> str:
    return key.replace("price:", "quantity:") if key.startswith("price:") else "shipping_is_always_there"


def _basket(merged: State, mine: Basket, lines: list[OrderLine]) -> Basket:
    """The merged lines as a basket: those of mine first, then what others have added."""
    reasons = {line.sku_id: line for line in mine.lines}
    wanted = tuple(
        replace(reasons.get(sku_id, WantedLine(sku_id, 1)), quantity=int(merged[f"quantity:{sku_id}"]))
        for sku_id in dict.fromkeys([*reasons, *(int(key.split(":")[1]) for key in merged if ":" in key)])
        if f"quantity:{sku_id}" in merged
    )
    discounts = tuple(WantedDiscount(amount, payer, label) for amount, payer, label in merged["discounts"])
    other = sum(line.amount_minor for line in lines if line.kind is LineKind.CHARGE and line.code not in OWN_CHARGES)
    return Basket(wanted, discounts, merged["shipping"], other)


def _write(shop: Shop, order: Order, lines: list[OrderLine], basket: Basket, theirs: State) -> None:
    kept = {int(key.split(":")[1]): value for key, value in theirs.items() if key.startswith("price:")}
    priced = drafts.price(shop, basket, kept)
    reserving.release(order)
    old = {line.sku_id: line for line in lines if line.kind is LineKind.PRODUCT}
    foreign = [line for line in lines if line.kind is LineKind.CHARGE and line.code not in OWN_CHARGES]
    gone = [line.id for line in lines if line not in foreign]
    ours = delete(OrderLine).where(OrderLine.id.in_(gone))
    db.session.execute(ours, execution_options={"synchronize_session": False})
    db.session.execute(
        delete(OrderDiscount).where(OrderDiscount.order_id == order.id),
        execution_options={"synchronize_session": False},
    )
    for place, line in enumerate(foreign, drafts.MOST_LINES + 10):
        line.position = place
    creating.write_lines(order, priced)
    db.session.flush()
    _keep_old_prices(order, old)
    reserving.place(order)
    if order.payment_state is PaymentState.PAID:
        reserving.confirm(order)


def _keep_old_prices(order: Order, old: Mapping[int | None, OrderLine]) -> None:
    """A price that was agreed with a reason before keeps its reason."""
    for line in _lines(order.id):
        before = old.get(line.sku_id) if line.kind is LineKind.PRODUCT else None
        if before is not None and before.unit_price_micros == line.unit_price_micros:
            line.list_price_micros, line.price_reason = before.list_price_micros, before.price_reason
    db.session.flush()


def _differences(before: State, after: State) -> list[list[str]]:
    """[field, from, to] of what has changed, fields by SKU code."""
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    ids = {int(key.split(":")[1]) for key in keys if ":" in key}
    codes = {str(row.id): row.code for row in db.session.execute(select(Sku.id, Sku.code).where(Sku.id.in_(ids)))}

    def came_or_went(key: str) -> bool:
        return before.get(key) is None or after.get(key) is None

    def name(key: str) -> str:
        kind, _, sku_id = key.partition(":")
        return f"{kind}:{codes.get(sku_id, sku_id)}" if sku_id else kind

    told = [key for key in keys if key != "discounts" and not (key.startswith("price:") and came_or_went(key))]
    return [[name(key), _plain(before.get(key)), _plain(after.get(key))] for key in told]


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _lines(order_id: int) -> list[OrderLine]:
    query = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def _discounts(order_id: int) -> list[list[Any]]:
    query = select(OrderDiscount).where(OrderDiscount.order_id == order_id).order_by(OrderDiscount.id)
    return [[row.amount_minor, row.payer.value, row.label] for row in db.session.scalars(query)]


def _told(one: WantedDiscount) -> tuple[int, str, str]:
    return one.amount_minor, one.payer.value, one.label
