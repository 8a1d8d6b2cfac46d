"""Webhooks: what happens in a shop is told to other programs, signed, tried again, and sent again on request."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "webhook_name_missing": _l("Give the endpoint a name that says who listens."),
        "webhook_events_missing": _l("Choose at least one event; otherwise nothing would ever be sent."),
        "webhook_event_unknown": _l("There is no event “%(event)s”."),
        "webhook_url_bad": _l("This is no address that can be sent to. Write it like https://erp.example.com/kuaidan."),
        "webhook_url_private": _l(
            "%(host)s lies in a private network. An administrator can allow it by KUAIDAN_WEBHOOK_HOSTS."
        ),
        "webhook_not_https": _l("Use an address that begins with https://, so that nobody can read along."),
        "webhook_too_many": _l("A shop has at most %(limit)s endpoints. Delete one that is not needed any more."),
        "webhook_stale": _l("Somebody changed this endpoint after you opened it. Nothing was saved; look at it again."),
        "webhook_paused": _l("This endpoint is paused. Switch it on first."),
        "webhook_span_bad": _l("Say from when until when; the span must not be empty or longer than %(days)s days."),
        "webhook_span_large": _l("In this span happened more than %(limit)s such events. Choose a shorter one."),
        "webhook_event_gone": _l("The event itself is not kept any more."),
    }
)
