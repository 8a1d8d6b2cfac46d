"""Stock that can be explained: warehouses, levels, the typed ledger, holds, and the nightly proof."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "insufficient_stock": _l("%(sku)s: %(wanted)s wanted, %(available)s available. Nothing was taken."),
        "stock_moved_on": _l("%(sku)s: on hand is %(present)s by now, not %(expected)s. Nothing was written."),
        "stock_below_zero": _l("%(sku)s: only %(present)s are there to take %(wanted)s from. Nothing was written."),
        "stock_quantity": _l("A quantity is a whole number from 1 to %(most)s."),
        "reason_missing": _l("Say why the stock changes."),
        "same_warehouse": _l("Choose two different warehouses."),
        "holds_gone": _l("The reserved stock of %(holder)s has been given back. Reserve it again first."),
        "default_warehouse": _l("A shop needs a default warehouse. Make another one the default first."),
        "stock_form": _l("Something in the form is not right. Nothing was written."),
        "expected_missing": _l("Say what the count expects to find: what on hand was when it was last read."),
        "warehouse_unknown": _l("There is no warehouse with the code “%(code)s” in this shop."),
        "no_lines": _l("There is nothing to reserve."),
    }
)
