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
        "row_too_long": _l("There is content right of the last of the %(columns)s columns; is a comma not quoted?"),
    }
)
