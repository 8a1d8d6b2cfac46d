"""Price windows: prices that hold for a time, over the base price of the SKU."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit import audit
from app.kit.clock import UtcDateTime

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

AUDITED = {
    "price_window": [
        "name", "starts_at", "ends_at", "priority", "state", "note", "rule", "findings", "content_hash", "skus",
        "requested_by", "decided_by", "decided_at", "request_key", "made_from_id", "change_set_id",
    ],
    "price_window_line": ["window_id", "sku_id", "price_minor", "base_minor"],
}


def _json(name: str, empty: str) -> sa.Column:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), server_default=empty, nullable=False)


def upgrade() -> None:
    op.create_table(
        "price_window",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("starts_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=500), server_default="", nullable=False),
        _json("rule", "{}"),
        _json("findings", "{}"),
        sa.Column("content_hash", sa.String(length=64), server_default="", nullable=False),
        sa.Column("skus", sa.Integer(), server_default="0", nullable=False),
        sa.Column("requested_by", sa.String(length=80), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("request_key", sa.String(length=64), nullable=True),
        sa.Column("made_from_id", sa.BigInteger(), nullable=True),
        sa.Column("change_set_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ends_at >= starts_at", name="ck_price_window_span"),
        sa.ForeignKeyConstraint(["change_set_id"], ["change_set.id"]),
        sa.ForeignKeyConstraint(["made_from_id"], ["price_window.id"]),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("shop_id", "request_key", name="uq_price_window_request"),
    )
    op.create_index("ix_price_window_starts", "price_window", ["shop_id", "starts_at", "id"])
    op.create_index("ix_price_window_ends", "price_window", ["shop_id", "ends_at"])
    op.create_table(
        "price_window_line",
        sa.Column("window_id", sa.BigInteger(), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("price_minor >= 0", name="ck_price_window_line_price"),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["window_id"], ["price_window.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("window_id", "sku_id", name="uq_price_window_line"),
    )
    op.create_index("ix_price_window_line_sku", "price_window_line", ["sku_id", "window_id"])
    for table, columns in AUDITED.items():
        for statement in audit.create_trigger_sql(table, columns):
            op.execute(statement)


def downgrade() -> None:
    for table in AUDITED:
        for statement in audit.drop_trigger_sql(table):
            op.execute(statement)
    op.drop_table("price_window_line")
    op.drop_table("price_window")
