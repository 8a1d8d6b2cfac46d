"""Figures, charts and reports."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "report_inverted": _l("The span begins on %(first)s, after its end on %(last)s. Swap the two days."),
        "report_future": _l("The span ends on %(last)s, but today is %(today)s in this shop. Choose an earlier end."),
        "report_too_long": _l("A report covers at most %(most)s days. Make several shorter ones."),
        "report_bad_day": _l("“%(value)s” is not a day. Write it as 2026-11-30."),
        "report_preset": _l("There is no span by that name. Choose one of the list."),
        "report_running": _l("This report is being made, or is ready already."),
    }
)
