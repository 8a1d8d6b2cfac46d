"""What the order page shows of its parcels; the page of orders asks for it at its edge."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.fulfilment import carriers, names, reading
from app.fulfilment.models import Parcel, ParcelKind
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope
from app.orders.models import Order


def of_order(order: Order) -> dict[str, Any]:
    """Its parcels, what is left, what can be done; four statements."""
    shown = reading.of_order(order.id)
    lines = reading.left(order.id) if reading.can_ship(order) else []
    return {
        "parcels": shown,
        "left": sum(line.left for line in lines),
        "nothing_left": not reading.has_goods_left(lines),
        "can_ship": reading.can_ship(order) and reading.has_goods_left(lines),
        "can_append": reading.can_append(order),
        "block": reading.block(order.id),
        "blocks": names.BLOCKS,
        "confirm": reading.confirm_due(order.id),
        "carriers": carriers.CARRIERS,
        "last_carrier": last_carrier(order.shop_id) if reading.can_append(order) else "",
        "carrier_of": names.carrier,
        "badge_of": names.state_badge,
        "kinds": names.KINDS,
        "sale": ParcelKind.SALE,
    }


def last_carrier(shop_id: int) -> str:
    """With whom the shop sent last: the one that the form offers."""
    mine = select(Parcel.carrier_code).where(Parcel.shop_id == assert_in_scope(shop_id))
    return db.session.scalars(mine.order_by(Parcel.moved_at.desc()).limit(1)).first() or carriers.CARRIERS[0].code
