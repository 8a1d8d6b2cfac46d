"""What the grid wants changed: the edits as sent, checked in shape, and laid into `wanted` under their guard."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.catalog import grid
from app.catalog.change_fields import ChangeField
from app.catalog.change_models import ChangeSet
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope

EDITS_MOST = 100_000
"""Cells that one save may hold."""
BYTES_MOST = 64 * 1024 * 1024
LARGEST_ID = 2**63 - 1
GZIP = 16 + zlib.MAX_WBITS
"""How zlib is told to expect a gzip header."""


@dataclass(frozen=True)
class Edits:
    """Edits of one field: rows, the values seen when they were made, and the values wanted, each as stored text."""

    field: ChangeField
    row_ids: list[int]
    seen: list[str | None]
    wanted: list[str | None]


def read(body: bytes) -> list[Edits]:
    """`{"price_minor": [[row id, value seen, value wanted], …], …}`, plain or gzipped.

    Raises RuleViolation("grid_unreadable"), ("grid_too_many") beyond EDITS_MOST cells and ("grid_too_large").
    """
    try:
        sent = json.loads(_unpacked(body))
        found = [_edits(name, lines) for name, lines in sent.items()]
    except (ValueError, TypeError, AttributeError, KeyError, zlib.error, EOFError, OSError) as error:
        raise RuleViolation("grid_unreadable") from error
    count = sum(len(one.row_ids) for one in found)
    if count > EDITS_MOST:
        raise RuleViolation("grid_too_many", count=f"{count:,}", limit=f"{EDITS_MOST:,}")
    if not count:
        raise RuleViolation("grid_nothing")
    return found


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    opened = zlib.decompressobj(wbits=GZIP)
    plain = opened.decompress(body, BYTES_MOST)
    if opened.unconsumed_tail:
        raise RuleViolation("grid_too_large", limit=BYTES_MOST // 1024 // 1024)
    return plain


def _edits(name: str, lines: list[Any]) -> Edits:
    field = next((one for one in grid.fields() if one.name == name), None)
    if field is None or not all(_is_line(line) for line in lines):
        raise ValueError(name)
    columns: tuple[list[Any], ...] = ([], [], [])
    for line in lines:
        for column, value in zip(columns, line, strict=True):
            column.append(value)
    return Edits(field, *columns)


def _is_line(line: Any) -> bool:
    if not isinstance(line, list) or len(line) != 3 or type(line[0]) is not int or not 0 < line[0] <= LARGEST_ID:
        return False
    return all(value is None or (isinstance(value, str) and "\0" not in value) for value in line[1:])


def filling(edits: list[Edits]) -> Callable[[Session], None]:
    """A function that lays the edits into the session's table `wanted`, one statement a field.

    Each is guarded by the value that was seen, so that what somebody else has changed since is never overwritten.
    """

    def fill(session: Session) -> None:
        for one in edits:
            # jsonb prints its keys in an order of its own, whatever order the browser has sent
            as_printed = "case when pg_input_is_valid(v.seen, 'jsonb') then v.seen::jsonb::text else v.seen end"
            seen = as_printed if one.field.sql_type == "jsonb" else "v.seen"
            session.execute(
                text(
                    "insert into wanted (target_table, row_id, field, new, guarded, expected) "  # noqa: S608 - ours
                    f"select :table, v.row_id, :field, v.wanted, true, {seen} from unnest("
                    "cast(:row_ids as bigint[]), cast(:seen as text[]), cast(:wanted as text[])) "
                    "as v(row_id, seen, wanted)"
                ),
                {
                    "table": one.field.table,
                    "field": one.field.name,
                    "row_ids": one.row_ids,
                    "seen": one.seen,
                    "wanted": one.wanted,
                },
            )

    return fill


@dataclass(frozen=True)
class LeftLine:
    """A cell that was not written: why, what the row holds now, and who has written that, when it was somebody."""

    target_table: str
    row_id: int
    field: str
    outcome: str
    reason: str | None
    now: str | None
    who: str | None
    at: datetime | None


def left(change_set: ChangeSet) -> list[LeftLine]:
    """The refused and the stale lines of a set, carried out or still a draft; one statement."""
    values = {"change_set_id": change_set.id, "shop_id": assert_in_scope(change_set.shop_id)}
    return [LeftLine(**row) for row in db.session.execute(text(_LEFT), values).mappings()]


_NOW = " ".join(
    f"when l.target_table = '{field.table}' and l.field = '{field.name}' then {field.table[0]}.{field.name}::text"
    for field in grid.fields()
)
_LEFT = f"""
select l.target_table, l.row_id, l.field, l.outcome, l.reason, case {_NOW} end as now, f.actor as who, f.at
from change_line l
left join sku s on l.target_table = 'sku' and s.id = l.row_id and s.shop_id = l.shop_id
left join product p on l.target_table = 'product' and p.id = l.row_id and p.shop_id = l.shop_id
left join lateral (
    select actor, at from field_change c where l.outcome = 'stale' and c.shop_id = l.shop_id
        and c.table_name = l.target_table and c.row_id = l.row_id and c.changes ? l.field
    order by c.id desc limit 1) f on true
where l.change_set_id = :change_set_id and l.shop_id = :shop_id and l.outcome in ('refused', 'stale')
order by l.line"""  # noqa: S608 - names of our fields
