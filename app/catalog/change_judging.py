"""Judging wanted changes: old, new, outcome and reason of each line, in one statement over all rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.catalog.change_fields import FIELDS, ChangeField, canonical_sql, refusal_sql

WANTED = """create temp table if not exists wanted (
    target_table text collate "C" not null, row_id bigint not null, field text collate "C" not null,
    new text collate "C",
    guarded boolean not null default false, expected text) on commit delete rows"""
JUDGED = """create temp table if not exists judged (
    line integer, target_table text collate "C", row_id bigint, field text collate "C", old text collate "C",
    new text collate "C", outcome text, reason text, warning text) on commit delete rows"""


def stage_table(session: Session) -> None:
    """Make the session's empty table `wanted(target_table, row_id, field, new, guarded, expected)`.

    A route fills it; `new` is the stored value as text, null empties. With `guarded` a row whose
    present value is not `expected` is left as it is: stale, or kept when an undo finds it.
    """
    session.execute(text(WANTED))
    session.execute(text("truncate wanted"))


@contextmanager
def without_nested_loops(session: Session) -> Iterator[None]:
    """Joins within go by hashes: the server has no statistics yet about lines recorded a moment ago."""
    session.execute(text("set local enable_nestloop = off"))
    yield
    session.execute(text("set local enable_nestloop to default"))


def lock_rows(session: Session, shop_id: int) -> None:
    """Lock every wanted row of the shop: products before SKUs, each in order of id, so that nobody deadlocks."""
    for table in ("product", "sku"):
        session.execute(
            text(
                f"select count(*) from (select t.id from {table} t where t.shop_id = :shop_id and t.id in "  # noqa: S608 - table and field names are ours
                f"(select row_id from wanted where target_table = '{table}') order by t.id for no key update) as locked"
            ),
            {"shop_id": shop_id},
        )


def judge(session: Session, shop_id: int, *, floor: int = 0, undoing: bool = False) -> None:
    """Fill the session's table `judged` from `wanted`; writes nothing else.

    `floor` is the smallest price that a higher one may fall to; `undoing` lifts the table of status moves.
    """
    session.execute(text(JUDGED))
    session.execute(text("truncate judged"))
    session.execute(text("analyze wanted"))
    fields = _wanted_fields(session)
    moved_on = ("kept", "changed_since") if undoing else ("stale", "base_changed")
    values = {"floor": floor, "undoing": undoing, "shop_id": shop_id, "outcome": moved_on[0], "reason": moved_on[1]}
    session.execute(text(_judging_sql(fields)), values)
    session.execute(text("analyze judged"))


def _wanted_fields(session: Session) -> list[ChangeField]:
    pairs = session.execute(text("select distinct target_table, field from wanted")).all()
    return [FIELDS[pair] for pair in sorted(tuple(row) for row in pairs) if pair in FIELDS]


def _judging_sql(fields: list[ChangeField]) -> str:
    # "offset 0" has each value computed once; without it the server computes it again at each mention
    tables = sorted({field.table for field in fields})
    joins = " ".join(
        f"left join {t} on w.target_table = '{t}' and {t}.id = w.row_id and {t}.shop_id = :shop_id" for t in tables
    )
    found = " or ".join(f"{t}.id is not null" for t in tables) or "false"
    old = _by_field(fields, lambda f: f"{f.table}.{f.name}::text")
    new = _by_field(fields, canonical_sql, "w.new")
    return f"""
    insert into judged (line, target_table, row_id, field, old, new, outcome, reason)
    select row_number() over (order by {_ORDER}), r.target_table, r.row_id, r.field, r.old, r.new,
        case when r.reason is not null then 'refused'
             when r.old is not distinct from r.new then 'unchanged'
             when r.guarded and r.old is distinct from r.expected then :outcome else 'changed' end,
        case when r.reason is null and r.guarded and r.old is distinct from r.new
             and r.old is distinct from r.expected then :reason else r.reason end
    from (
        select j.*, case
            when not j.known then 'field_unknown'
            when not j.found then 'row_unknown'
            when row_number() over (partition by j.target_table, j.row_id, j.field order by j.new) > 1
                then 'duplicate'
            else {_by_field(fields, refusal_sql, table="j")} end as reason
        from (
            select w.target_table, w.row_id, w.field, w.guarded, w.expected, {old} as old, {new} as new,
                {_known(fields)} as known, ({found}) as found
            from wanted w {joins} offset 0
        ) j
    ) r"""  # noqa: S608 - names come from the table of fields


_ORDER = "r.target_table, r.row_id, r.field, r.new"  # temp tables sort by "C": the same order in every locale


def _known(fields: list[ChangeField]) -> str:
    pairs = ", ".join(f"('{f.table}', '{f.name}')" for f in fields)
    return f"(w.target_table, w.field) in ({pairs})" if pairs else "false"


def _by_field(fields: list[ChangeField], sql: Any, otherwise: str = "null::text", table: str = "w") -> str:
    """A case expression that picks each field's own SQL."""
    if not fields:
        return otherwise
    cases = " ".join(
        f"when {table}.target_table = '{f.table}' and {table}.field = '{f.name}' then {sql(f)}" for f in fields
    )
    return f"case {cases} else {otherwise} end"


HASH = """select encode(sha256(coalesce(string_agg(sha256(convert_to(
    target_table || chr(31) || row_id || chr(31) || field || chr(31) || coalesce('=' || new, '-'), 'UTF8')),
    ''::bytea order by line), ''::bytea)), 'hex') from judged"""


def content_hash(session: Session) -> str:
    """What was wanted, as one hash; the route by which it came has no part in it."""
    return str(session.scalar(text(HASH)))


def write_rows(session: Session, shop_id: int, moment: Any) -> None:
    """Write the changed lines into their tables: one UPDATE a table, version and time with it."""
    pairs = session.execute(text("select distinct target_table, field from judged where outcome = 'changed'")).all()
    fields = [FIELDS[pair] for pair in sorted(tuple(row) for row in pairs) if pair in FIELDS]
    for table in sorted({field.table for field in fields}):
        statement = _update_sql(table, [field for field in fields if field.table == table])
        session.execute(text(statement), {"shop_id": shop_id, "moment": moment})


def _update_sql(table: str, fields: list[ChangeField]) -> str:
    changed = f"from judged where outcome = 'changed' and field <> 'created' and target_table = '{table}'"
    if len(fields) == 1:
        name = fields[0].name
        source = f"select row_id, new::{fields[0].sql_type} as {name} {changed}"
        assigned = f"{name} = c.{name}"
    else:
        source = f"select row_id, {', '.join(_pivot(f) for f in fields)} {changed} group by row_id"
        assigned = ", ".join(f"{f.name} = case when c.has_{f.name} then c.{f.name} else t.{f.name} end" for f in fields)
    return (
        f"update {table} t set {assigned}, version = t.version + 1, updated_at = :moment "  # noqa: S608 - table and field names are ours
        f"from ({source}) c where t.id = c.row_id and t.shop_id = :shop_id"
    )


def _pivot(field: ChangeField) -> str:
    mine = f"filter (where field = '{field.name}')"
    return f"(max(new) {mine})::{field.sql_type} as {field.name}, count(*) {mine} > 0 as has_{field.name}"
