"""Stock as a ledger: warehouses, levels, movements, holds; `sku.stock_on_hand` stays as the total, kept by triggers."""

import sqlalchemy as sa
from alembic import op

from app.kit import audit
from app.kit.clock import UtcDateTime

revision = "0020"
down_revision = "0014"
branch_labels = None
depends_on = None

AUDITED = {"warehouse": ["code", "name", "is_default"]}
COUNTERS = ("on_hand", "reserved", "unavailable", "incoming")

DEFAULT_NAME = "case when {shop}.locale like 'zh%' then '默认仓' else 'Main warehouse' end"

# A setting turns the two followers off where a rule writes both sides itself.
FOLLOW = "(pg_trigger_depth() = 0 and coalesce(current_setting('app.stock_follow', true), '') <> 'off')"

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

SHOP_OPENED = f"""
create function warehouse_of_new_shop() returns trigger language plpgsql as $$
begin
  insert into warehouse (shop_id, code, name, is_default, version, created_at, updated_at)
  values (new.id, 'MAIN', {DEFAULT_NAME.format(shop="new")}, true, 1, new.created_at, new.created_at);
  return null;
end $$"""

SKU_ADDED = f"""
create function stock_of_new_skus() returns trigger language plpgsql as $$
declare {WHO}
begin
  insert into stock_level (sku_id, warehouse_id, shop_id, on_hand)
  select n.id, w.id, n.shop_id, n.stock_on_hand
  from new_rows n join warehouse w on w.shop_id = n.shop_id and w.is_default;
  {MOVEMENT}
  select n.id, w.id, n.shop_id, clock_timestamp(), 'opening', n.stock_on_hand, why, who, request, change_set
  from new_rows n join warehouse w on w.shop_id = n.shop_id and w.is_default where n.stock_on_hand <> 0;
  return null;
end $$"""

# What a SKU lost beyond the default warehouse comes off its others, in order of id.
SKU_CHANGED = f"""
create function stock_of_changed_skus() returns trigger language plpgsql as $$
declare {WHO}
  moved bigint;
  there bigint;
  short bigint[];
begin
  select count(*) into moved from old_rows o join new_rows n on n.id = o.id where n.stock_on_hand <> o.stock_on_hand;
  if moved = 0 then return null; end if;
  select count(*) filter (where is_default),
    coalesce(array_agg(sku_id) filter (where is_default and on_hand + delta < 0), '{{}}') into there, short
  from (
    select l.sku_id, l.on_hand, n.stock_on_hand - o.stock_on_hand as delta, w.is_default
    from old_rows o join new_rows n on n.id = o.id and n.stock_on_hand <> o.stock_on_hand
    join stock_level l on l.sku_id = n.id join warehouse w on w.id = l.warehouse_id
    order by l.sku_id, l.warehouse_id for no key update of l
  ) as locked;
  if there < moved then
    insert into stock_level (sku_id, warehouse_id, shop_id)
    select n.id, w.id, n.shop_id
    from old_rows o join new_rows n on n.id = o.id and n.stock_on_hand <> o.stock_on_hand
    join warehouse w on w.shop_id = n.shop_id and w.is_default
    order by n.id on conflict do nothing;
    select coalesce(array_agg(n.id), '{{}}') into short
    from old_rows o join new_rows n on n.id = o.id and n.stock_on_hand < o.stock_on_hand
    join warehouse w on w.shop_id = n.shop_id and w.is_default
    join stock_level l on l.sku_id = n.id and l.warehouse_id = w.id
    where l.on_hand + n.stock_on_hand - o.stock_on_hand < 0;
  end if;
  with written as (
    update stock_level l set on_hand = l.on_hand + n.stock_on_hand - o.stock_on_hand
    from old_rows o join new_rows n on n.id = o.id and n.stock_on_hand <> o.stock_on_hand
    join warehouse w on w.shop_id = n.shop_id and w.is_default
    where l.sku_id = n.id and l.warehouse_id = w.id and n.id <> all (short)
    returning l.sku_id, l.warehouse_id, l.shop_id, n.stock_on_hand - o.stock_on_hand as delta
  )
  {MOVEMENT}
  select sku_id, warehouse_id, shop_id, clock_timestamp(), 'adjusted', delta, why, who, request, change_set
  from written order by sku_id;
  if short = '{{}}' then return null; end if;
  with parts as (
    select l.sku_id, l.warehouse_id, least(l.on_hand, greatest(0, o.stock_on_hand - n.stock_on_hand - coalesce(
      sum(l.on_hand) over (partition by l.sku_id order by w.is_default desc, w.id
        rows between unbounded preceding and 1 preceding), 0))) as taken
    from old_rows o join new_rows n on n.id = o.id
    join stock_level l on l.sku_id = n.id join warehouse w on w.id = l.warehouse_id
    where n.id = any (short)
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

# Only what changes on_hand comes here: placing and releasing holds never fires it.
LEVEL_CHANGED = """
create function stock_total_of_sku() returns trigger language plpgsql as $$
begin
  update sku set stock_on_hand = stock_on_hand + new.on_hand - old.on_hand, version = version + 1,
    updated_at = clock_timestamp() where id = new.sku_id;
  return null;
