"""Whether a formula that reads other fields, such as the cost, still gives what its preview has shown."""

from __future__ import annotations

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from app.catalog import change_judging, change_rules
from app.catalog.change_fields import FIELDS
from app.catalog.change_models import ChangeLine, ChangeSet, ChangeSource, LineOutcome
from app.catalog.change_rules import Only, Rule
from app.catalog.formulas import CopyFrom, Formula, Margin, OverCost
from app.catalog.models import Product, Sku

READING = (CopyFrom, OverCost, Margin)


def mark(session: Session, change_set: ChangeSet) -> None:
    """Make judged lines stale whose formula would give another value now. Overwrites `wanted`; rows are locked.

    A line whose own field has changed is stale already; this is about the other fields that its formula reads.
    """
    if change_set.source is not ChangeSource.FORMULA:
        return
    rule = change_rules.from_json(change_set.rule)
    if not reads_other_fields(rule):
        return
    change_rules.stage(change_set.shop_id, rule, _products(change_set), lock=False)
    amounts = [field.name for field in FIELDS.values() if field.is_amount]
    with change_judging.without_nested_loops(session):
        session.execute(text(_DRIFTED), {"amounts": amounts})


def reads_other_fields(rule: Rule) -> bool:
    """Whether what it makes of a field depends on another field of the row."""
    wanted = change_rules.together(rule)
    steps = [step for part in wanted.parts if isinstance(part, Formula) for step in part.steps]
    return wanted.only != Only() or any(isinstance(step, READING) for step in steps)


def _products(change_set: ChangeSet) -> Select[int]:
    lines = (ChangeLine.change_set_id == change_set.id, ChangeLine.outcome == LineOutcome.CHANGED)
    skus = select(ChangeLine.row_id).where(*lines, ChangeLine.target_table == "sku")
    return select(Product.id).where(Product.id.in_(select(Sku.product_id).where(Sku.id.in_(skus))))


_DRIFTED = """
update judged j set outcome = 'stale', reason = 'base_changed'
where j.outcome = 'changed' and j.target_table = 'sku' and j.field = any(:amounts)
    and not exists (select from wanted w where w.target_table = 'sku' and w.row_id = j.row_id and w.field = j.field
        and w.new is not distinct from j.new)"""
