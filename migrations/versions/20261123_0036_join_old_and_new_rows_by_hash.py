"""Join the old and new rows of a statement in time that grows with the rows, whatever the connection did before.

PL/pgSQL plans the query of a trigger function once a connection. After a change of one row that was a nested loop,
and the change of 10,000 rows which came next compared every old row with every new one: half a minute.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

AUDITS = r"""
select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = current_schema() and p.proname like 'audit\_%\_update' order by 1"""

WHO = """
  who text := coalesce(nullif(current_setting('app.actor', true), ''), 'sql:' || current_user);
  request text := coalesce(nullif(current_setting('app.request', true), ''), '-');
  change_set bigint := nullif(current_setting('app.change_set', true), '')::bigint;
  why text := left(coalesce(nullif(current_setting('app.stock_reason', true), ''),
    (select rule ->> 'reason' from change_set c where c.id = change_set), ''), 40);
"""

MOVEMENT = (
    "insert into stock_movement (sku_id, warehouse_id, shop_id, at, kind, on_hand_delta, reason, actor, request_id, "
    "change_set_id)"
)

# `execute` plans anew for as many rows as there are; the rest goes by arrays, row by row through the key of the levels.
# What a SKU lost beyond the default warehouse comes off its others, in order of id.
SKU_CHANGED = f"""
create or replace function stock_of_changed_skus() returns trigger language plpgsql as $$
declare {WHO}
  skus bigint[];
  shops bigint[];
  deltas bigint[];
  there bigint;
  short bigint[];
begin
  execute 'select array_agg(n.id order by n.id), array_agg(n.shop_id order by n.id),
      array_agg(n.stock_on_hand - o.stock_on_hand order by n.id)
    from old_rows o join new_rows n on n.id = o.id where n.stock_on_hand <> o.stock_on_hand' into skus, shops, deltas;
  if skus is null then return null; end if;
  select count(*) filter (where is_default),
    coalesce(array_agg(sku_id) filter (where is_default and on_hand + delta < 0), '{{}}') into there, short
  from (
    select l.sku_id, l.on_hand, c.delta, w.is_default
    from unnest(skus, deltas) as c(sku_id, delta)
    join stock_level l on l.sku_id = c.sku_id join warehouse w on w.id = l.warehouse_id
    order by l.sku_id, l.warehouse_id for no key update of l
  ) as locked;
  if there < cardinality(skus) then
    insert into stock_level (sku_id, warehouse_id, shop_id)
    select c.sku_id, w.id, c.shop_id
    from unnest(skus, shops) as c(sku_id, shop_id) join warehouse w on w.shop_id = c.shop_id and w.is_default
    order by c.sku_id on conflict do nothing;
    select coalesce(array_agg(c.sku_id), '{{}}') into short
    from unnest(skus, shops, deltas) as c(sku_id, shop_id, delta)
    join warehouse w on w.shop_id = c.shop_id and w.is_default
    join stock_level l on l.sku_id = c.sku_id and l.warehouse_id = w.id
    where c.delta < 0 and l.on_hand + c.delta < 0;
  end if;
  with written as (
    update stock_level l set on_hand = l.on_hand + c.delta
    from unnest(skus, shops, deltas) as c(sku_id, shop_id, delta)
    join warehouse w on w.shop_id = c.shop_id and w.is_default
    where l.sku_id = c.sku_id and l.warehouse_id = w.id and c.sku_id <> all (short)
    returning l.sku_id, l.warehouse_id, l.shop_id, c.delta
  )
  {MOVEMENT}
  select sku_id, warehouse_id, shop_id, clock_timestamp(), 'adjusted', delta, why, who, request, change_set
  from written order by sku_id;
  if short = '{{}}' then return null; end if;
  with parts as (
    select l.sku_id, l.warehouse_id, least(l.on_hand, greatest(0, - c.delta - coalesce(
      sum(l.on_hand) over (partition by l.sku_id order by w.is_default desc, w.id
        rows between unbounded preceding and 1 preceding), 0))) as taken
    from unnest(skus, deltas) as c(sku_id, delta)
    join stock_level l on l.sku_id = c.sku_id join warehouse w on w.id = l.warehouse_id
    where c.sku_id = any (short)
  ), written as (
    update stock_level l set on_hand = l.on_hand - p.taken from parts p
    where l.sku_id = p.sku_id and l.warehouse_id = p.warehouse_id and p.taken > 0
    returning l.sku_id, l.warehouse_id, l.shop_id, - p.taken as delta
  )
  {MOVEMENT}
  select sku_id, warehouse_id, shop_id, clock_timestamp(), 'adjusted', delta, why, who, request, change_set
  from written order by sku_id, warehouse_id;
  return null;
end $$"""


def upgrade() -> None:
    for name in op.get_bind().scalars(sa.text(AUDITS)).all():
        op.execute(f"alter function {name} set enable_nestloop = off")
    op.execute(SKU_CHANGED)


def downgrade() -> None:
    """The function of the stock stays: it does what the one before it did."""
    for name in op.get_bind().scalars(sa.text(AUDITS)).all():
        op.execute(f"alter function {name} reset enable_nestloop")
