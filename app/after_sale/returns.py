"""What came back, unit by unit: back to stock, damaged, written off, or not in the parcel; and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.after_sale import access, moving, refund_amounts, refund_ledger, sending
from app.after_sale.access import By
from app.after_sale.lifecycle import Act
from app.after_sale.models import AfterSaleCase, CaseKind, CaseState, RefundLine
from app.after_sale_events import CaseAmountChanged, ReturnReceived
from app.kit import clock, journal
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.stock import movements
from app.stock.ledger import Why
from app.stock.movements import StockAt


@dataclass(frozen=True)
class Came:
    """What became of the units of one line of a case; they add up to what was asked."""

    restocked: int = 0
    damaged: int = 0
    written_off: int = 0
    missing: int = 0

    @property
    def told(self) -> int:
        """Units that something is said about."""
        return self.restocked + self.damaged + self.written_off + self.missing

    @property
    def back(self) -> int:
        """Units that are in the house."""
        return self.told - self.missing


def receive(case_id: int, came: Mapping[int, Came], by: By, version: int | None = None) -> AfterSaleCase:
    """The parcel was opened: book its units, lower the money by what is missing, and go on.

    `came` is by the id of the case's lines, all of those with units. When nothing came back the case is closed. A case
    that was refunded before anybody looked is only booked. Raises RuleViolation("receipt_sum", "receipt_done",
    "case_move", "case_over_limit"), Conflict("case_stale").
    """
    case, order = access.locked(case_id, version)
    lines = _with_units(case.id)
    _check(case, lines, came)
    late = case.state in (CaseState.REFUNDING, CaseState.DONE) and case.kind is CaseKind.RETURN_REFUND
    nothing = not any(came[line.id].back for line in lines)
    if not late:
        _lower(case, lines, came)
        moving.go(case, order, Act.CLOSE if nothing else Act.RECEIVE, by, "nothing_back" if nothing else "")
    case.received_at = clock.now()
    sending.arrived(case)
    for line in lines:
        _book(case, line, came[line.id])
    sums = [sum(getattr(came[line.id], name) for line in lines) for name in vars(Came())]
    journal.record(ReturnReceived(case.shop_id, case.order_id, case.id, case.number, *sums))
    db.session.flush()
    return case


def worth(case: AfterSaleCase, came: Mapping[int, Came]) -> int:
    """What would go back if that came back, in minor units; nothing is written. Raises RuleViolation("receipt_sum")."""
    _check(case, _with_units(case.id), came)
    return sum(_fewer(line, came).amount_minor for line in access.lines_of(case.id))


def is_receivable(case: AfterSaleCase) -> bool:
    """Whether somebody can say now what came back."""
    waits = case.state in (CaseState.PLATFORM_RETURN, CaseState.WAITS_FOR_RETURN, CaseState.WAITS_FOR_CHECK)
    late = case.state in (CaseState.REFUNDING, CaseState.DONE) and case.kind is CaseKind.RETURN_REFUND
    returns = case.kind in (CaseKind.RETURN_REFUND, CaseKind.EXCHANGE, CaseKind.REPAIR)
    return returns and case.received_at is None and (waits or late)


def _with_units(case_id: int) -> list[RefundLine]:
    return [line for line in access.lines_of(case_id) if line.asked_units]


def _check(case: AfterSaleCase, lines: Sequence[RefundLine], came: Mapping[int, Came]) -> None:
    if case.received_at is not None:
        raise RuleViolation("receipt_done", number=case.number)
    for line in lines:
        one = came.get(line.id, Came())
        if min(vars(one).values()) < 0 or one.told != line.asked_units:
            code = line.line.code if line.line else "–"
            raise RuleViolation("receipt_sum", code=code, asked=line.asked_units, told=one.told)


def _fewer(line: RefundLine, came: Mapping[int, Came]) -> refund_amounts.Take:
    take = refund_ledger.take_of(line)
    return refund_amounts.of_fewer(take, came[line.id].back) if line.id in came and take.units else take


def _lower(case: AfterSaleCase, lines: Sequence[RefundLine], came: Mapping[int, Came]) -> None:
    """Units that are missing are not paid for; they are free to be asked for again."""
    before = case.amount_minor
    for line in lines:
        if came[line.id].missing and line.part_id is not None:
            refund_ledger.change(line, _fewer(line, came))
    case.amount_minor = sum(line.amount_minor for line in access.lines_of(case.id))
    if case.amount_minor != before:
        facts = (before, case.amount_minor, "missing_units")
        journal.record(CaseAmountChanged(case.shop_id, case.order_id, case.id, case.number, case.currency, *facts))
    db.session.flush()


def _book(case: AfterSaleCase, line: RefundLine, came: Came) -> None:
    """Units that are in the house go into the ledger of the stock, once; what is repaired stays the buyer's."""
    line.restocked, line.damaged, line.written_off, line.missing = vars(came).values()
    sku_id = line.line.sku_id if line.line else None
    if sku_id is None or case.kind is CaseKind.REPAIR:
        return
    at = StockAt(case.shop_id, sku_id)

    def why(what: str) -> Why:
        return Why(case.number, key=f"case:{case.id}:{line.id}:{what}", order_id=case.order_id)

    if came.restocked:
        movements.take_back(at, came.restocked, why("restock"))
    if came.damaged:
        movements.take_back(at, came.damaged, why("damaged"), damaged=True)
    if came.written_off:
        movements.take_back(at, came.written_off, why("write-off"), damaged=True)
        movements.write_off(at, came.written_off, why("write-off"))
