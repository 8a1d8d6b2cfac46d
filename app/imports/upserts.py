"""Bulk upsert by SKU code: rows of a call by the import's rules through the one engine, with a result for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog import change_sets
from app.catalog.change_models import ChangeSource, ChangeState
from app.catalog.tag_sql import MOST_ATTRIBUTES
from app.imports import product_rows, product_writing
from app.imports.faults import NOT_REACHED, message_of
from app.imports.models import ImportMode, OnError
from app.imports.staging import CLEAR, Counts, Stage
from app.imports.upsert_rows import MONEY, WAS, Row, Table
from app.kit.db import db, rehearsal
from app.kit.errors import RuleViolation
from app.kit.money import Money
from app.kit.shop_wall import assert_in_scope
from app.shops.models import Shop

OUTCOMES = ("created", "updated", "unchanged", "pending", "refused", "stale", "not_reached")
STALE = frozenset({"version_stale", "value_stale"})


@dataclass(frozen=True)
class Wish:
    """What a call asks for."""

    rows: Sequence[Row]
    mode: ImportMode = ImportMode.BOTH
    on_error: OnError = OnError.SKIP
    dry_run: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of it; `state` is null where no known or new row was to be changed."""

    change_set_id: int | None
    state: ChangeState | None
    content_hash: str | None
    counts: Mapping[str, int]
    results: list[dict[str, Any]]


class RowsRefused(RuleViolation):
    """All rows were wanted or none, and some cannot be taken; `more` has the results."""

    def __init__(self, outcome: Outcome) -> None:
        bad = outcome.counts["refused"] + outcome.counts["stale"]
        super().__init__("rows_refused", bad=bad, rows=len(outcome.results))
        self.more = {"counts": outcome.counts, "results": outcome.results}


def carry_out(shop: Shop, wish: Wish) -> Outcome:
    """Check every row, write the good ones, and tell what became of each; needs an open transaction.

    The rows that exist are locked first, so what a row expects (`was`, `if_version`) and what it adds to the
    stock hold until the end. Raises RowsRefused, RuleViolation("too_many_names"), product_writing.Overtaken.
    """
    table = Table(wish.rows, shop.currency)
    session = db.session()
    table.stage(session)
    stage = Stage(
        shop=shop,
        session=session,
        run_id=0,
        mapped=table.mapped,
        extras=table.extras,
        mode=wish.mode,
        source=ChangeSource.API,
    )
    _lock(stage)
    _compare(stage)
    _add_to_stock(stage)
    product_rows.check(stage)
    _limit_attributes(stage)
    _mind_faults(stage, table, wish.on_error)
    if not wish.dry_run:
        return _told(stage, table, product_writing.commit(stage))
    with rehearsal():
        return _told(stage, table, product_writing.commit(stage))


def _lock(stage: Stage) -> None:
    """Products before SKUs, each in order of id, as everywhere."""
    assert_in_scope(stage.shop.id)
    known = "sku k join staged s on s.sku_code = k.code where k.shop_id = :shop_id"
    for rows in (
        f"select id from product where id in (select k.product_id from {known}) or (shop_id = :shop_id and code in "
        "(select coalesce(product_code, sku_code) from staged)) order by id",
        f"select id from sku where id in (select k.id from {known}) order by id",
    ):
        stage.run(f"select count(*) from ({rows} for no key update) locked")


_KNOWN = "sku k"
_SAME = "k.shop_id = :shop_id and k.code = s.sku_code"


def _compare(stage: Stage) -> None:
    """Refuse rows whose SKU is not what the row expects it to be."""
    columns = (*(f"was_{name}" for name in WAS), "if_version")
    expects = " or ".join(f"s.{column} is not null" for column in columns)
    stage.refuse(
        f"({expects}) and not exists (select from sku k where {_SAME})",
        "sku_code",
        "sku_unknown",
        "jsonb_build_object('code', s.sku_code)",
    )
    version = "jsonb_build_object('present', k.version)"
    stage.refuse(f"{_SAME} and k.version <> s.if_version::bigint", "if_version", "version_stale", version, using=_KNOWN)
    for name, column in WAS.items():
        stage.refuse(
            f"{_SAME} and s.was_{name} is not null and k.{column}::text is distinct from nullif(s.was_{name}, :clear)",
            name,
            "value_stale",
            f"jsonb_build_object('present', k.{column}::text)",
            using=_KNOWN,
            clear=CLEAR,
        )


