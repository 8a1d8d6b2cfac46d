"""The form of an order's lines, discounts and shipping, as a browser sends it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from app.kit import money
from app.kit.errors import RuleViolation, naming
from app.orders.drafts import Basket, WantedDiscount, WantedLine
from app.orders.models import DiscountPayer

Form = MultiDict[str, str]


def basket(form: Form, currency: str) -> Basket:
    """The basket that a form describes; a blank price keeps the present one, a blank discount is none.

    Raises RuleViolation("amount_unreadable", "number_unreadable").
    """
    fields = (form.getlist(name) for name in ("sku_id", "quantity", "price", "reason"))
    lines = tuple(_line(place, row, currency) for place, row in enumerate(zip(*fields, strict=False)))
    rows = zip(*(form.getlist(f"discount_{part}") for part in ("amount", "payer", "label")), strict=False)
    discounts = tuple(_discount(place, row, currency) for place, row in enumerate(rows) if row[0].strip())
    with naming(gettext("Shipping"), "shipping"):
        return Basket(lines, discounts, _optional(form.get("shipping", ""), currency) or 0)


def _line(place: int, row: tuple[str, ...], currency: str) -> WantedLine:
    sku, quantity, price, reason = row
    with naming(gettext("Quantity in line %(place)s", place=place + 1), "quantity", place):
        units = whole(quantity)
    with naming(gettext("Another unit price in line %(place)s", place=place + 1), "price", place):
        price_minor = _optional(price, currency)
    return WantedLine(whole(sku), units, price_minor, reason.strip()[:200])


def _discount(place: int, row: tuple[str, ...], currency: str) -> WantedDiscount:
    amount, payer, label = row
    with naming(gettext("Discount"), "discount_amount", place):
        return WantedDiscount(minor(amount, currency), _payer(payer), label.strip()[:120])


def whole(text: str) -> int:
    """A whole number. Raises RuleViolation("number_unreadable")."""
    plain = text.strip().replace(",", "")
    if not plain.isascii() or not plain.isdigit() or len(plain) > 15:
        raise RuleViolation("number_unreadable", value=text[:40])
    return int(plain)


def minor(text: str, currency: str) -> int:
    """An amount in minor units. Raises RuleViolation("amount_unreadable")."""
    try:
        found = money.to_minor(text.strip().replace(",", ""), currency)
    except ValueError as error:
        raise RuleViolation("amount_unreadable", value=text[:40], currency=currency) from error
    if abs(found) > 10**15:
        raise RuleViolation("amount_unreadable", value=text[:40], currency=currency)
    return found


def _optional(text: str, currency: str) -> int | None:
    return minor(text, currency) if text.strip() else None


def _payer(text: str) -> DiscountPayer:
    known: dict[str, Any] = {payer.value: payer for payer in DiscountPayer}
    return known.get(text, DiscountPayer.MERCHANT)
