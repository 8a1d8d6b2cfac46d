"""Know how far to look for what is low, and add up the stock of products, from indexes alone."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = ["shop_id", "low_stock_limit", "id"]
    op.create_index("ix_sku_high_limit", "sku", columns, postgresql_where=sa.text("low_stock_limit > 20"))
    op.drop_index("ix_sku_product", table_name="sku")
    op.create_index("ix_sku_product", "sku", ["product_id"], postgresql_include=["shop_id", "stock_on_hand"])


def downgrade() -> None:
    op.drop_index("ix_sku_product", table_name="sku")
    op.create_index("ix_sku_product", "sku", ["product_id"])
    op.drop_index("ix_sku_high_limit", table_name="sku")