def _add_to_stock(stage: Stage) -> None:
    """Turn a change of stock into the stock that it leaves."""
    stage.refuse(
        f"{_SAME} and k.stock_on_hand + s.stock_change::bigint < 0",
        "stock_change",
        "stock_short",
        "jsonb_build_object('present', k.stock_on_hand, 'change', s.stock_change::bigint)",
        using=_KNOWN,
    )
    stage.run(
        "update staged s set stock = (coalesce((select k.stock_on_hand from sku k "
        f"where {_SAME}), 0) + s.stock_change::bigint)::text where s.stock_change is not null and s.err_code is null"
    )


def _limit_attributes(stage: Stage) -> None:
    """A product that holds some already can hold only so many more."""
    stage.refuse(
        "p.row = s.row and (select count(*) from jsonb_object_keys(p.n_attributes)) > :most",
        "attributes",
        "too_many",
        "jsonb_build_object('limit', cast(:most as integer))",
        using="product_row p",
        most=MOST_ATTRIBUTES,
    )


def _mind_faults(stage: Stage, table: Table, on_error: OnError) -> None:
    first = stage.run("select min(row) from staged where err_code is not null").scalar()
    if first is None:
        return
    if on_error is OnError.STOP:
        stage.run("update staged set err_code = :code where row > :first", code=NOT_REACHED, first=first)
    if on_error is OnError.ALL:
        raise RowsRefused(_told(stage, table, Counts()))


def _told(stage: Stage, table: Table, counts: Counts) -> Outcome:
    change_set = change_sets.get(counts.change_set_id) if counts.change_set_id else None
    is_pending = change_set is not None and change_set.state is ChangeState.PENDING
    results = [_result(row, stage, table, is_pending) for row in stage.run(_RESULTS)]
    counted = dict.fromkeys(OUTCOMES, 0)
    for result in results:
        counted[result["outcome"]] += 1
    return Outcome(
        change_set_id=change_set.id if change_set else None,
        state=change_set.state if change_set else None,
        content_hash=change_set.content_hash if change_set else None,
        counts={"rows": len(results), **counted},
        results=results,
    )


_RESULTS = (
    "select s.row, s.sku_code, s.err_code, s.err_column, s.err_facts, p.sku_id is null as is_new, "
    f"({product_writing.DIFFERS}) as differs from staged s left join product_row p on p.row = s.row order by s.row"
)


def _result(row: Any, stage: Stage, table: Table, is_pending: bool) -> dict[str, Any]:
    told = {"index": row.row, "sku": row.sku_code or ""}
    if row.err_code is None:
        changed = "pending" if is_pending else "updated"
        return {**told, "outcome": "created" if row.is_new else changed if row.differs else "unchanged"}
    if row.err_code == NOT_REACHED:
        return {**told, "outcome": "not_reached"}
    field = table.field_of(row.err_column)
    facts = dict(row.err_facts or {})
    if row.err_code == "value_stale":
        facts = {"field": field, "present": _shown(field, facts["present"], stage.shop)}
    outcome = "stale" if row.err_code in STALE else "refused"
    message = message_of(row.err_code, facts)
    return {**told, "outcome": outcome, "code": row.err_code, "field": field, "message": message, "facts": facts}


def _shown(field: str | None, stored: str | None, shop: Shop) -> str | None:
    return str(Money(int(stored), shop.currency)) if stored is not None and field in MONEY else stored


__all__ = ["OUTCOMES", "Outcome", "RowsRefused", "Wish", "carry_out"]
