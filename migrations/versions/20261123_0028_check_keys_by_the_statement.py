"""Keys of tables written by the hundred thousand are checked once a statement; nulls stay out of indexes."""

import sqlalchemy as sa
from alembic import op

from app.kit.bulk_keys import FIXED_SQL, BulkKey, create_sql, drop_sql

revision = "0028"
down_revision = "0022"
branch_labels = None
depends_on = None

BY_ID, BY_SHOP = ("id",), ("id", "shop_id")
KEYS = (
    BulkKey("product_shop_id_fkey", "product", ("shop_id",), "shop", BY_ID),
    BulkKey("sku_product_id_fkey", "sku", ("product_id", "shop_id"), "product", BY_SHOP, is_cascade=True),
    BulkKey("stock_level_sku_id_fkey", "stock_level", ("sku_id", "shop_id"), "sku", BY_SHOP, is_cascade=True),
    BulkKey("fk_stock_level_warehouse", "stock_level", ("warehouse_id", "shop_id"), "warehouse", BY_SHOP),
    BulkKey("fk_change_line_set", "change_line", ("change_set_id", "shop_id"), "change_set", BY_SHOP, is_cascade=True),
)

PARTIAL = {"category_id": "ix_product_category", "freight_template_id": "ix_product_freight_template"}
"""Indexes of columns that are mostly null; equality finds the others."""


def upgrade() -> None:
    for column, index in PARTIAL.items():
        op.drop_index(index, table_name="product")
        op.create_index(index, "product", [column], postgresql_where=sa.text(f"{column} is not null"))
    for key in KEYS:
        op.drop_constraint(key.name, key.table, type_="foreignkey")
    op.drop_constraint("sku_shop_id_fkey", "sku", type_="foreignkey")  # its product's key says the shop, too
    op.execute(FIXED_SQL)
    for key in KEYS:
        for statement in create_sql(key):
            op.execute(statement)


def downgrade() -> None:
    for column, index in PARTIAL.items():
        op.drop_index(index, table_name="product")
        op.create_index(index, "product", [column])
    for key in reversed(KEYS):
        for statement in drop_sql(key):
            op.execute(statement)
    op.execute("drop function key_is_fixed()")
    op.create_foreign_key("sku_shop_id_fkey", "sku", "shop", ["shop_id"], ["id"])
    op.create_foreign_key("product_shop_id_fkey", "product", "shop", ["shop_id"], ["id"])
    op.create_foreign_key("sku_product_id_fkey", "sku", "product", ["product_id"], ["id"], ondelete="CASCADE")
    op.create_foreign_key("stock_level_sku_id_fkey", "stock_level", "sku", ["sku_id"], ["id"], ondelete="CASCADE")
    op.create_foreign_key(
        "fk_stock_level_warehouse", "stock_level", "warehouse", ["warehouse_id", "shop_id"], ["id", "shop_id"]
    )
    op.create_foreign_key(
        "fk_change_line_set", "change_line", "change_set", ["change_set_id", "shop_id"], ["id", "shop_id"],
        ondelete="CASCADE",
    )  # fmt: skip
