"""What is known before parcels are sent: orders with what is left of them, numbers in use, holds; locked and read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select, text

from app.catalog.models import Sku
from app.fulfilment.lifecycle import OUT
from app.fulfilment.models import (
    BlockReason,
    Parcel,
    ParcelKind,
    ParcelLine,
    ParcelOrder,
    ParcelState,
    SerialProduct,
    ShippingBlock,
)
from app.fulfilment.wanted import Wanted
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope
from app.orders import reserving, settings
from app.orders.models import LineKind, Order, OrderLine
from app.stock import departures
from app.stock.departures import Departures

held_back: list[Callable[[Sequence[int]], Mapping[int, str]]] = []
"""Features above say which of some orders must not leave, by id with the code of the reason (facts: `number`)."""

called_off: list[Callable[[Sequence[int]], Mapping[int, int]]] = []
"""Features above say how many units of which order lines of some orders shall not leave any more."""


@dataclass
class LineFacts:
    """A line of goods: how many were ordered, how many have left."""

    id: int
    sku_id: int | None
    code: str
    title: str
    ordered: int
    sent: int = 0
    needs_serials: bool = False

    @property
    def left(self) -> int:
        """Units that have not left."""
        return max(self.ordered - self.sent, 0)


@dataclass
class ParcelFacts:
    """A parcel and what is in it: units by order line; `order_ids` are those it is for."""

    row: Parcel
    order_ids: set[int] = field(default_factory=set)
    contents: dict[int, int] = field(default_factory=dict)
    contained: set[int] = field(default_factory=set)
    """Orders of which it holds units."""


@dataclass
class OrderFacts:
    """An order, locked, with its lines, outgoing parcels of the sale, and why it must not leave, if so."""

    order: Order
    address_key: str
    lines: list[LineFacts] = field(default_factory=list)
    parcels: list[ParcelFacts] = field(default_factory=list)
    block: BlockReason | None = None
    held_code: str = ""

    @property
    def left(self) -> int:
        """Units of it that have not left."""
        return sum(line.left for line in self.lines)


@dataclass
class Known:
    """Everything that decides whether some parcels can go, as it is while they are locked."""

    shop_id: int
    orders: dict[int, OrderFacts]
    numbers: dict[str, ParcelFacts]
    keys: dict[str, ParcelFacts]
    elsewhere: set[str]
    serials: set[str]
    after_sale_pauses: bool
    shelf: Departures


def address_key(order: Order) -> str:
    """Stands for the address that goods go to; an unknown one stands for the buyer, or for the order alone."""
    if order.address.strip():
        return key_of(order.address)
    return f"buyer:{order.customer_id}" if order.customer_id else f"order:{order.id}"


def key_of(address: str) -> str:
    """The same for addresses that differ in spaces and capitals alone."""
    plain = re.sub(r"\s+", "", address).lower()
    return hashlib.sha256(plain.encode()).hexdigest()[:40]


def load(shop_id: int, wanted: Sequence[Wanted]) -> Known:
    """Lock and read what these parcels need, by a dozen statements however many they are."""
    ids = sorted({one.order_id for one in wanted})
    orders = {row.id: OrderFacts(row, address_key(row)) for row in _orders(shop_id, ids)}
    _add_lines(orders)
    for block in db.session.scalars(select(ShippingBlock).where(ShippingBlock.order_id.in_(ids))):
        if block.order_id in orders:
            orders[block.order_id].block = block.reason
    for ask in held_back:
        for order_id, code in ask(ids).items():
            orders[order_id].held_code = code
    numbers = {one.sending.tracking_no for one in wanted} - {""}
    keys = {one.key for one in wanted if one.key}
    found = _parcels(shop_id, ids, numbers, keys)
    for one in found:
        for order_id in one.order_ids & orders.keys():
            if one.row.kind is ParcelKind.SALE:
                orders[order_id].parcels.append(one)
    serials = {serial for one in wanted for unit in one.sending.lines for serial in unit.serials}
    return Known(
        shop_id=shop_id,
        orders=orders,
        numbers={one.row.tracking_no: one for one in found if one.row.tracking_no and _counts(one.row)},
        keys={one.row.key: one for one in found if one.row.key},
        elsewhere=_elsewhere(shop_id, numbers),
        serials=_used(shop_id, serials),
        after_sale_pauses=settings.of(shop_id).after_sale_pauses,
        shelf=departures.open_for(shop_id, [reserving.holder(one.order) for one in orders.values()]),
    )


def _counts(row: Parcel) -> bool:
    return row.state is not ParcelState.CANCELLED and row.kind is not ParcelKind.RETURN


def _orders(shop_id: int, ids: Sequence[int]) -> Iterable[Order]:
    mine = select(Order).where(Order.shop_id == assert_in_scope(shop_id), Order.id.in_(ids)).order_by(Order.id)
    return db.session.scalars(mine.with_for_update().execution_options(populate_existing=True))


def _add_lines(orders: dict[int, OrderFacts]) -> None:
    """Lines of goods with what has left of each."""
    facts = lines_of(list(orders))
    for order_id, lines in facts.items():
        orders[order_id].lines = lines


def lines_of(order_ids: Sequence[int]) -> dict[int, list[LineFacts]]:
    """The lines of goods of these orders, by order; three statements."""
    serial = select(SerialProduct.id).where(SerialProduct.product_id == Sku.product_id).exists()
    query = (
        select(OrderLine, serial.label("needs"))
        .outerjoin(Sku, Sku.id == OrderLine.sku_id)
        .where(OrderLine.order_id.in_(order_ids), OrderLine.kind == LineKind.PRODUCT, OrderLine.quantity > 0)
        .order_by(OrderLine.order_id, OrderLine.position)
    )
    sent = sent_by_line(order_ids)
    off = {line_id: units for ask in called_off for line_id, units in ask(order_ids).items()}
    found: dict[int, list[LineFacts]] = {}
    for row, needs in db.session.execute(query):
        wanted, left = max(row.quantity - off.get(row.id, 0), 0), sent.get(row.id, 0)
        facts = LineFacts(row.id, row.sku_id, row.code, row.title, wanted, left, bool(needs))
        found.setdefault(row.order_id, []).append(facts)
    return found


def sent_by_line(order_ids: Sequence[int]) -> dict[int, int]:
    """Units of each order line that have left with the sale itself; exchanges and re-sent goods do not count."""
    query = (
        select(ParcelLine.order_line_id, func.sum(ParcelLine.quantity))
        .join(Parcel, Parcel.id == ParcelLine.parcel_id)
        .where(ParcelLine.order_id.in_(order_ids), ParcelLine.order_line_id.is_not(None), Parcel.state.in_(OUT))
        .group_by(ParcelLine.order_line_id)
    )
    return {line_id: int(units) for line_id, units in db.session.execute(query) if line_id}


def _parcels(shop_id: int, order_ids: Sequence[int], numbers: set[str], keys: set[str]) -> list[ParcelFacts]:
    """The parcels of these orders and those with these numbers or keys, locked, with their contents."""
    of_orders = select(ParcelOrder.parcel_id).where(ParcelOrder.order_id.in_(order_ids))
    ids = set(db.session.scalars(of_orders))
    named = or_(Parcel.tracking_no.in_(numbers), Parcel.key.in_(keys)) if keys else Parcel.tracking_no.in_(numbers)
    ids |= (
        set(db.session.scalars(select(Parcel.id).where(Parcel.shop_id == shop_id, named))) if numbers or keys else set()
    )
    if not ids:
        return []
    query = select(Parcel).where(Parcel.shop_id == shop_id, Parcel.id.in_(ids)).order_by(Parcel.id)
    rows = db.session.scalars(query.with_for_update().execution_options(populate_existing=True))
    found = {row.id: ParcelFacts(row) for row in rows}
    links = select(ParcelOrder.parcel_id, ParcelOrder.order_id).where(ParcelOrder.parcel_id.in_(ids))
    for parcel_id, order_id in db.session.execute(links):
        found[parcel_id].order_ids.add(order_id)
    of = ParcelLine
    lines = select(of.parcel_id, of.order_id, of.order_line_id, of.quantity).where(of.parcel_id.in_(ids))
    for parcel_id, order_id, line_id, quantity in db.session.execute(lines):
        one = found[parcel_id]
        one.contained.add(order_id)
        if line_id:
            one.contents[line_id] = one.contents.get(line_id, 0) + quantity
    return list(found.values())


def _elsewhere(shop_id: int, numbers: set[str]) -> set[str]:
    """Which of these numbers another shop of this console has used: yes or no is all that leaves its wall."""
    values = {"shop_id": shop_id, "numbers": sorted(numbers)}
    return set(db.session.scalars(text(_ELSEWHERE), values)) if numbers else set()


def _used(shop_id: int, serials: set[str]) -> set[str]:
    values = {"shop_id": shop_id, "serials": sorted(serials)}
    return set(db.session.scalars(text(_SERIALS), values)) if serials else set()


_ELSEWHERE = """
select distinct tracking_no from parcel where tracking_no = any(cast(:numbers as text[])) and shop_id <> :shop_id
    and state <> 'cancelled' and kind <> 'return'"""
_SERIALS = """
select distinct one.serial from parcel_line l cross join lateral jsonb_array_elements_text(l.serials) as one(serial)
where l.shop_id = :shop_id and l.serials ?| cast(:serials as text[]) and l.serials <> '[]'
    and one.serial = any(cast(:serials as text[]))"""
