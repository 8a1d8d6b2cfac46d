"""Thumbnails of pictures, and indexes for sorting products by title and finding them by code."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('product_image', sa.Column('thumb', sa.String(length=80), server_default='', nullable=False))
    op.create_index('ix_product_shop_title', 'product', ['shop_id', 'title', 'id'])
    op.create_index('ix_product_code_trgm', 'product', ['code'], postgresql_using='gin',
                    postgresql_ops={'code': 'gin_trgm_ops'})


def downgrade() -> None:
    op.drop_index('ix_product_code_trgm', table_name='product')
    op.drop_index('ix_product_shop_title', table_name='product')
    op.drop_column('product_image', 'thumb')
