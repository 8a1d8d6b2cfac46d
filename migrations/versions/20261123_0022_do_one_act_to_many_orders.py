"""Keep bulk acts with a result for each row; close unpaid orders, send orders together, split one in two."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit import audit

revision = "0022"
down_revision = "0025"
branch_labels = None
depends_on = None

BEFORE = ["number", "kind", "status", "placed_at", "currency", "country", "customer_id", "reverses_id", "units",
          "items_minor", "charges_minor", "total_minor", "order_state", "payment_state", "fulfilment_state",
          "after_sale_state", "close_cause", "closed_at", "platform_code", "shipping_minor", "discount_minor",
          "paid_minor", "refunded_minor", "paid_at", "promise_hours", "due_at", "tags", "flag"]  # fmt: skip
MASKED = ["receiver", "address", "staff_note", "phone", "flag_text"]
NEW = ["pay_by", "ship_group_id", "split_from_id"]
SETTING = ["promise_hours", "after_sale_pauses"]
NEW_SETTING = {"unpaid_minutes": "120", "unpaid_by_hand_minutes": "0", "auto_confirm_days": "10"}
INDEXES = {
    "ix_order_pay_by": (
        ["pay_by"], "status = 'pending_payment' and payment_state = 'unpaid' and pay_by is not null"
    ),
    "ix_order_group": (["ship_group_id"], "ship_group_id is not null"),
    "ix_order_split": (["split_from_id"], "split_from_id is not null"),
    "ix_order_address": (
        ["shop_id", "address", "phone", "receiver"],
        "status = 'pending_shipment' and fulfilment_state = 'unfulfilled' and address <> ''",
    ),
    "ix_order_after_sale": (
        ["shop_id", "after_sale_state", "placed_at", "id"], "after_sale_state <> 'none'"
    ),
    "ix_order_partly_sent": (["shop_id", "placed_at", "id"], "fulfilment_state = 'partly_fulfilled'"),
    "ix_order_money_moved": (
        ["shop_id", "payment_state", "placed_at", "id"],
        "payment_state in ('partly_paid', 'partly_refunded', 'refunded')",
    ),
}  # fmt: skip


def upgrade() -> None:
    _batches()
    _beside()
    op.add_column("orders", sa.Column("pay_by", sa.DateTime(timezone=True)))
    op.add_column("orders", sa.Column("ship_group_id", sa.BigInteger(), sa.ForeignKey("ship_group.id")))
    op.add_column("orders", sa.Column("split_from_id", sa.BigInteger(), sa.ForeignKey("orders.id")))
    for name, (columns, where) in INDEXES.items():
        op.create_index(name, "orders", columns, postgresql_where=sa.text(where))
    _audit("orders", BEFORE + NEW, MASKED)
    for name, default in NEW_SETTING.items():
        op.add_column("order_setting", sa.Column(name, sa.Integer(), server_default=default, nullable=False))
    op.create_check_constraint(
        "ck_order_setting_unpaid",
        "order_setting",
        "unpaid_minutes between 0 and 43200 and unpaid_by_hand_minutes between 0 and 43200",
    )
    op.create_check_constraint("ck_order_setting_confirm", "order_setting", "auto_confirm_days between 0 and 90")
    _audit("order_setting", [*SETTING, *NEW_SETTING], [])


def _audit(table: str, columns: list[str], masked: list[str]) -> None:
    for statement in audit.replace_functions_sql(table, columns, masked):
        op.execute(statement)


def _id() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True)


def _shop() -> sa.Column:
    return sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shop.id"), nullable=False)


def _at(name: str, *, needed: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not needed)


def _batches() -> None:
    op.create_table(
        "batch", _id(), _shop(),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False)
          for name in ("done", "unchanged", "refused")),
        sa.Column("key", sa.String(120)),
        sa.Column("again_of_id", sa.BigInteger(), sa.ForeignKey("batch.id")),
        sa.Column("job_id", sa.BigInteger()),
        sa.Column("requested_by", sa.String(80), nullable=False),
        _at("created_at", needed=True), _at("started_at"), _at("finished_at"),
        sa.UniqueConstraint("shop_id", "key", name="uq_batch_key"),
    )  # fmt: skip
    op.create_index("ix_batch_shop", "batch", ["shop_id", "id"])
    op.create_table(
        "batch_row",
        sa.Column("batch_id", sa.BigInteger(), sa.ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        _shop(),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("given", postgresql.JSONB()),
        sa.Column("outcome", sa.String(32)),
        sa.Column("from_state", sa.String(32), server_default="", nullable=False),
        sa.Column("code", sa.String(60), server_default="", nullable=False),
        sa.Column("facts", postgresql.JSONB()),
        sa.CheckConstraint("(outcome = 'refused') = (code <> '')", name="ck_batch_row_code"),
    )  # fmt: skip
    op.create_index(
        "ix_batch_row_open", "batch_row", ["batch_id", "position"], postgresql_where=sa.text("outcome is null")
    )
    op.create_index("ix_batch_row_outcome", "batch_row", ["batch_id", "outcome", "position"])


def _beside() -> None:
    op.create_table(
        "ship_group", _id(), _shop(), _at("created_at", needed=True), sa.Column("actor", sa.String(80), nullable=False)
    )
    op.create_table(
        "order_split", _id(), _shop(),
        *(sa.Column(name, sa.BigInteger(), sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False)
          for name in ("from_id", "into_id")),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        _at("created_at", needed=True), _at("undone_at"),
        sa.UniqueConstraint("into_id"),
    )  # fmt: skip
    op.create_index("ix_order_split_from", "order_split", ["from_id"])


def downgrade() -> None:
    _audit("order_setting", SETTING, [])
    for name in NEW_SETTING:
        op.drop_column("order_setting", name)
    _audit("orders", BEFORE, MASKED)
    for name in NEW:
        op.drop_column("orders", name)
    for table in ("order_split", "ship_group", "batch_row", "batch"):
        op.drop_table(table)
