"""Find SKUs that are oversold or partly taken without reading every level; count the deadline board from its index."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0027"
branch_labels = None
depends_on = None

DUE = ["shop_id", "due_at", "paid_at", "id"]
WAITS = sa.text("status = 'pending_shipment' and due_at is not null")


def upgrade() -> None:
    # Ranges of pages, no rows: so a change of `reserved` stays on its page (HOT) as before.
    op.create_index(
        "ix_stock_level_taken",
        "stock_level",
        [sa.text("(on_hand - reserved - unavailable)"), sa.text("(reserved + unavailable)")],
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 8, "autosummarize": "on"},
    )
    op.execute("analyze stock_level")  # how few are short, the server knows by the index's own statistics
    op.drop_index("ix_order_due", table_name="orders")
    op.create_index("ix_order_due", "orders", DUE, postgresql_where=WAITS, postgresql_include=["after_sale_state"])


def downgrade() -> None:
    op.drop_index("ix_order_due", table_name="orders")
    op.create_index("ix_order_due", "orders", DUE, postgresql_where=WAITS)
    op.drop_index("ix_stock_level_taken", table_name="stock_level")
