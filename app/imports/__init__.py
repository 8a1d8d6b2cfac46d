"""Workbooks in and out: products and past orders, staged, checked, rehearsed and committed."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "import_column_missing": _l("No column of the file is mapped to: %(fields)s. Map one and check again."),
        "cell_error_value": _l("The cell holds the error %(value)s. Replace it by a value, or leave it blank."),
        "cell_not_calculated": _l("The cell is a formula without a result. Open the file in Excel or WPS and save it."),
        "cell_precision_lost": _l(
            "The number has more than 15 digits, so Excel has already changed its last ones. "
            "Format the column as text and type it again."
        ),
        "row_too_short": _l("The row ends early: the file has %(columns)s columns, this row has fewer."),
        "order_field_missing": _l("The cell is blank; an order line needs it."),
        "order_text_too_long": _l("The text is too long; at most %(limit)s characters fit."),
        "bad_quantity": _l("“%(value)s” is not a whole number of at most nine digits."),
        "bad_price": _l("“%(value)s” is not a price with a point and at most six decimals, such as 12.50."),
        "bad_date": _l("“%(value)s” is not a date that is known here; write 2026-11-23 08:30."),
        "negative_price": _l("A product cannot be sold at %(value)s. On credit notes the quantity has the minus sign."),
        "amount_too_large": _l("Quantity times price is too large to be true (%(value)s)."),
        "order_customers_differ": _l("The rows of this order name several customers; an order has one."),
        "order_row_refused": _l("Row %(row)s of the same order was refused or left out; the order waits as a whole."),
        "order_differs": _l("Order %(number)s is there already with other content; imports do not rewrite history."),
        "too_many_names": _l("At most %(limit)s different option and attribute names are taken in one call."),
        "bad_name": _l(
            "A name of an option or attribute is blank, longer than %(limit)s characters, or holds a control character."
        ),
        "text_reserved": _l("“%(value)s” cannot be a value; it stands for emptying a field in workbooks."),
        "given_twice": _l("Give either this field or “%(other)s”, not both."),
        "tag_comma": _l("The tag “%(value)s” holds a comma; commas part tags."),
        "version_stale": _l("Somebody saved this SKU since; its version is %(present)s now."),
        "value_stale": _l("“%(field)s” is %(present)s now, not what the row expects."),
        "stock_short": _l("Only %(present)s are in stock; a change of %(change)s would fall below zero."),
        "rows_refused": _l("Nothing was written: %(bad)s of %(rows)s rows cannot be taken."),
        "overtaken": _l("Somebody wrote the same rows at the same moment. Nothing was written; send the call again."),
        "row_too_long": _l("There is content right of the last of the %(columns)s columns; is a comma not quoted?"),
    }
)
