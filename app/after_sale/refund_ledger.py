"""The ledger of what goes back of an order: its parts with their counters, and what each case takes of them.

Every counter moves by one conditional UPDATE, with the order locked before. What went back without a case (old
credit notes, refunds made directly) is counted in when a case is opened, so that nothing goes back twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update

from app.after_sale import refund_amounts
from app.after_sale.models import FINAL, AfterSaleCase, RefundLine, RefundPart
from app.after_sale.refund_amounts import Line, Part, Standing, Take
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.orders.models import LineKind, Order, OrderKind, OrderLine


@dataclass(frozen=True)
class Left:
    """A part of an order as people see it: its line (None: paid beyond the total), and what can still go back.

    `busy_units` wait for an exchange, a re-send or a repair.
    """

    line: OrderLine | None
    standing: Standing
    busy_units: int = 0

    @property
    def free_units(self) -> int:
        """Units that no case is about."""
        return max(self.standing.units_left - self.busy_units, 0)

    @property
    def next_minor(self) -> list[int]:
        """The amounts of the next few free units, one by one."""
        return refund_amounts.steps(self.standing)[: self.free_units] if self.standing.units_left <= MOST_STEPS else []


MOST_STEPS = 50
"""Units of a line that are shown one by one."""


def of(order: Order) -> list[Left]:
    """What can still go back of a sale, in the order of its lines; nothing is written."""
    lines = _lines(order.id)
    standings = _standings(order, lines)
    busy = _busy(order.id)
    by_id = {line.id: line for line in lines}
    return [
        Left(by_id.get(one.part.order_line_id or 0), one, busy.get(one.part.order_line_id or 0, 0)) for one in standings
    ]


def open_for(order: Order) -> dict[int | None, RefundPart]:
    """The counters of a locked sale by order line, brought up to date with what went back elsewhere."""
    standings = _standings(order, _lines(order.id))
    rows = _rows(order.id)
    noted = {one.part.order_line_id: one for one in _elsewhere(order, [s.part for s in standings])}
    for one in standings:
        line_id = one.part.order_line_id
        row = rows.get(line_id)
        if row is None:
            row = RefundPart(shop_id=order.shop_id, order_id=order.id, order_line_id=line_id, units=one.part.units)
            db.session.add(row)
            rows[line_id] = row
        row.payable_minor = one.part.payable_minor
        row.taken_units, row.taken_worth_minor, row.taken_minor = (
            one.taken_units,
            one.taken_worth_minor,
            one.taken_minor,
        )
        row.elsewhere_units = min(noted[line_id].taken_units, one.taken_units)
        row.elsewhere_minor = min(noted[line_id].taken_minor, one.taken_minor)
    db.session.flush()
    return rows


def take_units(part: RefundPart, units: int) -> Take:
    """Take units of a part with the money for them. Raises RuleViolation("refund_units")."""
    take = refund_amounts.of_units(standing_of(part), units)
    _count(part, take)
    return take


def take_amount(part: RefundPart, minor: int) -> Take:
    """Take an amount for no unit. Raises RuleViolation("refund_beyond")."""
    take = refund_amounts.of_amount(standing_of(part), minor)
    _count(part, take)
    return take


def change(line: RefundLine, to: Take) -> None:
    """Let a case's line take less than it did; what it does not take any more is free again."""
    part = _locked(line.part_id)
    back = Take(to.units - line.units, to.worth_minor - line.worth_minor, to.amount_minor - line.amount_minor)
    _count(part, back)
    line.units, line.worth_minor, line.amount_minor = to.units, to.worth_minor, to.amount_minor


def release(lines: Sequence[RefundLine]) -> None:
    """A case comes to nothing: all that it took is free again. Twice is once."""
    for line in lines:
        if line.part_id is not None:
            change(line, Take(0, 0, 0))
    db.session.flush()


def standing_of(part: RefundPart) -> Standing:
    """A row of counters as a value."""
    of_part = Part(part.order_line_id, part.units, part.payable_minor)
    return Standing(of_part, part.taken_units, part.taken_worth_minor, part.taken_minor)


def take_of(line: RefundLine) -> Take:
    """What a case's line takes."""
    return Take(line.units, line.worth_minor, line.amount_minor)


def _count(part: RefundPart, take: Take) -> None:
    """Move the counters, if what is there allows it."""
    fits = (
        RefundPart.id == part.id,
        RefundPart.shop_id == assert_in_scope(part.shop_id),
        RefundPart.taken_units + take.units <= RefundPart.units,
        RefundPart.taken_units + take.units >= RefundPart.elsewhere_units,
        RefundPart.taken_minor + take.amount_minor <= RefundPart.payable_minor,
        RefundPart.taken_minor + take.amount_minor >= RefundPart.elsewhere_minor,
    )
    statement = (
        update(RefundPart)
        .where(*fits)
        .values(
            taken_units=RefundPart.taken_units + take.units,
            taken_worth_minor=RefundPart.taken_worth_minor + take.worth_minor,
            taken_minor=RefundPart.taken_minor + take.amount_minor,
        )
        .returning(RefundPart.id)
        .execution_options(synchronize_session=False)
    )
    if db.session.execute(statement).first() is None:
        raise RuleViolation("refund_beyond")
    db.session.refresh(part)


