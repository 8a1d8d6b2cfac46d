"""The course of a case: one table of acts, who may do which to which kind, and the only code that moves a case."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.after_sale.models import FINAL, AfterSaleCase, CaseKind, CaseState, Party
from app.after_sale.models import CaseKind as K
from app.after_sale.models import CaseState as S
from app.kit import lifecycle
from app.kit.errors import RuleViolation

P = Party

CODES: dict[CaseState, int] = {
    S.REFUND_ASKED: 10,
    S.RETURN_ASKED: 11,
    S.REFUSED: 12,
    S.DISPUTED: 20,
    S.PLATFORM_ASKS: 21,
    S.PLATFORM_RETURN: 22,
    S.WAITS_FOR_RETURN: 30,
    S.WAITS_FOR_CHECK: 40,
    S.WAITS_FOR_BUYER: 45,
    S.REFUNDING: 50,
    S.DONE: 60,
    S.CLOSED: 70,
}
"""Kuaishou's numbers."""
KIND_CODES: dict[CaseKind, int] = {K.RETURN_REFUND: 1, K.EXCHANGE: 3, K.RESEND: 4, K.REPAIR: 5, K.REFUND_ONLY: 10}
"""Kuaishou's handlingWay."""


class Act(StrEnum):
    """What can be done to a case."""

    AGREE = "agree"
    REFUND_NOW = "refund_now"
    REFUSE = "refuse"
    APPLY_AGAIN = "apply_again"
    CHANGE = "change"
    ESCALATE = "escalate"
    ASK_PROOF = "ask_proof"
    CONFIRM_RETURN = "confirm_return"
    SEND_BACK = "send_back"
    RECEIVE = "receive"
    SEND = "send"
    CONFIRM = "confirm"
    SUCCEED = "succeed"
    CLOSE = "close"


@dataclass(frozen=True)
class Step:
    """One row of the table: these parties may take these kinds from here to there."""

    act: Act
    sources: frozenset[CaseState]
    target: CaseState
    kinds: frozenset[CaseKind]
    parties: frozenset[Party]


ALL = frozenset(K)
RETURNING = frozenset({K.RETURN_REFUND, K.EXCHANGE, K.REPAIR})
"""Kinds in which the buyer sends something back."""
SENDING = frozenset({K.EXCHANGE, K.RESEND, K.REPAIR})
"""Kinds in which the shop sends something."""
REFUNDING = frozenset({K.REFUND_ONLY, K.RETURN_REFUND})
"""Kinds in which money goes back."""
_RO, _RR, _RS = frozenset({K.REFUND_ONLY}), frozenset({K.RETURN_REFUND}), frozenset({K.RESEND})
_ASKED = frozenset({S.REFUND_ASKED, S.RETURN_ASKED, S.REFUSED, S.DISPUTED, S.PLATFORM_ASKS})
_BACK = frozenset({S.PLATFORM_RETURN, S.WAITS_FOR_RETURN, S.WAITS_FOR_CHECK})
_DECIDES = frozenset({P.SELLER, P.PLATFORM, P.SYSTEM})

