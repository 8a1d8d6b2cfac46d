"""Index the order list (all documents by time, total and country) and customers' phones."""

from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_order_shop_all', 'orders', ['shop_id', 'placed_at', 'id'])
    op.create_index('ix_order_shop_country', 'orders', ['shop_id', 'country', 'placed_at', 'id'])
    op.drop_index('ix_order_shop_total', table_name='orders')
    op.create_index('ix_order_shop_total', 'orders', ['shop_id', 'total_minor', 'id'])
    op.create_index(
        'ix_customer_phone_trgm', 'customer', ['phone'], postgresql_using='gin', postgresql_ops={'phone': 'gin_trgm_ops'}
    )


def downgrade() -> None:
    op.drop_index('ix_customer_phone_trgm', table_name='customer')
    op.drop_index('ix_order_shop_total', table_name='orders')
    op.create_index('ix_order_shop_total', 'orders', ['shop_id', 'kind', 'total_minor', 'id'])
    op.drop_index('ix_order_shop_country', table_name='orders')
    op.drop_index('ix_order_shop_all', table_name='orders')
