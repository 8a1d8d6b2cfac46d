"""API keys: who may act through the REST API, in which shop, with which scopes."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "key_name_missing": _l("Give the key a name that says what uses it."),
        "key_scopes_missing": _l("Choose at least one scope; a key without any can do nothing."),
        "key_scope_forbidden": _l("You may not give “%(scope)s” away, because your own role does not allow it."),
        "key_expiry_past": _l("The day of expiry has passed already."),
        "key_missing": _l("Send your API key in the header “Authorization: Bearer …”."),
        "key_unknown": _l("There is no such API key."),
        "key_revoked": _l("This API key has been revoked."),
        "key_expired": _l("This API key has expired."),
        "key_owner_gone": _l("The person who made this API key has no access to its shop any more."),
    }
)
