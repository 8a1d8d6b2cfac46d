"""Orders, their lines and their course."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "order_move": _l("Order %(number)s is “%(from_state)s” and cannot become “%(to_state)s”: %(reason)s"),
        "not_a_sale": _l("%(number)s is not a sale; only sales are paid, shipped and closed."),
        "note_empty": _l("Write the note first."),
        "too_many_orders": _l(
            "At most %(limit)s orders take a note in one go. Narrow the list down by a filter and try again."
        ),
        "too_long": _l("“%(field)s” takes at most %(limit)s characters."),
    }
)
