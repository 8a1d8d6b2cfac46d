"""Payments: money in and money back through channels, and the proof that it adds up."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "refund_too_much": _l("At most %(most)s %(currency)s of this order can still be refunded. Nothing was asked."),
        "refund_amount": _l("A refund is more than nothing. Give the amount."),
        "refund_reason": _l("Say in at most %(most)s characters why the money goes back. Nothing was asked."),
        "refund_unreadable": _l("“%(value)s” is no amount of %(currency)s. Write it like 12.50. Nothing was asked."),
        "refund_not_by_hand": _l("%(number)s is with the channel. Wait for its answer, or ask it now."),
        "refund_under_way": _l("%(number)s may still be carried out by the channel. It cannot be given up now."),
        "refund_not_failed": _l("%(number)s has not failed, so there is nothing to try again."),
        "order_takes_no_money": _l("%(number)s is paid or closed already. There is nothing to pay."),
        "channel_off": _l("%(channel)s cannot be used now. Choose another way to pay."),
        "channel_currency": _l("%(channel)s does not take %(currency)s. Choose another way to pay."),
        "channel_unknown": _l("There is no payment channel “%(channel)s”."),
        "credential_missing": _l("“%(field)s” is missing. The channel can be enabled when it is there."),
        "account_label": _l("Give the account a name of at most 80 characters."),
        "gateway_refused": _l("This address is no gateway that may be called. Leave it empty for the channel's own."),
        "key_unreadable": _l(
            "One of the keys or certificates cannot be read. Paste the whole file, from BEGIN to END."
        ),
        "key_of_other_mode": _l("A key for test money needs test mode, a key for real money needs it off."),
        "matter_reason": _l("Say in at most %(most)s characters how it was settled."),
        "matter_resolved": _l("Somebody has resolved this already."),
        "payment_setting": _l("Something in the settings is out of range. Nothing was saved."),
        "seal_key_gone": _l(
            "The key “%(key)s” that sealed these credentials is not configured any more. "
            "Put it back into KUAIDAN_SEALING_KEYS, or enter the credentials again."
        ),
        "seal_broken": _l("The stored credentials are damaged. Enter them again."),
        "link_expired": _l("This payment link has expired. Ask the shop for a new one."),
    }
)
