"""The demo shops."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "demo_file_missing": _l("The demo data %(file)s is missing; fetch the whole repository, or start without it."),
        "demo_file_changed": _l("The demo data %(file)s is not the one that came with this version; fetch it again."),
        "demo_file_fault": _l("Row %(row)s of the demo data was refused (%(code)s)."),
    }
)
