"""The bulk act of after-sale: agree to many requests for a refund, with a result for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.after_sale import access, cases, names
from app.after_sale.access import By
from app.after_sale.lifecycle import REFUNDING
from app.after_sale.models import AfterSaleCase, CaseState, Party
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.permissions import Noun, Verb
from app.orders import batches
from app.orders.batches import Subject
from app.orders.models import Order

APPROVE = "approve_refund"
ASKED = (CaseState.REFUND_ASKED, CaseState.RETURN_ASKED)


def lock(ids: Sequence[int]) -> dict[int, str]:
    """Lock cases in order of id, their orders first; the state of each by id."""
    of_orders = select(AfterSaleCase.order_id).where(AfterSaleCase.id.in_(ids))
    db.session.execute(select(Order.id).where(Order.id.in_(of_orders)).order_by(Order.id).with_for_update())
    query = select(AfterSaleCase.id, AfterSaleCase.state).where(AfterSaleCase.id.in_(ids)).order_by(AfterSaleCase.id)
    return {row.id: row.state.value for row in db.session.execute(query.with_for_update())}


CASE = Subject(lock, lambda state: names.STATE_LABELS[CaseState(state)], "CaseView.show")
batches.tellers["case_move"] = names.refused_move


@batches.act(APPROVE, _l("Agree to refunds"), CASE, noun=Noun.AFTER_SALE, verb=Verb.WRITE)
def approve_refund(case_id: int, given: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Agree to one: its money goes back, or its buyer may send back. `may_approve` lets go of more than the limit.

    One that was agreed to before is unchanged; any other is refused with the state it is in.
    """
    case, _ = access.locked(case_id)
    if case.kind in REFUNDING and case.state in (CaseState.WAITS_FOR_RETURN, CaseState.REFUNDING, CaseState.DONE):
        return False
    if case.kind not in REFUNDING or case.state not in ASKED:
        told = {"from_state": case.state.value, "act": "agree", "kind": case.kind.value}
        raise RuleViolation("case_move", number=case.number, **told)
    cases.agree(case_id, By(Party.SELLER, bool(facts.get("may_approve"))))
    return True
