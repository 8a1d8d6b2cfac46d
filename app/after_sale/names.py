"""The names of kinds, states, acts and parties for people, and the sentence of a move that is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.after_sale.lifecycle import Act
from app.after_sale.models import AfterSaleCase, CaseKind, CaseState, Party
from app.after_sale.settings import Late
from app.kit.errors import MESSAGES

KIND_LABELS = {
    CaseKind.REFUND_ONLY: _l("Refund only"),
    CaseKind.RETURN_REFUND: _l("Return and refund"),
    CaseKind.EXCHANGE: _l("Exchange"),
    CaseKind.RESEND: _l("Re-send"),
    CaseKind.REPAIR: _l("Repair"),
}
STATE_LABELS = {
    CaseState.REFUND_ASKED: _l("Refund asked for"),
    CaseState.RETURN_ASKED: _l("Return asked for"),
    CaseState.REFUSED: _l("Refused, buyer to answer"),
    CaseState.DISPUTED: _l("With the platform"),
    CaseState.PLATFORM_ASKS: _l("Platform asks for proof"),
    CaseState.PLATFORM_RETURN: _l("Platform: return confirmed"),
    CaseState.WAITS_FOR_RETURN: _l("Buyer to send back"),
    CaseState.WAITS_FOR_CHECK: _l("Shop to check and act"),
    CaseState.WAITS_FOR_BUYER: _l("Sent, buyer to confirm"),
    CaseState.REFUNDING: _l("Refund on its way"),
    CaseState.DONE: _l("After-sale done"),
    CaseState.CLOSED: _l("After-sale closed"),
}
STATE_LOOKS = {
    CaseState.REFUND_ASKED: ("warning", "receipt-refund"),
    CaseState.RETURN_ASKED: ("warning", "truck-return"),
    CaseState.REFUSED: ("secondary", "message-x"),
    CaseState.DISPUTED: ("danger", "gavel"),
    CaseState.PLATFORM_ASKS: ("danger", "gavel"),
    CaseState.PLATFORM_RETURN: ("info", "gavel"),
    CaseState.WAITS_FOR_RETURN: ("info", "truck-return"),
    CaseState.WAITS_FOR_CHECK: ("warning", "package"),
    CaseState.WAITS_FOR_BUYER: ("info", "truck-delivery"),
    CaseState.REFUNDING: ("info", "cash"),
    CaseState.DONE: ("success", "circle-check"),
    CaseState.CLOSED: ("secondary", "circle-x"),
}
PARTY_LABELS = {
    Party.BUYER: _l("Buyer"),
    Party.SELLER: _l("Shop"),
    Party.PLATFORM: _l("Platform"),
    Party.SYSTEM: _l("System"),
}
ACT_LABELS = {
    Act.AGREE: _l("Agree"),
    Act.REFUND_NOW: _l("Refund without a return"),
    Act.REFUSE: _l("Refuse"),
    Act.APPLY_AGAIN: _l("Applies again"),
    Act.CHANGE: _l("Change the terms"),
    Act.ESCALATE: _l("Calls the platform"),
    Act.ASK_PROOF: _l("Asks for proof"),
    Act.CONFIRM_RETURN: _l("Confirms the return"),
    Act.SEND_BACK: _l("Record the return parcel"),
    Act.RECEIVE: _l("Check what came back"),
    Act.SEND: _l("Send the parcel"),
    Act.CONFIRM: _l("The buyer has it"),
    Act.SUCCEED: _l("The money is back"),
    Act.CLOSE: _l("Close the case"),
}
LATE_LABELS = {
    Late.REMIND: _l("only show it as overdue"),
    Late.AGREE: _l("agree by itself"),
    Late.CLOSE: _l("close by itself"),
    Late.CONFIRM: _l("count as received"),
}
WHOSE_TURN = {
    CaseState.REFUND_ASKED: _l("Agree, and the money goes back at once; refuse with a reason; or offer other terms."),
    CaseState.RETURN_ASKED: _l("Agree, and the buyer may send the goods; refuse with a reason; or offer other terms."),
    CaseState.REFUSED: _l("The buyer can apply again, accept an offer, call the platform, or let it rest."),
    CaseState.DISPUTED: _l("The platform decides. You can still agree, and that ends the dispute."),
    CaseState.PLATFORM_ASKS: _l("Add your proof below before the time is over."),
    CaseState.PLATFORM_RETURN: _l("The buyer sends the goods back; the platform has confirmed it."),
    CaseState.WAITS_FOR_RETURN: _l("The buyer sends the goods back. Note the parcel’s number when they tell you."),
    CaseState.WAITS_FOR_BUYER: _l("The parcel is on its way to the buyer."),
    CaseState.REFUNDING: _l("The channel has been asked. The case is done when it says that the money is back."),
    CaseState.DONE: _l("Everything has been put right."),
    CaseState.CLOSED: _l("Nothing more happens here. The buyer can open a new case."),
}
CHECK_TURN = {
    CaseKind.RETURN_REFUND: _l("Say of each unit what became of it. The money for what came back follows."),
    CaseKind.EXCHANGE: _l("Say of each unit what became of it, then send the replacement."),
    CaseKind.REPAIR: _l("Say whether the goods have come, then send them back repaired."),
    CaseKind.RESEND: _l("Send what was missing."),
}


def turn(case: AfterSaleCase) -> Any:
    """Whose turn it is and what they can do."""
    if case.state is CaseState.REFUNDING and case.refund_error:
        return _l("The channel did not give the money back. Look at the reason, then try again or pay it back by hand.")
    if case.state is CaseState.WAITS_FOR_CHECK:
        sent = _l("What came back is booked. Send the parcel now.")
        return sent if case.received_at and case.kind is not CaseKind.RETURN_REFUND else CHECK_TURN[case.kind]
    return WHOSE_TURN[case.state]


def refused_move(facts: Mapping[str, Any]) -> str:
    """Why an act is not possible, from the facts of "case_move"."""
    words = {
        "number": facts["number"],
        "from_state": STATE_LABELS[CaseState(facts["from_state"])],
        "act": ACT_LABELS[Act(facts["act"])],
    }
    return str(MESSAGES["case_move"]) % words
