"""Orders of the invented shop: ninety days up to now, in every status, with their histories and a few refunds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.catalog.models import Sku
from app.demo import kuaile_parcels
from app.kit import clock, context
from app.kit.journal import JournalEntry
from app.order_events import OrderMoved
from app.orders import lifecycle
from app.orders.models import CloseCause, LineKind, Order, OrderKind, OrderLine
from app.orders.models import OrderStatus as S
from app.shops.models import Shop

DAYS = 89
ORDERS, SMALL_ORDERS = 420, 60
NOTE_EVERY = 24
"""Of so many completed orders, one is sent back in part."""
FREE_POSTAGE_MINOR, POSTAGE_MINOR = 5900, 800
PATH = (S.PENDING_PAYMENT, S.PENDING_SHIPMENT, S.SHIPPED, S.DELIVERED, S.COMPLETED)
STEP_HOURS = (0, 0.2, 20, 70, 240)
"""Hours after the order was placed at which it reaches each status of PATH."""
PROMISE_HOURS = 48
STREETS = ("幸福路", "光明街", "和平大道", "青年路", "文化巷", "花园街")
Buyers = Sequence[tuple[int, str]]
Goods = Sequence[tuple[Sku, str]]


@dataclass(frozen=True)
class Line:
    """A line in the making; charges have no SKU."""

    kind: LineKind
    sku_id: int | None
    code: str
    title: str
    quantity: int
    price_minor: int


def load(session: Session, shop: Shop, skus: Goods, buyers: Buyers, chance: random.Random, *, small: bool) -> int:
    """Write the orders and return how many; numbered as they came in."""
    count = SMALL_ORDERS if small else ORDERS
    now = clock.now()
    sales = [
        _order(shop, place, standing, (skus, buyers), chance)
        for place, standing in enumerate(standings(now, count, chance))
    ]
    _write(session, sales)
    kuaile_parcels.load(session, [order for order, _ in sales])
    done = [pair for pair in sales if pair[0].status is S.COMPLETED]
    notes = [_note(order, lines) for order, lines in done[::NOTE_EVERY]]
    _write(session, notes)
    session.add_all([entry for order, _ in sales for entry in _history(order, now)])
    session.flush()
    return len(sales) + len(notes)


def standings(now: datetime, count: int, chance: random.Random) -> list[tuple[datetime, S]]:
    """When each of so many orders was placed, the oldest first, and where it stands."""
    times = sorted(_placed_at(now, place, count, chance) for place in range(count))
    return [(at, _status(place, now - at)) for place, at in enumerate(times)]


def _placed_at(now: datetime, place: int, count: int, chance: random.Random) -> datetime:
    """Spread over the ninety days, a little denser towards today; who would come by night came the day before."""
    share, minutes = (place + chance.random()) / count, chance.randint(0, 700)  # drawn whatever the hour: same baskets
    at = now - timedelta(days=DAYS * (1 - share) ** 1.3, minutes=3)
    local_hour = (at.hour + 8) % 24
    earlier = at - timedelta(hours=local_hour, minutes=minutes) if local_hour < 9 else at
    return earlier.replace(microsecond=0)


def _status(place: int, age: timedelta) -> S:
    """Where an order of that age stands; every thirteenth was closed on the way."""
    if place % 13 == 6:
        return S.CLOSED
    hours = age.total_seconds() / 3600
    if hours < 36 and place % 3 == 0:
        return S.PENDING_PAYMENT
    if hours < 66:
        return S.PENDING_SHIPMENT
    if hours < 24 * 6:
        return S.SHIPPED
    return S.DELIVERED if hours < 24 * 13 else S.COMPLETED


def _order(
    shop: Shop, place: int, standing: tuple[datetime, S], stocked: tuple[Goods, Buyers], chance: random.Random
) -> tuple[Order, list[Line]]:
    (placed_at, status), (skus, buyers) = standing, stocked
    chosen = chance.sample(skus, chance.choices((1, 2, 3, 4), (50, 28, 15, 7))[0])
    lines = [
        Line(LineKind.PRODUCT, sku.id, sku.code, title, chance.choices((1, 2, 3), (80, 15, 5))[0], sku.price_minor)
        for sku, title in chosen
    ]
    items = sum(line.quantity * line.price_minor for line in lines)
    if items < FREE_POSTAGE_MINOR:
        lines.append(Line(LineKind.CHARGE, None, "运费", "快递运费", 1, POSTAGE_MINOR))
    if chance.random() < 0.2:
        lines.append(Line(LineKind.CHARGE, None, "优惠", "店铺优惠", -1, 500))
    customer_id, name = chance.choice(buyers)
    street = f"{chance.choice(STREETS)}{chance.randint(1, 280)}号{chance.randint(1, 30)}幢{chance.randint(101, 2604)}室"
    order = Order(
        shop_id=shop.id,
        number=f"KL{clock.day_of(placed_at, shop.time_zone):%Y%m%d}{place + 1:05d}",
        kind=OrderKind.SALE,
        **lifecycle.at(status),
        placed_at=placed_at,
        currency=shop.currency,
        country=shop.country,
        customer_id=customer_id,
        receiver=name,
        address=f"示例省示例市样板区{street}",
    )
    return order, lines


def _note(sale: Order, lines: list[Line]) -> tuple[Order, list[Line]]:
    """A credit note for one unit of the sale's first line, a week after it was placed."""
    first = lines[0]
    note = Order(
        shop_id=sale.shop_id,
        number=f"C{sale.number.removeprefix('KL')}",
        kind=OrderKind.CREDIT_NOTE,
        **lifecycle.at(S.COMPLETED),
        placed_at=sale.placed_at + timedelta(days=7),
        currency=sale.currency,
        country=sale.country,
        customer_id=sale.customer_id,
        reverses_id=sale.id,
        receiver=sale.receiver,
        address=sale.address,
    )
    return note, [Line(first.kind, first.sku_id, first.code, first.title, -1, first.price_minor)]