def _locked(part_id: int | None) -> RefundPart:
    query = select(RefundPart).where(RefundPart.id == part_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _rows(order_id: int) -> dict[int | None, RefundPart]:
    query = select(RefundPart).where(RefundPart.order_id == order_id).order_by(RefundPart.id).with_for_update()
    return {row.order_line_id: row for row in db.session.scalars(query.execution_options(populate_existing=True))}


def _lines(order_id: int) -> list[OrderLine]:
    query = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position, OrderLine.id)
    return list(db.session.scalars(query))


def _standings(order: Order, lines: Sequence[OrderLine]) -> list[Standing]:
    """The parts as of now: what our cases take, and what went back elsewhere."""
    values = [
        Line(line.id, line.quantity if line.kind is LineKind.PRODUCT else 0, line.amount_minor, line.discount_minor)
        for line in lines
    ]
    parts = refund_amounts.parts(values, max(order.paid_minor, 0))
    ours = _taken_by_cases(order.id)
    return [_joined(one, ours.get(one.part.order_line_id, _NOTHING)) for one in _elsewhere(order, parts)]


_NOTHING = Take(0, 0, 0)


def _joined(elsewhere: Standing, ours: Take) -> Standing:
    """Our cases come first; of what went back elsewhere as much counts as there is room for."""
    part = elsewhere.part
    return Standing(
        part,
        min(elsewhere.taken_units + ours.units, part.units),
        elsewhere.taken_worth_minor + ours.worth_minor,
        min(elsewhere.taken_minor + ours.amount_minor, part.payable_minor),
    )


def _taken_by_cases(order_id: int) -> dict[int | None, Take]:
    query = (
        select(
            RefundPart.order_line_id,
            func.sum(RefundLine.units),
            func.sum(RefundLine.worth_minor),
            func.sum(RefundLine.amount_minor),
        )
        .join(RefundPart, RefundPart.id == RefundLine.part_id)
        .where(RefundPart.order_id == order_id)
        .group_by(RefundPart.order_line_id)
    )
    return {row[0]: Take(int(row[1]), int(row[2]), int(row[3])) for row in db.session.execute(query)}


def _elsewhere(order: Order, parts: Sequence[Part]) -> list[Standing]:
    """What went back without a case, part by part: credit notes by their codes, the rest where there is room.

    A note that was written for a case does not count; neither does money of `orders.refunded_minor` that cases gave.
    """
    by_cases = select(func.coalesce(func.sum(AfterSaleCase.refunded_minor), 0))
    ours = int(db.session.scalar(by_cases.where(AfterSaleCase.order_id == order.id)) or 0)
    units, minor, total = _foreign_notes(order.id)
    total = min(max(order.refunded_minor - ours, total), max(order.paid_minor, 0))
    codes = {line.id: line.code for line in _lines(order.id)}
    found = []
    for part in parts:
        code = codes.get(part.order_line_id or 0, "")
        some = min(units.get(code, 0), part.units)
        money = min(minor.get(code, 0), part.payable_minor, total)
        units[code], minor[code], total = units.get(code, 0) - some, minor.get(code, 0) - money, total - money
        worth = part.payable_minor * some // part.units if part.units else 0
        found.append(Standing(part, some, worth, money))
    return _filled(found, total)


def _filled(standings: list[Standing], rest: int) -> list[Standing]:
    """Money of which nobody knows what it was for is taken off the last parts first: charges before goods."""
    filled = []
    for one in reversed(standings):
        money = min(one.minor_left, rest)
        rest -= money
        filled.append(refund_amounts.taken(one, Take(0, 0, money)))
    return filled[::-1]


def _foreign_notes(order_id: int) -> tuple[dict[str, int], dict[str, int], int]:
    """Units and money by code, and the money in all, of the credit notes that no case has written."""
    own = select(AfterSaleCase.credit_note_id).where(AfterSaleCase.credit_note_id.is_not(None))
    foreign = (Order.reverses_id == order_id, Order.kind == OrderKind.CREDIT_NOTE, Order.id.not_in(own))
    query = (
        select(OrderLine.code, OrderLine.kind, OrderLine.quantity, OrderLine.amount_minor)
        .join(Order, Order.id == OrderLine.order_id)
        .where(*foreign)
    )
    units: dict[str, int] = {}
    minor: dict[str, int] = {}
    for code, kind, quantity, amount in db.session.execute(query):
        units[code] = units.get(code, 0) + (max(-quantity, 0) if kind is LineKind.PRODUCT else 0)
        minor[code] = minor.get(code, 0) + max(-amount, 0)
    total = db.session.scalar(select(func.coalesce(func.sum(Order.total_minor), 0)).where(*foreign))
    return units, minor, max(-int(total or 0), 0)


def _busy(order_id: int) -> dict[int, int]:
    """Units by order line that live cases without money are about."""
    query = (
        select(RefundLine.order_line_id, func.sum(RefundLine.asked_units))
        .join(AfterSaleCase, AfterSaleCase.id == RefundLine.case_id)
        .where(AfterSaleCase.order_id == order_id, AfterSaleCase.state.not_in(FINAL), RefundLine.part_id.is_(None))
        .group_by(RefundLine.order_line_id)
    )
    return {row[0]: int(row[1]) for row in db.session.execute(query) if row[0] is not None}
