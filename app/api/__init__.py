"""The shell of the REST API: keys, scopes, limits, bodies, errors and the OpenAPI document; features bring routes."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "scope_missing": _l("This API key lacks the scope “%(scope)s”."),
        "owner_may_not": _l("The person who made this API key may not do this any more."),
        "too_many_requests": _l("Too many requests. Wait %(retry_seconds)s seconds and try again."),
        "not_json": _l("Send a body of the type application/json, not compressed."),
        "json_broken": _l("The body is not JSON that can be read: %(reason)s."),
        "body_missing": _l("Send a JSON body, and its length in the header Content-Length."),
        "body_too_large": _l("The body is too large; at most %(limit_bytes)s bytes are taken."),
        "no_body": _l("This request takes no body."),
        "idempotency_key_missing": _l("Send an Idempotency-Key header of 1 to 100 visible ASCII characters."),
        "request_invalid": _l("The request does not fit its description; first at “%(path)s”: %(reason)s"),
        "wrong_type": _l("Wanted is %(wanted)s, found %(found)s."),
        "not_allowed": _l("Allowed are: %(allowed)s."),
        "text_too_short": _l("The text is too short; at least %(limit)s characters are needed."),
        "wrong_form": _l("The text does not have the form %(pattern)s."),
        "not_text": _l("The text holds characters that cannot be kept."),
        "out_of_range": _l("The number must be from %(least)s to %(most)s."),
        "field_missing": _l("This field is needed."),
        "field_unknown": _l("There is no such field."),
        "too_many": _l("At most %(limit)s are taken."),
        "version_unreadable": _l('“%(value)s” is no version. Send If-Match as the ETag stands, such as "7".'),
        "stale_version": _l(
            "This is version %(present)s by now, not %(expected)s. Nothing was written; read it again and repeat."
        ),
        "version_needed": _l('Say which version you mean: If-Match: "%(present)s", after reading it.'),
        "too_few": _l("At least %(limit)s are needed."),
    }
)