STEPS: tuple[Step, ...] = (
    Step(Act.AGREE, _ASKED, S.REFUNDING, _RO, _DECIDES),
    Step(Act.AGREE, _ASKED, S.WAITS_FOR_RETURN, RETURNING, _DECIDES),
    Step(Act.AGREE, _ASKED, S.WAITS_FOR_CHECK, _RS, _DECIDES),
    Step(
        Act.REFUND_NOW,
        _ASKED | {S.WAITS_FOR_RETURN, S.PLATFORM_RETURN},
        S.REFUNDING,
        _RR,
        frozenset({P.SELLER, P.PLATFORM}),
    ),
    Step(
        Act.REFUSE,
        frozenset({S.REFUND_ASKED, S.RETURN_ASKED, S.WAITS_FOR_CHECK}),
        S.REFUSED,
        ALL,
        frozenset({P.SELLER}),
    ),
    Step(Act.APPLY_AGAIN, frozenset({S.REFUSED}), S.REFUND_ASKED, _RO, frozenset({P.BUYER})),
    Step(Act.APPLY_AGAIN, frozenset({S.REFUSED}), S.RETURN_ASKED, ALL - _RO, frozenset({P.BUYER})),
    Step(
        Act.CHANGE,
        frozenset({S.REFUND_ASKED, S.RETURN_ASKED, S.REFUSED}),
        S.REFUND_ASKED,
        _RO,
        frozenset({P.BUYER, P.SELLER}),
    ),
    Step(
        Act.CHANGE,
        frozenset({S.REFUND_ASKED, S.RETURN_ASKED, S.REFUSED}),
        S.RETURN_ASKED,
        ALL - _RO,
        frozenset({P.BUYER, P.SELLER}),
    ),
    Step(
        Act.ESCALATE,
        frozenset(
            {S.REFUND_ASKED, S.RETURN_ASKED, S.REFUSED, S.WAITS_FOR_RETURN, S.WAITS_FOR_CHECK, S.WAITS_FOR_BUYER}
        ),
        S.DISPUTED,
        ALL,
        frozenset({P.BUYER, P.PLATFORM}),
    ),
    Step(Act.ASK_PROOF, frozenset({S.DISPUTED}), S.PLATFORM_ASKS, ALL, frozenset({P.PLATFORM})),
    Step(
        Act.CONFIRM_RETURN,
        frozenset({S.DISPUTED, S.PLATFORM_ASKS}),
        S.PLATFORM_RETURN,
        RETURNING,
        frozenset({P.PLATFORM}),
    ),
    Step(
        Act.SEND_BACK,
        frozenset({S.WAITS_FOR_RETURN, S.PLATFORM_RETURN}),
        S.WAITS_FOR_CHECK,
        RETURNING,
        frozenset({P.BUYER, P.SELLER}),
    ),
    Step(Act.RECEIVE, _BACK, S.REFUNDING, _RR, _DECIDES),
    Step(Act.RECEIVE, _BACK, S.WAITS_FOR_CHECK, RETURNING - _RR, frozenset({P.SELLER, P.PLATFORM})),
    Step(Act.SEND, frozenset({S.WAITS_FOR_CHECK}), S.WAITS_FOR_BUYER, SENDING, frozenset({P.SELLER})),
    Step(Act.CONFIRM, frozenset({S.WAITS_FOR_BUYER}), S.DONE, SENDING, frozenset(P)),
    Step(Act.SUCCEED, frozenset({S.REFUNDING}), S.DONE, REFUNDING, frozenset({P.SYSTEM})),
    Step(Act.CLOSE, _ASKED | _BACK, S.CLOSED, ALL, frozenset(P)),
)
"""Every legal move. Confirming receipt is legal from 22, 30 and 40 alone; 60 and 70 are never left."""


def find(case: AfterSaleCase, act: Act, party: Party) -> Step | None:
    """The row of the table that allows it, if any."""
    return next(
        (
            step
            for step in STEPS
            if step.act is act and case.state in step.sources and case.kind in step.kinds and party in step.parties
        ),
        None,
    )


def open_to(case: AfterSaleCase, party: Party) -> list[Act]:
    """What a party may do to a case now, in the order of the table."""
    return list(dict.fromkeys(step.act for step in STEPS if find(case, step.act, party) is step))


def first_state(kind: CaseKind) -> CaseState:
    """Where a case begins."""
    return S.REFUND_ASKED if kind is K.REFUND_ONLY else S.RETURN_ASKED


def move(case: AfterSaleCase, act: Act, party: Party) -> CaseState:
    """Take a case one step on; gives where it stood. Raises RuleViolation("case_move")."""
    step, before = find(case, act, party), case.state
    if step is None:
        raise RuleViolation(
            "case_move", number=case.number, from_state=before.value, act=act.value, kind=case.kind.value
        )
    lifecycle.move(case, step.target, {before: frozenset({step.target})}, "state")
    return before


def is_live(case: AfterSaleCase) -> bool:
    """Whether something still has to happen."""
    return case.state not in FINAL
