"""Foreign keys of tables that are written by the hundred thousand: checked once a statement, not once a row.

PostgreSQL runs a query for each row that a foreign key concerns, some five microseconds each. A `BulkKey` promises
the same by statement triggers: a row names a parent that is there, which is kept from going until the transaction
ends; deleting a parent takes its children along, or is refused. The columns of such a key never change.
"""

from __future__ import annotations

from dataclasses import dataclass

BY_STATEMENT = {"by_statement": True}
"""`info` of a key in the models that the database keeps in this way: it joins and orders, Alembic passes it by."""


@dataclass(frozen=True)
class BulkKey:
    """Rows of `table` name a row of `parent`, column by column; `name` stands in the error of a row that does not."""

    name: str
    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    is_cascade: bool = False

    @property
    def triggers(self) -> tuple[str, ...]:
        """The names of the triggers that keep it: rows made, columns fixed on both sides, parents gone."""
        stem = f"key_{self.table}_{self.parent}"
        return f"{stem}_made", f"{stem}_fixed", f"{stem}_parent_fixed", f"{stem}_gone"


FIXED_SQL = """
create or replace function key_is_fixed() returns trigger language plpgsql as $$
begin
  raise exception 'a key of table "%" never changes', tg_table_name using errcode = 'foreign_key_violation';
end $$"""


def create_sql(key: BulkKey) -> list[str]:
    """DDL of the triggers, for a migration; needs `FIXED_SQL` once before."""
    made, fixed, parent_fixed, gone = key.triggers
    return [
        _made_function(key, made),
        f"create trigger {made} after insert on {key.table} referencing new table as new_rows "
        f"for each statement execute function {made}()",
        _fixed_trigger(fixed, key.table, key.columns),
        _fixed_trigger(parent_fixed, key.parent, key.parent_columns),
        _gone_function(key, gone),
        f"create trigger {gone} after delete on {key.parent} referencing old table as old_rows "
        f"for each statement execute function {gone}()",
    ]


def drop_sql(key: BulkKey) -> list[str]:
    """DDL that undoes `create_sql`."""
    made, fixed, parent_fixed, gone = key.triggers
    tables = {made: key.table, fixed: key.table, parent_fixed: key.parent, gone: key.parent}
    return [
        *(f"drop trigger {name} on {table}" for name, table in tables.items()),
        *(f"drop function {name}()" for name in (made, gone)),
    ]


def _made_function(key: BulkKey, name: str) -> str:
    """`execute` has the query planned anew for as many rows as there are.

    A parent of this very transaction is seen by nobody else, so it needs no lock.
    """
    pairs = list(zip(key.columns, key.parent_columns, strict=True))
    listed = ", ".join(f"n.{column}" for column in key.columns)
    same = " and ".join(f"p.{theirs} = n.{ours}" for ours, theirs in pairs)
    parents = f"(select distinct {listed} from new_rows n) n"  # noqa: S608 - names are ours
    return f"""
create function {name}() returns trigger language plpgsql as $$
declare
  missing bigint;
  others bigint;
begin
  execute 'select count(*) filter (where p.id is null), count(*) filter (where p.xmin <> pg_current_xact_id()::xid)
    from {parents} left join {key.parent} p on {same}' into missing, others;
  if others > 0 then
    execute 'with kept as materialized (select p.id from {parents} join {key.parent} p on {same} order by p.id
      for key share of p) select count(*) from kept' into missing;
    execute 'select count(*) from {parents} left join {key.parent} p on {same} where p.id is null' into missing;
  end if;
  if missing > 0 then
    raise exception 'insert on table "{key.table}" violates key "{key.name}": no such row in "{key.parent}"'
      using errcode = 'foreign_key_violation', constraint = '{key.name}', table = '{key.table}';
  end if;
  return null;
end $$"""  # noqa: S608 - names are ours


def _fixed_trigger(name: str, table: str, columns: tuple[str, ...]) -> str:
    changed = " or ".join(f"old.{column} is distinct from new.{column}" for column in columns)
    return (
        f"create trigger {name} before update of {', '.join(columns)} on {table} for each row "
        f"when ({changed}) execute function key_is_fixed()"
    )


def _gone_function(key: BulkKey, name: str) -> str:
    same = " and ".join(f"c.{ours} = o.{theirs}" for ours, theirs in zip(key.columns, key.parent_columns, strict=True))
    if key.is_cascade:
        act = f"execute 'delete from {key.table} c using old_rows o where {same}';"  # noqa: S608 - names are ours
    else:
        act = f"""execute 'select exists (select from {key.table} c join old_rows o on {same})' into is_used;
  if is_used then
    raise exception 'delete on table "{key.parent}" violates key "{key.name}" of table "{key.table}"'
      using errcode = 'foreign_key_violation', constraint = '{key.name}', table = '{key.table}';
  end if;"""  # noqa: S608 - names are ours
    return f"""
create function {name}() returns trigger language plpgsql as $$
declare
  is_used boolean;
begin
  {act}
  return null;
end $$"""
