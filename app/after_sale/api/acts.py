"""What the shop does with a case: agrees, refuses, says what came back, gives the money back, or tries that again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.after_sale import access, cases, returns
from app.after_sale.api.opening import seller
from app.after_sale.api.reading import CASE, CASE_ID, NO_CASE, PATH, told
from app.after_sale.models import CaseState
from app.after_sale.reasons import MOST_TEXT, REFUSALS
from app.after_sale.returns import Came
from app.api.routes import Call, Contract, Reply, scoped
from app.api.shapes import TEXT, WHOLE, closed
from app.api_keys.scopes import Scope
from app.kit.db import db


def _act(summary: str, description: str, **more: Any) -> Contract:
    return Contract(
        summary=summary,
        description=description,
        parameters=(CASE_ID,),
        answers={200: ("The case.", CASE)},
        faults=NO_CASE,
        versioned=True,
        **more,
    )


def _done(call: Call, case_id: int, act: Callable[[], Any]) -> Reply:
    """Lock the case, compare its version where the caller names one, act, and tell how it stands."""
    call.check_version(access.locked(case_id)[0].version)
    act()
    db.session.flush()
    return Reply(told(access.locked(case_id)[0]))


@scoped(
    Scope.AFTER_SALE_WRITE,
    "POST",
    f"{PATH}/approve",
    _act(
        "Agree to a case",
        "A refund is asked of the channel; goods that the buyer shall send back are waited for. Money is back only "
        "when `refunded` says so. Beyond the shop's limit the key needs the scope after_sale:approve.",
    ),
)
def approve_case(call: Call, case_id: int) -> Reply:
    """Grant the wish."""
    return _done(call, case_id, lambda: cases.agree(case_id, seller(call)))


@scoped(
    Scope.AFTER_SALE_WRITE,
    "POST",
    f"{PATH}/refuse",
    _act(
        "Refuse a case",
        "The reason decides whether words are needed. Reasons that need pictures are given in the console.",
        body=closed(["reason"], reason={**TEXT, "enum": list(REFUSALS)}, words={**TEXT, "maxLength": MOST_TEXT}),
        example={"reason": "no_fault", "words": "The goods are as described."},
    ),
)
def refuse_case(call: Call, case_id: int) -> Reply:
    """Say no."""
    body = call.body
    return _done(call, case_id, lambda: cases.refuse(case_id, seller(call), body["reason"], body.get("words", "")))


_UNITS = {**WHOLE, "minimum": 0, "maximum": 10**9}
_CAME = closed(["line_id"], line_id=WHOLE, restocked=_UNITS, damaged=_UNITS, written_off=_UNITS, missing=_UNITS)


@scoped(
    Scope.AFTER_SALE_WRITE,
    "POST",
    f"{PATH}/receive",
    _act(
        "Say what came back",
        "For each line of the case with units: how many go back to stock, are damaged, are written off or were not in "
        "the parcel; together as many as were asked for. What is missing is not paid for.",
        body=closed(["lines"], lines={"type": "array", "minItems": 1, "maxItems": 101, "items": _CAME}),
        example={"lines": [{"line_id": 1, "restocked": 1}]},
    ),
)
def receive_return(call: Call, case_id: int) -> Reply:
    """Book the units."""
    names = ("restocked", "damaged", "written_off", "missing")
    came = {row["line_id"]: Came(*(row.get(name, 0) for name in names)) for row in call.body["lines"]}
    return _done(call, case_id, lambda: returns.receive(case_id, came, seller(call)))


@scoped(
    Scope.AFTER_SALE_WRITE,
    "POST",
    f"{PATH}/refund",
    _act(
        "Give the money of a case back",
        "Without waiting for the goods; or, when the channel has failed, ask it again for what is neither back nor on "
        "its way.",
    ),
)
def refund_case(call: Call, case_id: int) -> Reply:
    """Ask the channel."""

    def give() -> None:
        if access.locked(case_id)[0].state is CaseState.REFUNDING:
            cases.retry_refund(case_id, seller(call))
        else:
            cases.refund_now(case_id, seller(call))

    return _done(call, case_id, give)
