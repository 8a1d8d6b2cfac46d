"""Products, SKUs, categories, and changing many at once."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "not_undoable": _l("This change cannot be undone: it is not applied, or it has been undone already."),
        "bad_rule": _l("This rule cannot be read. Fill in the form again."),
        "bad_percent": _l("“%(value)s” is not a percentage. Write it like −12.5; it may have four decimals."),
    }
)