end $$"""

LEDGER_KEPT = """
create function stock_movement_kept() returns trigger language plpgsql as $$
begin
  raise exception 'the stock ledger is append-only: % refused', tg_op;
end $$"""

TRIGGERS = (
    "create trigger warehouse_of_new_shop after insert on shop for each row execute function warehouse_of_new_shop()",
    "create trigger stock_of_new_skus after insert on sku referencing new table as new_rows for each statement "
    "execute function stock_of_new_skus()",
    "create trigger stock_of_changed_skus after update on sku referencing old table as old_rows new table as new_rows "
    f"for each statement when {FOLLOW} execute function stock_of_changed_skus()",
    "create trigger stock_total_of_sku after update of on_hand on stock_level for each row "
    f"when (old.on_hand <> new.on_hand and {FOLLOW}) execute function stock_total_of_sku()",
    "create trigger stock_movement_kept before update or delete on stock_movement for each statement "
    "execute function stock_movement_kept()",
)

FILL = (
    f"""insert into warehouse (shop_id, code, name, is_default, version, created_at, updated_at)
    select id, 'MAIN', {DEFAULT_NAME.format(shop="shop")}, true, 1, now(), now() from shop order by id""",
    """insert into stock_level (sku_id, warehouse_id, shop_id, on_hand)
    select k.id, w.id, k.shop_id, k.stock_on_hand from sku k join warehouse w on w.shop_id = k.shop_id order by k.id""",
    """insert into stock_movement (sku_id, warehouse_id, shop_id, at, kind, on_hand_delta, actor, request_id)
    select k.id, w.id, k.shop_id, now(), 'opening', k.stock_on_hand, 'system:migration', '-'
    from sku k join warehouse w on w.shop_id = k.shop_id where k.stock_on_hand <> 0 order by k.id""",
)


def _big(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), **{"nullable": False, **more})


def _time(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _warehouses()
    _levels()
    _movements()
    _holds()
    _findings()
    for statement in FILL:
        op.execute(statement)
    for function in (SHOP_OPENED, SKU_ADDED, SKU_CHANGED, LEVEL_CHANGED, LEDGER_KEPT):
        op.execute(function)
    for trigger in TRIGGERS:
        op.execute(trigger)
    for table, columns in AUDITED.items():
        for statement in audit.create_trigger_sql(table, columns):
            op.execute(statement)


def _warehouses() -> None:
    op.create_table(
        "warehouse",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _time("created_at"),
        _time("updated_at"),
        _big("shop_id"),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("shop_id", "code", name="uq_warehouse_code"),
        sa.UniqueConstraint("id", "shop_id", name="uq_warehouse_shop"),
    )
    op.create_index(
        "uq_warehouse_default", "warehouse", ["shop_id"], unique=True, postgresql_where=sa.text("is_default")
    )


def _levels() -> None:
    op.create_table(
        "stock_level",
        _big("sku_id"),
        _big("warehouse_id"),
        _big("shop_id"),
        *(_big(name, server_default="0") for name in COUNTERS),
        sa.CheckConstraint(" and ".join(f"{name} >= 0" for name in COUNTERS), name="ck_stock_level_counters"),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["warehouse_id", "shop_id"], ["warehouse.id", "warehouse.shop_id"], name="fk_stock_level_warehouse"
        ),
        sa.PrimaryKeyConstraint("sku_id", "warehouse_id"),
        postgresql_with={"fillfactor": 70},
    )


def _movements() -> None:
    op.create_table(
        "stock_movement",
        _big("sku_id"),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _big("warehouse_id"),
        _big("shop_id"),
        _time("at"),
        sa.Column("kind", sa.String(length=32), nullable=False),
        *(_big(f"{name}_delta", server_default="0") for name in ("on_hand", "unavailable", "incoming")),
        sa.Column("reason", sa.String(length=40), server_default="", nullable=False),
        sa.Column("note", sa.String(length=500), server_default="", nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        _big("order_id", nullable=True),
        _big("change_set_id", nullable=True),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.Column("id_in_key", sa.SmallInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("sku_id", "id"),
    )
    op.create_index(
        "uq_stock_movement_key", "stock_movement", ["shop_id", "key", "kind", "id_in_key"], unique=True,
        postgresql_where=sa.text("key is not null"),
    )  # fmt: skip
    op.create_index(
        "ix_stock_movement_order", "stock_movement", ["order_id"], postgresql_where=sa.text("order_id is not null")
    )


def _holds() -> None:
    op.create_table(
        "stock_hold",
        _big("shop_id"),
        _big("sku_id"),
        _big("warehouse_id"),
        _big("quantity"),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.Column("position", sa.SmallInteger(), server_default="0", nullable=False),
        _time("created_at"),
        _time("expires_at", nullable=True),
        _time("ended_at", nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint("quantity > 0", name="ck_stock_hold_quantity"),
        sa.ForeignKeyConstraint(
            ["sku_id", "warehouse_id"], ["stock_level.sku_id", "stock_level.warehouse_id"],
            name="fk_stock_hold_level", ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id"),
    )  # fmt: skip
    live = sa.text("state in ('live', 'confirmed')")
    op.create_index(
        "uq_stock_hold_key", "stock_hold", ["shop_id", "key", "position"], unique=True,
        postgresql_where=sa.text("key is not null"),
    )  # fmt: skip
    op.create_index("ix_stock_hold_holder", "stock_hold", ["shop_id", "holder"])
    op.create_index("ix_stock_hold_live", "stock_hold", ["sku_id", "warehouse_id"], postgresql_where=live)
    op.create_index("ix_stock_hold_expiry", "stock_hold", ["expires_at"], postgresql_where=sa.text("state = 'live'"))


def _findings() -> None:
    op.create_table(
        "stock_finding",
        _big("sku_id"),
        _big("warehouse_id", nullable=True),
        sa.Column("counter", sa.String(length=32), nullable=False),
        _big("expected"),
        _big("found"),
        _time("found_at"),
        _time("fixed_at", nullable=True),
        sa.Column("fixed_by", sa.String(length=80), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _big("shop_id"),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_stock_finding_open", "stock_finding", ["shop_id", "id"], postgresql_where=sa.text("fixed_at is null")
    )


def downgrade() -> None:
    for table in AUDITED:
        for statement in audit.drop_trigger_sql(table):
            op.execute(statement)
    op.execute("drop trigger warehouse_of_new_shop on shop")
    op.execute("drop trigger stock_of_new_skus on sku")
    op.execute("drop trigger stock_of_changed_skus on sku")
    for table in ("stock_finding", "stock_hold", "stock_movement", "stock_level", "warehouse"):
        op.drop_table(table)
    for name in ("warehouse_of_new_shop", "stock_of_new_skus", "stock_of_changed_skus", "stock_total_of_sku",
                 "stock_movement_kept"):  # fmt: skip
        op.execute(f"drop function {name}()")
