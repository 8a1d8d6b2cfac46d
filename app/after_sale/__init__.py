"""After-sale: cases from the buyer's wish to the money back, and the ledger of what goes back."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "refund_units": _l("%(left)s units of this line can still be refunded, not %(wanted)s."),
        "refund_beyond": _l("That is more than can still go back of this order. Nothing was written."),
        "case_move": _l("Case %(number)s is “%(from_state)s”; “%(act)s” is not possible from there."),
        "not_a_variant": _l("In exchange goes the same product alone, in any of its variants."),
        "case_stale": _l(
            "Somebody changed case %(number)s after you opened it. Nothing was written; look at it again."
        ),
        "case_over_limit": _l(
            "Case %(number)s gives back %(amount)s; beyond %(limit)s somebody who may approve refunds has to agree."
        ),
        "case_empty": _l("Choose at least one unit or amount."),
        "case_order_closed": _l("Order %(number)s is closed; nothing more can be put right there."),
        "case_not_paid": _l("Order %(number)s has not been paid for; cancel it instead."),
        "case_not_shipped": _l("Nothing of order %(number)s has left the house yet: only a refund is possible."),
        "case_shipped": _l("Order %(number)s has left the house; open a return instead of cancelling it."),
        "case_money": _l("An exchange, a re-send and a repair give no money back. Choose units."),
        "case_line_unknown": _l("One of these lines is not of this order."),
        "reason_unknown": _l("There is no such reason."),
        "refusal_text": _l("This reason needs a few words for the buyer."),
        "refusal_pictures": _l("This reason needs at least one picture as proof."),
        "too_much_proof": _l("At most %(limit)s pictures at once."),
        "message_empty": _l("Write something, or add a picture or an offer."),
        "message_long": _l("At most %(limit)s characters."),
        "offer_gone": _l("This offer does not stand any more."),
        "offer_own": _l("Nobody accepts their own offer; the other side does."),
        "parcel_missing": _l("Give the carrier and the number of the parcel."),
        "receipt_sum": _l("%(code)s: say of each of the %(asked)s units what became of it; so far it is %(told)s."),
        "receipt_done": _l("The parcel of case %(number)s has been looked at already."),
        "refund_runs": _l("The refund of case %(number)s is still on its way; there is nothing to try again."),
        "case_refunding": _l("Order %(number)s is being cancelled and refunded; it cannot be sent any more."),
        "limit_bad": _l("A time is at least one hour and at most %(limit)s days, with one of the acts offered for it."),
    }
)
