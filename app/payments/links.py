"""Payment links: an address that lets whoever holds it see and pay one order, and nothing else, for some days."""

from __future__ import annotations

from dataclasses import dataclass

from app.kit import context, origin, sealing
from app.kit.errors import NotFound
from app.orders.models import Order, OrderKind
from app.payments import settings

PURPOSE = "pay"
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Link:
    """Whose link it is, of which order."""

    shop_id: int
    order_id: int


def path_of(order: Order) -> str:
    """The path of an order's payment link, fresh from now."""
    return f"/pay/{sealing.sign([order.shop_id, order.id], PURPOSE)}"


def address_of(order: Order) -> str:
    """The whole payment link of a sale, for people. Raises NotFound for other documents."""
    if order.kind is not OrderKind.SALE:
        raise NotFound("not_found")
    return origin.address(path_of(order))


def read(token: str) -> Link:
    """What a link is about. Raises NotFound, LinkExpired when it is older than the shop allows."""
    shop_id, order_id = sealing.signed(token, PURPOSE, settings.DAYS[-1] * DAY_SECONDS)
    with context.shops([shop_id]):
        days = settings.of(shop_id).link_days
    sealing.signed(token, PURPOSE, days * DAY_SECONDS)
    return Link(shop_id, order_id)
