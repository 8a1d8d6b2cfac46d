"""The form that moves stock by hand: reading it, and doing what it says."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.catalog.change_rules import StockReason
from app.kit.errors import RuleViolation
from app.stock import levels, movements
from app.stock.ledger import Why
from app.stock.models import StockMovement
from app.stock.movements import StockAt

DEEDS = {
    "count": _l("Count: on hand is now …"),
    "adjust": _l("More or fewer by …"),
    "receive": _l("Received"),
    "expect": _l("Expected"),
    "damage": _l("Damaged: cannot be sold"),
    "repair": _l("Repaired: can be sold again"),
    "write_off": _l("Write off what is unavailable"),
    "transfer": _l("Transfer to another warehouse"),
}
NOTE_LENGTH = 500


class DeedFaults(RuleViolation):
    """What is wrong with the form, by field."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("stock_form")
        self.faults = faults


def do(shop_id: int, sku_id: int, form: Mapping[str, str]) -> list[StockMovement]:
    """Carry out the form in the open transaction. Raises DeedFaults, and what the movements raise."""
    faults: dict[str, str] = {}
    deed = form.get("deed", "")
    if deed not in DEEDS:
        faults["deed"] = gettext("Choose what happened.")
    at = StockAt(shop_id, sku_id, _id(form, "warehouse", faults))
    number = _number(form, deed, faults)
    target = _id(form, "to", faults) if deed == "transfer" else 0
    why = _why(form, deed, faults)
    if faults:
        raise DeedFaults(faults)
    match deed:
        case "count":
            return movements.count(at, number, _expected(form), why)
        case "transfer":
            return movements.transfer(at, target, number, why)
        case "adjust":
            return movements.adjust(at, number, why)
        case "expect":
            return movements.expect(at, number, why)
    return _SIMPLE[deed](at, number, why)


_SIMPLE = {
    "receive": movements.receive,
    "damage": movements.damage,
    "repair": movements.repair,
    "write_off": movements.write_off,
}


def _id(form: Mapping[str, str], name: str, faults: dict[str, str]) -> int:
    text = form.get(name, "")
    if not text.isdecimal() or len(text) > 18:
        faults[name] = gettext("Choose a warehouse.")
        return 0
    return int(text)


def _number(form: Mapping[str, str], deed: str, faults: dict[str, str]) -> int:
    text = form.get("quantity", "").strip().replace("−", "-").replace(",", "")
    try:
        value = int(text)
    except ValueError:
        faults["quantity"] = gettext("Give a whole number.")
        return 0
    lowest = {"count": 0, "adjust": -levels.MOST, "expect": -levels.MOST}.get(deed, 1)
    if value == 0 and deed != "count":
        faults["quantity"] = gettext("0 changes nothing.")
    elif not lowest <= value <= levels.MOST:
        faults["quantity"] = gettext("Give a whole number between %(low)s and %(high)s.", low=lowest, high=levels.MOST)
    return value


def _why(form: Mapping[str, str], deed: str, faults: dict[str, str]) -> Why:
    reason = form.get("reason", "")
    if reason and reason not in set(StockReason):
        reason = ""
    if deed in ("count", "adjust") and not reason:
        faults["reason"] = gettext("Say why the stock changes.")
    return Why(reason=reason, note=form.get("note", "")[:NOTE_LENGTH], key=form.get("key", "")[:100] or None)


def _expected(form: Mapping[str, str]) -> int:
    """What the page showed for the warehouse when the form was drawn."""
    text = form.get(f"base-{form.get('warehouse', '')}", "")
    return int(text) if text.isdecimal() and len(text) < 19 else -1
