"""Orders, their lines and their course."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "order_move": _l("Order %(number)s is “%(from_state)s” and cannot become “%(to_state)s”: %(reason)s"),
        "cancel_paid": _l(
            "The shop holds money for order %(number)s. Cancel it with a refund, from its page; it closes when the "
            "money is back."
        ),
        "not_a_sale": _l("%(number)s is not a sale; only sales are paid, shipped and closed."),
        "batch_fact_missing": _l("This act needs the field “%(field)s”."),
        "note_empty": _l("Write the note first."),
        "note_full": _l("The staff note has no room for it; it takes %(limit)s characters."),
        "batch_too_large": _l("One bulk act takes at most %(limit)s rows. Narrow the list down by a filter."),
        "batch_row_fault": _l(
            "A fault on our side (reference %(reference)s). Try this row again; if it stays, tell your administrator."
        ),
        "order_empty": _l("Add at least one product."),
        "order_too_long": _l("An order has at most %(limit)s lines."),
        "quantity_bad": _l("A quantity is a whole number from 1 to %(limit)s."),
        "sku_twice": _l("One SKU stands in two lines. Put its units into one."),
        "order_sku_unknown": _l("%(count)s SKUs are not (any more) in this shop."),
        "price_reason_missing": _l("%(sku)s: say why the price is another one."),
        "discount_too_large": _l("The discount is larger than the goods."),
        "amount_bad": _l("An amount is not negative, and a discount more than nothing."),
        "amount_unreadable": _l("“%(value)s” is not an amount in %(currency)s. Write digits only, such as 12.50."),
        "number_unreadable": _l("“%(value)s” is not a whole number. Write digits only, such as 3."),
        "promise_bad": _l("The ship promise is 24, 48 or 72 hours, or 4 to 90 days for goods that are made first."),
        "term_bad": _l("A time is from 0, which is never, to 30 days, and to %(days)s days for goods on their way."),
        "not_editable": _l("Order %(number)s is “%(state)s”; lines are only changed before shipping."),
        "reopen_refused": _l("Order %(number)s cannot be opened again: %(reason)s"),
        "split_refused": _l("Order %(number)s cannot be split or put together: %(reason)s"),
        "split_nothing": _l("Say how many units go into the second order; at most those of each line."),
        "split_everything": _l("Something must stay in the first order."),
        "split_below_zero": _l(
            "What would stay of order %(number)s comes to less than nothing, or less was paid. Leave more goods in it."
        ),
        "split_changed": _l(
            "The lines of %(number)s were changed after the split; it cannot be put together any more."
        ),
        "not_split": _l("This order was not split from another one, or has been put together again."),
        "merge_few": _l("Choose at least two orders that wait for shipment to the same person and address."),
        "merge_other": _l("%(number)s goes to another person or address, in another currency, or waits no more."),
        "merge_many": _l("At most %(limit)s orders are sent together."),
        "lines_stale": _l("Somebody changed the lines of this order after you opened it. Look at them again."),
        "payment_amount": _l("%(wanted)s is still to be paid; that is the most that can be recorded."),
        "comment_empty": _l("Write the comment first."),
        "too_many_tags": _l("At most %(limit)s tags of %(length)s characters."),
        "flag_unknown": _l("There is no such flag."),
        "too_long": _l("“%(field)s” takes at most %(limit)s characters."),
        "phone_unreadable": _l("A phone number has at least %(fewest)s digits. Correct it, or leave it empty."),
    }
)
