"""Reading after-sale: a page of cases, one with what it is about, what of an order can still go back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, tuple_

from app.after_sale import access, case_page, refund_ledger, refunding
from app.after_sale.lifecycle import CODES, KIND_CODES
from app.after_sale.models import AfterSaleCase, CaseKind, CaseState, Party, RefundLine
from app.api import paging
from app.api.routes import Call, Contract, Parameter, Reply, scoped
from app.api.shapes import TEXT, TEXT_OR_NULL, WHOLE, WHOLE_OR_NULL, of, shape
from app.api_keys.scopes import Scope
from app.kit.db import db
from app.orders import telling
from app.payments.models import RefundState

MOST = 100
_LINE = shape(
    id={**WHOLE, "description": "Names the line when returned goods are received."},
    order_line_id={**WHOLE_OR_NULL, "description": "Null for shipping."},
    sku=TEXT_OR_NULL,
    asked_units=WHOLE,
    units=WHOLE,
    amount={**TEXT, "description": "What goes back for it."},
    restocked=WHOLE,
    damaged=WHOLE,
    written_off=WHOLE,
    missing=WHOLE,
)
_REFUND = shape(number=TEXT, amount=TEXT, state=of(RefundState), channel=TEXT)
_COMMON: dict[str, Any] = {
    "id": WHOLE,
    "number": TEXT,
    "version": {**WHOLE, "description": "What Kuaishou calls refundVersion; send it back as If-Match."},
    "order_id": WHOLE,
    "kind": of(CaseKind),
    "kind_code": {**WHOLE, "description": "Kuaishou's handlingWay."},
    "state": of(CaseState),
    "state_code": {**WHOLE, "description": "Kuaishou's number of it."},
    "opened_by": of(Party),
    "opened_at": paging.MOMENT,
    "due_at": paging.MOMENT,
    "ended_at": paging.MOMENT_OR_NULL,
    "reason": TEXT,
    "refusal": TEXT,
    "currency": TEXT,
    "amount": {**TEXT, "description": "What goes back."},
    "refunded": {**TEXT, "description": "What the channel has said is back: accepted is not done."},
    "refund_error": {**TEXT, "description": "Why the channel did not give it back; empty when it did or has not said."},
    "return_carrier": TEXT,
    "return_tracking_no": TEXT,
}
LISTED = shape(**_COMMON)
CASE = shape(**_COMMON, lines={"type": "array", "items": _LINE}, refunds={"type": "array", "items": _REFUND})
CASE_ID = Parameter("case_id", WHOLE, "Id of the case.", "path")
ORDER_ID = Parameter("order_id", WHOLE, "Id of the order.", "path")
PATH = "/cases/<int(max=999999999999999999):case_id>"
ORDER_PATH = "/orders/<int(max=999999999999999999):order_id>"
NO_CASE = {404: "There is no such case in the shop of the key."}
NO_ORDER = {404: "There is no such order in the shop of the key."}


@scoped(
    Scope.AFTER_SALE_READ,
    "GET",
    "/cases",
    Contract(
        summary="List after-sale cases",
        description="Those that were opened last first.",
        parameters=(
            *paging.parameters(MOST),
            Parameter("state", of(CaseState), "Only cases that stand here."),
            Parameter("kind", of(CaseKind), "Only cases of this kind."),
            Parameter("order_id", WHOLE, "Only cases of this order."),
        ),
        answers={200: ("A page of cases.", paging.page_of(LISTED))},
    ),
)
def list_cases(call: Call) -> Reply:
    """One page, by one statement."""
    query, limit = call.query, call.query.get("limit", 50)
    found = select(AfterSaleCase).where(AfterSaleCase.shop_id == call.shop.id)
    for name in ("state", "kind", "order_id"):
        if name in query:
            found = found.where(getattr(AfterSaleCase, name) == query[name])
    if after := paging.place(query.get("cursor"), str, int):
        place = tuple_(AfterSaleCase.opened_at, AfterSaleCase.id)
        found = found.where(place < (paging.moment(after[0]), after[1]))
    found = found.order_by(AfterSaleCase.opened_at.desc(), AfterSaleCase.id.desc()).limit(limit + 1)
    rows, last = paging.cut(db.session.scalars(found).all(), limit)
    cursor = None if last is None else paging.cursor(last.opened_at.isoformat(), last.id)
    return Reply({"items": [plain(row) for row in rows], "next_cursor": cursor})


@scoped(
    Scope.AFTER_SALE_READ,
    "GET",
    PATH,
    Contract(
        summary="Read an after-sale case",
        parameters=(CASE_ID,),
        answers={200: ("The case, with its version as ETag.", CASE)},
        faults=NO_CASE,
    ),
)
def read_case(call: Call, case_id: int) -> Reply:
    """One case."""
    case = case_page.get(case_id)
    return Reply(told(case), version=case.version)


_LEFT = shape(
    order_line_id={**WHOLE_OR_NULL, "description": "Null for shipping."},
    units={**WHOLE, "description": "That no case has taken."},
    amount={**TEXT, "description": "What can still go back for it."},
)


@scoped(
    Scope.AFTER_SALE_READ,
    "GET",
    f"{ORDER_PATH}/refundable",
    Contract(
        summary="Read what of an order can still go back",
        description="Line by line, to the smallest unit; the sum is what the order can give back at most.",
        parameters=(ORDER_ID,),
        answers={200: ("What is left.", shape(order_id=WHOLE, items={"type": "array", "items": _LEFT}))},
        faults=NO_ORDER,
    ),
)
def read_refundable(call: Call, order_id: int) -> Reply:
    """The ledger's rest."""
    order = telling.get(order_id)
    items = [
        {
            "order_line_id": left.standing.part.order_line_id,
            "units": left.free_units,
            "amount": telling.amount(left.standing.minor_left, order.currency),
        }
        for left in refund_ledger.of(order)
    ]
    return Reply({"order_id": order.id, "items": items})


def told(case: AfterSaleCase) -> dict[str, Any]:
    """A case with its lines and refunds; words of buyer and shop are not told, because they may name people."""
    refunds = [
        {
            "number": refund.number,
            "amount": telling.amount(refund.amount_minor, refund.currency),
            "state": refund.state.value,
            "channel": refund.channel,
        }
        for refund in refunding.refunds_of(case)
    ]
    return {**plain(case), "lines": _lines(case, access.lines_of(case.id)), "refunds": refunds}


def plain(case: AfterSaleCase) -> dict[str, Any]:
    """The case alone."""
    names = ("id", "number", "version", "order_id", "opened_at", "due_at", "ended_at", "reason", "refusal", "currency")
    return {
        **{name: getattr(case, name) for name in names},
        "kind": case.kind.value,
        "kind_code": KIND_CODES[case.kind],
        "state": case.state.value,
        "state_code": CODES[case.state],
        "opened_by": case.opened_by.value,
        "amount": telling.amount(case.amount_minor, case.currency),
        "refunded": telling.amount(case.refunded_minor, case.currency),
        "refund_error": case.refund_error,
        "return_carrier": case.carrier_code,
        "return_tracking_no": case.tracking_no,
    }


def _lines(case: AfterSaleCase, lines: Sequence[RefundLine]) -> list[dict[str, Any]]:
    names = ("id", "order_line_id", "asked_units", "units", "restocked", "damaged", "written_off", "missing")
    return [
        {
            **{name: getattr(line, name) for name in names},
            "sku": line.line.code if line.line else None,
            "amount": telling.amount(line.amount_minor, case.currency),
        }
        for line in lines
    ]
