"""Offers and counter-offers: another kind, another amount; the other side accepts or declines, the last one stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from app.after_sale import access, cases, moving, opening, refund_amounts, refund_ledger
from app.after_sale.access import By
from app.after_sale.lifecycle import REFUNDING, Act
from app.after_sale.models import AfterSaleCase, CaseKind, CaseMessage, CaseState, OfferState, Party, RefundLine
from app.after_sale.opening import Wanted
from app.after_sale_events import CaseAmountChanged
from app.catalog.pictures import Picture
from app.kit import journal
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.orders.models import Order

NEGOTIABLE = (CaseState.REFUND_ASKED, CaseState.RETURN_ASKED, CaseState.REFUSED)


@dataclass(frozen=True)
class Terms:
    """What is offered: a kind, and for kinds that give money back how much (None: all that the units are worth)."""

    kind: CaseKind
    amount_minor: int | None = None


def say(case_id: int, by: By, words: str, pictures: Sequence[Picture] = (), version: int | None = None) -> CaseMessage:
    """A word or a picture without an offer. Raises RuleViolation("message_empty", "message_long")."""
    case, _ = access.locked(case_id, version)
    return cases.say(case, by.party, words, pictures)


def offer(case_id: int, by: By, terms: Terms, words: str = "", version: int | None = None) -> CaseMessage:
    """Offer other terms; an offer that stood is overtaken.

    What the terms come to is tried out first. Raises RuleViolation("case_move", "case_over_limit",
    "refund_beyond", "case_money"), Conflict("case_stale").
    """
    case, order = access.locked(case_id, version)
    if case.state not in NEGOTIABLE or by.party not in (Party.BUYER, Party.SELLER):
        raise _not_now(case, Act.CHANGE)
    from app.kit.db import rehearsal

    with rehearsal():
        _reshape(case, order, terms)
        if by.party is Party.SELLER:
            moving.check_limit(case, by)
    db.session.expire_all()
    case, _ = access.locked(case_id, version)
    _overtake(case)
    message = CaseMessage(party=by.party, body=words.strip(), offer=OfferState.STANDS, **vars(terms))
    return cases.keep_message(case, message)


def accept(message_id: int, by: By, version: int | None = None) -> AfterSaleCase:
    """The other side takes the offer: the terms become those of the case. What the shop has offered, or accepts, is
    agreed with it.

    Raises RuleViolation("offer_gone", "offer_own", "case_over_limit"), Conflict("case_stale"), NotFound.
    """
    case, order, message = _standing_offer(message_id, by, version)
    message.offer = OfferState.ACCEPTED
    terms = Terms(message.kind or case.kind, message.amount_minor)
    before = case.amount_minor
    moving.go(case, order, Act.CHANGE, By(by.party, may_approve=True), "offer_accepted")
    _reshape(case, order, terms)
    if case.amount_minor != before:
        facts = (before, case.amount_minor, "agreed")
        journal.record(CaseAmountChanged(case.shop_id, case.order_id, case.id, case.number, case.currency, *facts))
    agreeing = by if by.party is Party.SELLER else By(Party.SELLER, may_approve=True)
    return moving.go(case, order, Act.AGREE, agreeing, "offer_accepted")


def decline(message_id: int, by: By, words: str = "", version: int | None = None) -> AfterSaleCase:
    """The other side does not take the offer; the case stays where it is. Raises as `accept`."""
    case, _, message = _standing_offer(message_id, by, version)
    message.offer = OfferState.DECLINED
    db.session.flush()
    if words.strip():
        cases.say(case, by.party, words)
    return case


def standing(case_id: int) -> CaseMessage | None:
    """The offer that waits for an answer."""
    of_case = (CaseMessage.case_id == case_id, CaseMessage.offer == OfferState.STANDS)
    return db.session.scalars(select(CaseMessage).where(*of_case).order_by(CaseMessage.id.desc())).first()


def thread(case_id: int) -> list[CaseMessage]:
    """What was said, oldest first."""
    query = select(CaseMessage).where(CaseMessage.case_id == case_id).order_by(CaseMessage.id).limit(500)
    return list(db.session.scalars(query))


def status_code(case: AfterSaleCase) -> int:
    """Kuaishou's negotiateStatus: 1 the shop has to act, 2 it has agreed, 3 it has refused and the buyer has to."""
    if case.state is CaseState.REFUSED:
        return 3
    return 1 if case.state in (CaseState.REFUND_ASKED, CaseState.RETURN_ASKED) else 2


def _standing_offer(message_id: int, by: By, version: int | None) -> tuple[AfterSaleCase, Order, CaseMessage]:
    found = db.session.scalars(select(CaseMessage).where(CaseMessage.id == message_id)).first()
    if found is None:
        raise NotFound("not_found")
    case, order = access.locked(found.case_id, version)
    db.session.refresh(found)
    if found.offer is not OfferState.STANDS or case.state not in NEGOTIABLE:
        raise RuleViolation("offer_gone")
    if found.party is by.party:
        raise RuleViolation("offer_own")
    return case, order, found


def _overtake(case: AfterSaleCase) -> None:
    db.session.execute(
        update(CaseMessage)
        .where(CaseMessage.case_id == case.id, CaseMessage.offer == OfferState.STANDS)
        .values(offer=OfferState.OVERTAKEN),
        execution_options={"synchronize_session": "fetch"},
    )


def _reshape(case: AfterSaleCase, order: Order, terms: Terms) -> None:
    """Let go of what the case takes and take what the terms say.

    A buyer who keeps goods that they wanted to send back gets an amount for no unit: the unit stays theirs.
    """
    lines = access.lines_of(case.id)
    keeps = case.kind is CaseKind.RETURN_REFUND and terms.kind is CaseKind.REFUND_ONLY
    wanted = [
        Wanted(one.order_line_id, 0, one.amount_minor)
        if keeps or not one.asked_units
        else Wanted(one.order_line_id, one.asked_units)
        for one in lines
    ]
    wanted = [one for one in wanted if one.units or one.amount_minor]
    refund_ledger.release(lines)
    of_case = delete(RefundLine).where(RefundLine.case_id == case.id)
    db.session.execute(of_case, execution_options={"synchronize_session": "fetch"})
    case.kind = terms.kind
    if terms.kind not in REFUNDING:
        wanted = [one for one in wanted if one.units]
    case.amount_minor = opening.fill(case, order, wanted)
    if terms.kind in REFUNDING and terms.amount_minor is not None:
        _lower(case, terms.amount_minor)
    elif terms.amount_minor:
        raise RuleViolation("case_money")
    db.session.flush()


def _lower(case: AfterSaleCase, minor: int) -> None:
    lines = access.lines_of(case.id)
    takes = refund_amounts.lowered([refund_ledger.take_of(line) for line in lines], minor)
    for line, take in zip(lines, takes, strict=True):
        refund_ledger.change(line, take)
    case.amount_minor = minor


def _not_now(case: AfterSaleCase, act: Act) -> RuleViolation:
    facts = {"from_state": case.state.value, "act": act.value, "kind": case.kind.value}
    return RuleViolation("case_move", number=case.number, **facts)
