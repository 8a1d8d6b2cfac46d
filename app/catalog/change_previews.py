"""What a rule would do, before anybody does it: the engine's own judgement, nothing written."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, text

from app.catalog import change_judging, change_rules, change_sets
from app.catalog.change_fields import NUMBER_NAMES_SQL
from app.catalog.change_models import LineOutcome
from app.catalog.change_rules import Rule
from app.kit.db import db

SHOWN = 50


@dataclass(frozen=True)
class Line:
    """One line before → after, with the codes and title that people know the row by."""

    field: str
    old: str | None
    new: str | None
    outcome: LineOutcome
    reason: str | None
    code: str
    title: str
    product_id: int | None


@dataclass(frozen=True)
class Preview:
    """Counts by outcome, sums over the changed numbers, the strongest changes and the first refusals."""

    counts: dict[str, int]
    before: int
    after: int
    changed: list[Line]
    refused: list[Line]
    reasons: list[tuple[str, int]]
    content_hash: str


def preview(shop_id: int, rule: Rule, chosen: Select[int]) -> Preview:
    """Judge the rule over the chosen products. Takes no locks and writes to the session's temp tables alone."""
    session = db.session()
    change_rules.stage(shop_id, rule, chosen, lock=False)
    change_judging.judge(session, shop_id, floor=rule.floor)
    sums = session.execute(text(_SUMS)).one()
    reasons = session.execute(text(_REASONS)).all()
    return Preview(
        counts=change_sets.outcome_counts(session),
        before=int(sums.before),
        after=int(sums.after),
        changed=_lines(f"{_LINES} where j.outcome = 'changed' order by {_STRENGTH} desc, j.line limit :shown"),
        refused=_lines(f"{_LINES} where j.outcome = 'refused' order by j.line limit :shown"),
        reasons=[(row.reason, row.lines) for row in reasons],
        content_hash=change_judging.content_hash(session),
    )


def _lines(statement: str) -> list[Line]:
    rows = db.session.execute(text(statement), {"shown": SHOWN})
    return [
        Line(
            row.field, row.old, row.new, LineOutcome(row.outcome), row.reason, row.code or f"#{row.row_id}",
            row.title or "", row.product_id,
        )
        for row in rows
    ]  # fmt: skip


_NUMBER = f"field in ({NUMBER_NAMES_SQL})"
_SUMS = f"""select coalesce(sum(case when {_NUMBER} then old::numeric end), 0) as before,
    coalesce(sum(case when {_NUMBER} then new::numeric end), 0) as after from judged where outcome = 'changed'"""  # noqa: S608 - constants
_REASONS = """select reason, count(*) as lines from judged where outcome = 'refused'
    group by reason order by lines desc, reason"""
_STRENGTH = f"""case when j.{_NUMBER} then
    abs(coalesce(j.new::numeric, 0) - coalesce(j.old::numeric, 0)) / greatest(coalesce(j.old::numeric, 0), 1) end"""
_LINES = """select j.line, j.row_id, j.field, j.old, j.new, j.outcome, j.reason,
    coalesce(s.code, p.code) as code, p.title, p.id as product_id
    from judged j left join sku s on j.target_table = 'sku' and s.id = j.row_id
    left join product p on p.id = case when j.target_table = 'product' then j.row_id else s.product_id end"""