def _write(session: Session, pairs: Sequence[tuple[Order, list[Line]]]) -> None:
    for order, lines in pairs:
        goods = [line for line in lines if line.kind is LineKind.PRODUCT]
        order.units = sum(line.quantity for line in goods)
        order.items_minor = sum(line.quantity * line.price_minor for line in goods)
        order.total_minor = sum(line.quantity * line.price_minor for line in lines)
        order.charges_minor = order.total_minor - order.items_minor
        _settle(order)
    session.add_all([order for order, _ in pairs])
    session.flush()
    rows = [_line(order, place, line) for order, lines in pairs for place, line in enumerate(lines, 1)]
    session.execute(insert(OrderLine), rows)


def _settle(order: Order) -> None:
    """What was paid, when, why it was closed, and when it is due."""
    if order.status is S.CLOSED:
        order.close_cause = CloseCause.UNPAID
    elif order.kind is OrderKind.SALE and order.status is not S.PENDING_PAYMENT:
        order.paid_minor, order.paid_at = order.total_minor, order.placed_at + timedelta(hours=STEP_HOURS[1])
        order.promise_hours = PROMISE_HOURS
        order.due_at = order.paid_at + timedelta(hours=PROMISE_HOURS)


def _line(order: Order, position: int, line: Line) -> dict[str, object]:
    return {
        "shop_id": order.shop_id,
        "order_id": order.id,
        "position": position,
        "kind": line.kind,
        "sku_id": line.sku_id,
        "code": line.code,
        "title": line.title,
        "quantity": line.quantity,
        "unit_price_micros": line.price_minor * 10_000,
        "amount_minor": line.quantity * line.price_minor,
    }


def _history(order: Order, now: datetime) -> list[JournalEntry]:
    """The moves that brought the order where it stands, at plausible times, none in the future."""
    if order.status is S.CLOSED:
        steps = [(S.PENDING_PAYMENT, S.CLOSED, 24.0)]
    else:
        reached = PATH[: PATH.index(order.status) + 1]
        steps = [(before, after, STEP_HOURS[PATH.index(after)]) for before, after in pairwise(reached)]
    return [
        JournalEntry(
            at=min(order.placed_at + timedelta(hours=hours), now),
            event=OrderMoved.__name__,
            shop_id=order.shop_id,
            subject_type=OrderMoved.subject_type,
            subject_id=order.id,
            actor=str(context.actor()),
            request_id=context.request_id(),
            facts=asdict(_moved(order, before, after)),
        )
        for before, after, hours in steps
    ]


def _moved(order: Order, before: S, after: S) -> OrderMoved:
    """The step between two headlines, with the one axis on which it was made."""
    then, now = lifecycle.at(before), lifecycle.at(after)
    axis = next(axis for axis in lifecycle.Axis if then[axis] is not now[axis])
    cause = CloseCause.UNPAID.value if after is S.CLOSED else ""
    states = then[axis].value, now[axis].value
    return OrderMoved(order.shop_id, order.id, before.value, after.value, axis.value, *states, cause)
