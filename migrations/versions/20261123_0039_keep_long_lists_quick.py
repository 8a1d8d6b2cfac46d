"""Sort a range of orders from its index alone, find orders by receiver and phone, cases that are not over by time."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

ALL = ["shop_id", "placed_at", "id"]
DUE = ["shop_id", "due_at", "paid_at", "id"]
WAITS = sa.text("status = 'pending_shipment' and due_at is not null")
SORTED_BY = ["after_sale_state", "kind", "placed_at", "number", "total_minor"]


def upgrade() -> None:
    op.drop_index("ix_order_shop_all", table_name="orders")
    op.create_index("ix_order_shop_all", "orders", ALL, postgresql_include=["number"])
    op.drop_index("ix_order_due", table_name="orders")
    op.create_index("ix_order_due", "orders", DUE, postgresql_where=WAITS, postgresql_include=SORTED_BY)
    for column in ("receiver", "phone"):
        op.create_index(
            f"ix_order_{column}_trgm",
            "orders",
            [column],
            postgresql_using="gin",
            postgresql_ops={column: "gin_trgm_ops"},
        )
    op.create_index(
        "ix_after_sale_case_live",
        "after_sale_case",
        ["shop_id", "due_at", "id"],
        postgresql_where=sa.text("state not in ('done', 'closed')"),
        postgresql_include=["state", "refund_error", "opened_at"],
    )
    # That few of many are oversold is seen by finer steps alone; with coarse ones the server reads every level.
    op.execute("alter index ix_stock_level_taken alter column 1 set statistics 1000")
    op.execute("analyze stock_level")


def downgrade() -> None:
    op.execute("alter index ix_stock_level_taken alter column 1 set statistics -1")
    op.drop_index("ix_after_sale_case_live", table_name="after_sale_case")
    for column in ("receiver", "phone"):
        op.drop_index(f"ix_order_{column}_trgm", table_name="orders")
    op.drop_index("ix_order_due", table_name="orders")
    op.create_index("ix_order_due", "orders", DUE, postgresql_where=WAITS, postgresql_include=["after_sale_state"])
    op.drop_index("ix_order_shop_all", table_name="orders")
    op.create_index("ix_order_shop_all", "orders", ALL)
