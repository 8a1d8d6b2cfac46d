"""What can be done to a case: agree, refuse, escalate, send back, receive, confirm, close, try a refund again.

Each takes the version that the act was decided on (`case_stale` when somebody was faster; None: whatever it is) and
on whose side it is done. Opening is in `opening`, offers in `negotiation`, parcels in `returns` and `sending`.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.after_sale import access, evidence, moving, reasons, refunding, sending
from app.after_sale.access import By
from app.after_sale.lifecycle import Act
from app.after_sale.models import AfterSaleCase, CaseMessage, CaseState, OfferState, Party
from app.after_sale_events import CaseSaid
from app.catalog.pictures import Picture
from app.kit import clock, context, journal
from app.kit.db import db
from app.kit.errors import RuleViolation


def agree(case_id: int, by: By, version: int | None = None, cause: str = "") -> AfterSaleCase:
    """Grant the wish: the money goes back, the buyer may send back, or the shop sends again.

    Raises RuleViolation("case_move", "case_over_limit"), Conflict("case_stale"), NotFound.
    """
    case, order = access.locked(case_id, version)
    return moving.go(case, order, Act.AGREE, by, cause)


def refund_now(case_id: int, by: By, version: int | None = None) -> AfterSaleCase:
    """Give the money back without waiting for the goods. Raises as `agree`."""
    case, order = access.locked(case_id, version)
    return moving.go(case, order, Act.REFUND_NOW, by)


def refuse(
    case_id: int, by: By, reason: str, words: str = "", pictures: Sequence[Picture] = (), version: int | None = None
) -> AfterSaleCase:
    """Say no, with a reason whose code decides what it must be proved with; the buyer may answer.

    Raises RuleViolation("case_move", "reason_unknown", "refusal_text", "refusal_pictures"), Conflict("case_stale").
    """
    case, order = access.locked(case_id, version)
    words = words.strip()
    if case.state in (CaseState.REFUND_ASKED, CaseState.RETURN_ASKED, CaseState.WAITS_FOR_CHECK):
        reasons.check_refusal(case.state, reason, words, len(pictures))
    moving.go(case, order, Act.REFUSE, by, reason)
    case.refusal = reason
    if words or pictures:
        say(case, by.party, words, pictures)
    return case


def step(case_id: int, act: Act, by: By, words: str = "", version: int | None = None) -> AfterSaleCase:
    """A move without facts of its own: apply again, escalate, ask for proof, confirm the return, confirm, close.

    Raises RuleViolation("case_move"), Conflict("case_stale").
    """
    case, order = access.locked(case_id, version)
    theirs = act is Act.CLOSE and by.party is Party.SELLER and case.opened_by is not Party.SELLER
    if theirs or act not in PLAIN_STEPS:
        raise _not_so(case, act)
    moving.go(case, order, act, by)
    if act is Act.CONFIRM:
        sending.taken(case)
    if words.strip():
        say(case, by.party, words)
    return case


PLAIN_STEPS = (Act.APPLY_AGAIN, Act.ESCALATE, Act.ASK_PROOF, Act.CONFIRM_RETURN, Act.CONFIRM, Act.CLOSE)
"""The acts that `step` does."""


def retry_refund(case_id: int, by: By, version: int | None = None) -> AfterSaleCase:
    """Ask the channel again for money that it did not give back. Raises RuleViolation("refund_runs")."""
    case, _ = access.locked(case_id, version)
    refunding.check_retry(case)
    moving.check_limit(case, by)
    refunding.ask(case)
    moving.arrived(case)
    db.session.flush()
    return case


def say(case: AfterSaleCase, party: Party, words: str, pictures: Sequence[Picture] = ()) -> CaseMessage:
    """Add a word to the thread of a locked case. Raises RuleViolation("message_empty", "message_long")."""
    words = words.strip()
    if not words and not pictures:
        raise RuleViolation("message_empty")
    return keep_message(case, CaseMessage(party=party, body=words, offer=OfferState.SAID), pictures)


def keep_message(case: AfterSaleCase, message: CaseMessage, pictures: Sequence[Picture] = ()) -> CaseMessage:
    """Write a message of the thread down, with its pictures."""
    if len(message.body) > reasons.MOST_TEXT:
        raise RuleViolation("message_long", limit=reasons.MOST_TEXT)
    message.shop_id, message.case_id = case.shop_id, case.id
    message.actor, message.created_at = str(context.actor()), clock.now()
    db.session.add(message)
    db.session.flush()
    evidence.add(case, message.party, pictures, message.id)
    kind = message.kind.value if message.kind else ""
    facts = (message.id, message.party.value, message.offer.value, kind, message.amount_minor)
    journal.record(CaseSaid(case.shop_id, case.order_id, case.id, case.number, case.currency, *facts))
    db.session.flush()
    return message


def _not_so(case: AfterSaleCase, act: Act) -> RuleViolation:
    facts = {"from_state": case.state.value, "act": act.value, "kind": case.kind.value}
    return RuleViolation("case_move", number=case.number, **facts)
