"""Change sets that make rows: copies of products, SKUs of option values; in one transaction, undone like others."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from app.catalog import change_creations, change_sets, product_copies, product_list, sku_variants
from app.catalog.change_judging import stage_table
from app.catalog.change_models import ChangeSet, ChangeSource, ChangeState
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.shops import shops

KEY = "make"
"""In a rule: what is made."""


def is_making(rule: dict[str, Any]) -> bool:
    """Whether a set makes rows instead of changing them."""
    return KEY in rule


def want_copies(shop_id: int, patterns: product_copies.Patterns, selection: dict[str, Any], note: str) -> ChangeSet:
    """Want the chosen products copied; a job does it."""
    rule = {KEY: "copies", **patterns.to_json()}
    return _wanted(change_sets.open_set(shop_id, ChangeSource.FORMULA, rule, selection), note)


def want_variants(shop_id: int, matrix: sku_variants.Matrix, note: str = "") -> ChangeSet:
    """Want the SKUs of a matrix made; a job does it."""
    rule = {KEY: "variants", **matrix.to_json()}
    return _wanted(change_sets.open_set(shop_id, ChangeSource.FORMULA, rule, {"ids": [matrix.product_id]}), note)


def _wanted(change_set: ChangeSet, note: str) -> ChangeSet:
    change_set.note = note.strip()[:500]
    db.session.flush()
    return change_set


def carry_out(change_set: ChangeSet) -> dict[str, int]:
    """Make what the set wants; a second time is a no-op. Rows whose codes are taken are left out and counted."""
    session = db.session()
    session.refresh(change_set, with_for_update=True)
    if change_set.state not in (ChangeState.QUEUED, ChangeState.FAILED):
        return dict(change_set.counts)
    session.execute(text("drop table if exists made"))
    session.execute(text("create temp table made (target_table text, row_id bigint) on commit drop"))
    skipped = _MAKERS[change_set.rule[KEY]](change_set)
    stage_table(session)
    change_sets.apply(change_set)
    created = int(session.scalar(text("select count(*) from made")) or 0)
    change_creations.record(session, change_set, _MADE, created)
    change_set.counts = {**change_set.counts, "skipped": skipped}
    session.flush()
    return dict(change_set.counts)


_MADE = """
select m.target_table, m.row_id from made m left join sku s on m.target_table = 'sku' and s.id = m.row_id
left join made o on o.target_table = 'product' and o.row_id = s.product_id where o.row_id is null"""
"""A SKU stands and falls with the product that was made with it."""


def _copies(change_set: ChangeSet) -> int:
    shop = shops.get(change_set.shop_id)
    chosen = product_list.chosen(change_set.selection, shop)
    return product_copies.make(shop.id, product_copies.from_json(change_set.rule), chosen)


def _variants(change_set: ChangeSet) -> int:
    return sku_variants.make(change_set.shop_id, sku_variants.from_json(change_set.rule))


class _Makers(dict[str, Any]):
    def __missing__(self, key: str) -> Any:
        raise RuleViolation("bad_rule")


_MAKERS = _Makers(copies=_copies, variants=_variants)
