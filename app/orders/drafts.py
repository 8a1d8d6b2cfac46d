"""An order as somebody wants it: lines, discounts, shipping, buyer; checked, priced, and nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.catalog import prices
from app.catalog.models import Sku
from app.kit import money
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.orders import billing
from app.orders.billing import Bill
from app.orders.models import DiscountPayer
from app.shops.models import Shop

MOST_LINES, MOST_UNITS = 100, 1_000_000
MOST_MINOR = 10**12
TITLE_LENGTH = 200


@dataclass(frozen=True)
class WantedLine:
    """So many of a SKU; `price_minor` replaces its present price and needs a reason."""

    sku_id: int
    quantity: int
    price_minor: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class WantedDiscount:
    """A discount on the whole order in minor units, and who bears it."""

    amount_minor: int
    payer: DiscountPayer = DiscountPayer.MERCHANT
    label: str = ""


@dataclass(frozen=True)
class Basket:
    """What is bought, and for how much."""

    lines: tuple[WantedLine, ...] = ()
    discounts: tuple[WantedDiscount, ...] = ()
    shipping_minor: int = 0
    charges_minor: int = 0


@dataclass(frozen=True)
class PricedLine:
    """A line with code, title and prices in micros; `list_micros` is what it would cost without an override."""

    wanted: WantedLine
    code: str
    title: str
    unit_micros: int
    list_micros: int

    @property
    def is_overridden(self) -> bool:
        """Whether somebody has set another price than the present one."""
        return self.unit_micros != self.list_micros


@dataclass(frozen=True)
class Priced:
    """A basket with its bill."""

    basket: Basket
    lines: tuple[PricedLine, ...]
    bill: Bill = field(default_factory=lambda: Bill((), (), 0, 0, 0))


def price(shop: Shop, basket: Basket, kept: dict[int, int] | None = None) -> Priced:
    """Price a basket at this moment; `kept` holds unit prices in micros by SKU that an order has agreed already.

    Raises RuleViolation("order_empty", "order_too_long", "quantity_bad", "sku_twice", "order_sku_unknown",
    "price_reason_missing", "discount_too_large", "amount_bad").
    """
    _check(basket)
    skus = _skus(shop.id, [line.sku_id for line in basket.lines])
    present = prices.at(shop.id, list(skus))
    per_minor = micros_per_minor(shop.currency)
    lines = []
    for wanted in basket.lines:
        sku = skus[wanted.sku_id]
        listed = (kept or {}).get(wanted.sku_id, present[wanted.sku_id].price_minor * per_minor)
        unit = listed if wanted.price_minor is None else wanted.price_minor * per_minor
        if unit != listed and not wanted.reason:
            raise RuleViolation("price_reason_missing", sku=sku.code)
        lines.append(PricedLine(wanted, sku.code, _title(sku), unit, listed))
    bill = billing.make(
        [(line.wanted.quantity, line.unit_micros) for line in lines],
        [one.amount_minor for one in basket.discounts],
        basket.shipping_minor,
        shop.currency,
        basket.charges_minor,
    )
    return Priced(basket, tuple(lines), bill)


def _title(sku: Sku) -> str:
    """The product and its options, as who picks it must read them: 折叠遮阳伞 浅蓝 五折."""
    return " ".join([sku.product.title, *map(str, sku.options.values())])[:TITLE_LENGTH]


def micros_per_minor(currency: str) -> int:
    """How many micros of the major unit make one minor unit: 10,000 for CNY."""
    return 10 ** (6 - money.exponent(currency))


def _check(basket: Basket) -> None:
    if not basket.lines:
        raise RuleViolation("order_empty")
    if len(basket.lines) > MOST_LINES:
        raise RuleViolation("order_too_long", limit=MOST_LINES)
    if any(not 1 <= line.quantity <= MOST_UNITS for line in basket.lines):
        raise RuleViolation("quantity_bad", limit=MOST_UNITS)
    if len({line.sku_id for line in basket.lines}) != len(basket.lines):
        raise RuleViolation("sku_twice")
    amounts = [basket.shipping_minor, *(line.price_minor or 0 for line in basket.lines)]
    if any(not 0 <= one <= MOST_MINOR for one in amounts):
        raise RuleViolation("amount_bad")
    if any(not 1 <= one.amount_minor <= MOST_MINOR for one in basket.discounts):
        raise RuleViolation("amount_bad")


def _skus(shop_id: int, ids: Sequence[int]) -> dict[int, Sku]:
    query = select(Sku).where(Sku.shop_id == shop_id, Sku.id.in_(ids)).options(joinedload(Sku.product))
    found = {sku.id: sku for sku in db.session.scalars(query)}
    if missing := [one for one in ids if one not in found]:
        raise RuleViolation("order_sku_unknown", count=len(missing))
    return found
