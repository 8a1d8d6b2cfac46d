"""Opening a case: what the buyer wants of an order; or cancelling a paid order that has not left."""

from __future__ import annotations

from typing import Any

from app.after_sale import opening
from app.after_sale.access import By
from app.after_sale.api.reading import CASE, NO_ORDER, ORDER_ID, ORDER_PATH, told
from app.after_sale.models import CaseKind, Party
from app.after_sale.opening import Wanted, Wish
from app.after_sale.reasons import MOST_TEXT, WISHES
from app.api.routes import Call, Contract, Reply, scoped
from app.api.shapes import AMOUNT, TEXT, TRUE_OR_FALSE, WHOLE, WHOLE_OR_NULL, closed, of, shape
from app.api_keys.scopes import Scope
from app.kit.db import db, rehearsal
from app.kit.errors import Forbidden
from app.orders import draft_form, handling

REASON: dict[str, Any] = {**TEXT, "enum": list(WISHES)}
_LINE = closed(
    ["order_line_id"],
    order_line_id={**WHOLE_OR_NULL, "description": "Null for shipping."},
    units={**WHOLE, "minimum": 1, "maximum": 10**9},
    amount={**AMOUNT, "description": "Instead of units: money for no unit, such as a part of the price."},
)


@scoped(
    Scope.AFTER_SALE_WRITE,
    "POST",
    f"{ORDER_PATH}/cases",
    Contract(
        summary="Open an after-sale case",
        description="What it gives back is taken of the order's ledger at once, so that two cases never want the same "
        "cent. With `dry_run` the answer says what would go back.",
        parameters=(ORDER_ID,),
        body=closed(
            ["kind", "reason", "lines"],
            kind=of(CaseKind),
            reason=REASON,
            lines={"type": "array", "minItems": 1, "maxItems": 101, "items": _LINE},
            words={**TEXT, "maxLength": MOST_TEXT, "description": "What the buyer said."},
            by={**TEXT, "enum": [Party.BUYER.value, Party.SELLER.value], "description": "buyer if left out."},
            dry_run=TRUE_OR_FALSE,
        ),
        example={"kind": "refund_only", "reason": "damaged", "lines": [{"order_line_id": 1, "units": 1}]},
        answers={
            201: ("The case.", shape(dry_run=TRUE_OR_FALSE, case=CASE)),
            200: ("With dry_run: the case as it would be.", shape(dry_run=TRUE_OR_FALSE, case=CASE)),
        },
        faults=NO_ORDER,
    ),
)
def open_case(call: Call, order_id: int) -> Reply:
    """Open it, or try it out."""
    if not call.body.get("dry_run"):
        return Reply({"dry_run": False, "case": _opened(call, order_id)}, 201)
    with rehearsal():
        found = _opened(call, order_id)
    return Reply({"dry_run": True, "case": found})


def _opened(call: Call, order_id: int) -> dict[str, Any]:
    body = call.body
    currency = handling.locked(order_id).currency
    wanted = tuple(
        Wanted(
            row["order_line_id"],
            row.get("units", 0),
            draft_form.minor(row["amount"], currency) if "amount" in row else 0,
        )
        for row in body["lines"]
    )
    wish = Wish(CaseKind(body["kind"]), body["reason"], wanted, body.get("words", "").strip())
    by = By(Party.BUYER) if body.get("by", "buyer") == Party.BUYER.value else seller(call)
    case = opening.open_case(order_id, wish, by)
    db.session.flush()
    return told(case)


@scoped(
    Scope.AFTER_SALE_WRITE,
    "POST",
    f"{ORDER_PATH}/cancel-paid",
    Contract(
        summary="Cancel a paid order that has not left",
        description="All of its money goes back; the order is closed when the channel says that it is.",
        parameters=(ORDER_ID,),
        body=closed(["reason"], reason=REASON),
        example={"reason": "out_of_stock"},
        answers={201: ("The case that gives the money back.", CASE)},
        faults=NO_ORDER,
        versioned=True,
    ),
)
def cancel_paid_order(call: Call, order_id: int) -> Reply:
    """Give all of it back."""
    call.check_version(handling.locked(order_id).version)
    return Reply(told(opening.cancel_paid(order_id, call.body["reason"], seller(call))), 201)


def seller(call: Call) -> By:
    """The shop, which may let go of more than its limit when the key has the scope for that."""
    try:
        call.require(Scope.AFTER_SALE_APPROVE)
    except Forbidden:
        return By(Party.SELLER)
    return By(Party.SELLER, may_approve=True)
