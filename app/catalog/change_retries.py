"""What a change set could not write, proposed anew."""

from __future__ import annotations

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from app.catalog import change_judging, change_rules, change_sets
from app.catalog.change_models import ChangeLine, ChangeSet, ChangeSource, LineOutcome
from app.catalog.models import Product, Sku
from app.kit.errors import RuleViolation

LEFT = (LineOutcome.REFUSED, LineOutcome.STALE)


def propose_again(change_set: ChangeSet) -> ChangeSet:
    """A draft of the refused and stale lines of a set. Raises RuleViolation("nothing_left").

    A formula is computed again from what the rows hold now; a typed value is wanted as it was typed.
    """
    if not any(change_set.counts.get(outcome.value) for outcome in LEFT):
        raise RuleViolation("nothing_left")
    by_rule = change_set.source is ChangeSource.FORMULA
    rule = change_rules.from_json(change_set.rule) if by_rule else None

    def fill(session: Session) -> None:
        values = {"id": change_set.id, "shop_id": change_set.shop_id}
        if rule is None:
            session.execute(text(_WANT), values)
            return
        change_rules.stage(change_set.shop_id, rule, _products(change_set), lock=False)
        with change_judging.without_nested_loops(session):
            session.execute(text(_ONLY), values)

    again = change_sets.propose(
        change_set.shop_id,
        change_set.source,
        change_set.rule,
        {},
        fill,
        floor=rule.floor if rule else 0,
    )
    again.retries_id, again.note = change_set.id, change_set.note
    return again


def _products(change_set: ChangeSet) -> Select[int]:
    left = (ChangeLine.change_set_id == change_set.id, ChangeLine.outcome.in_(LEFT))
    of_skus = select(Sku.product_id).join(
        ChangeLine, (ChangeLine.target_table == "sku") & (ChangeLine.row_id == Sku.id)
    )
    of_products = select(ChangeLine.row_id).where(*left, ChangeLine.target_table == "product")
    return select(Product.id).where(Product.id.in_(of_skus.where(*left)) | Product.id.in_(of_products))


_LEFT = "('refused', 'stale')"
_WANT = f"""insert into wanted (target_table, row_id, field, new) select target_table, row_id, field, new
    from change_line where change_set_id = :id and shop_id = :shop_id and outcome in {_LEFT}"""  # noqa: S608 - a constant
_ONLY = f"""delete from wanted w where not exists (select from change_line l where l.change_set_id = :id
    and l.shop_id = :shop_id and l.outcome in {_LEFT} and l.target_table = w.target_table
    and l.row_id = w.row_id and l.field = w.field)"""  # noqa: S608 - a constant
