"""Keep parcels and what is in them; orders that must not leave; when orders are confirmed by themselves.

Orders that are under way already are given ten days from now.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0021"
branch_labels = None
depends_on = None


BACKFILL = """
insert into auto_confirm (order_id, shop_id, due_at)
select id, shop_id, now() + interval '10 days' from orders
where kind = 'sale' and order_state = 'open' and fulfilment_state in ('fulfilled', 'delivered')
"""


def upgrade() -> None:
    op.create_table('parcel',
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('carrier_code', sa.String(length=24), nullable=False),
    sa.Column('tracking_no', sa.String(length=40), server_default='', nullable=False),
    sa.Column('address_key', sa.String(length=40), server_default='', nullable=False),
    sa.Column('units', sa.Integer(), server_default='0', nullable=False),
    sa.Column('subject', sa.String(length=60), server_default='', nullable=False),
    sa.Column('key', sa.String(length=120), nullable=True),
    sa.Column('source', sa.String(length=32), nullable=False),
    sa.Column('last_event', sa.String(length=32), nullable=False),
    sa.Column('moved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("(state in ('created', 'cancelled')) = (sent_at is null)", name='ck_parcel_sent'),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_parcel_carrier', 'parcel', ['shop_id', 'carrier_code', 'moved_at', 'id'], unique=False)
    op.create_index('ix_parcel_number', 'parcel', ['tracking_no'], unique=False, postgresql_ops={'tracking_no': 'text_pattern_ops'})
    op.create_index('ix_parcel_shop_moved', 'parcel', ['shop_id', 'moved_at', 'id'], unique=False)
    op.create_index('ix_parcel_shop_state', 'parcel', ['shop_id', 'state', 'moved_at', 'id'], unique=False)
    op.create_index('ix_parcel_subject', 'parcel', ['shop_id', 'subject'], unique=False, postgresql_where=sa.text("subject <> ''"))
    op.create_index('uq_parcel_key', 'parcel', ['shop_id', 'key'], unique=True, postgresql_where=sa.text('key is not null'))
    op.create_index('uq_parcel_number', 'parcel', ['shop_id', 'tracking_no'], unique=True, postgresql_where=sa.text("tracking_no <> '' and state <> 'cancelled' and kind <> 'return'"))
    op.create_table('parcel_event',
    sa.Column('parcel_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('note', sa.String(length=200), server_default='', nullable=False),
    sa.Column('source', sa.String(length=32), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['parcel_id'], ['parcel.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_parcel_event_parcel', 'parcel_event', ['parcel_id', 'at', 'id'], unique=False)
    op.create_table('auto_confirm',
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('order_id')
    )
    op.create_index('ix_auto_confirm_due', 'auto_confirm', ['due_at', 'order_id'], unique=False)
    op.create_table('parcel_order',
    sa.Column('parcel_id', sa.BigInteger(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['parcel_id'], ['parcel.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('parcel_id', 'order_id')
    )
    op.create_index('ix_parcel_order_order', 'parcel_order', ['order_id', 'parcel_id'], unique=False)
    op.create_table('serial_product',
    sa.Column('product_id', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('product_id', name='uq_serial_product')
    )
    op.create_table('shipping_block',
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('order_id', name='uq_shipping_block_order')
    )
    op.create_table('parcel_line',
    sa.Column('parcel_id', sa.BigInteger(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('order_line_id', sa.BigInteger(), nullable=True),
    sa.Column('sku_id', sa.BigInteger(), nullable=True),
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('title', sa.String(length=200), server_default='', nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('serials', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('quantity > 0', name='ck_parcel_line_quantity'),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_line.id'], ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['parcel_id'], ['parcel.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.ForeignKeyConstraint(['sku_id'], ['sku.id'], ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_parcel_line_order', 'parcel_line', ['order_id'], unique=False)
    op.create_index('ix_parcel_line_order_line', 'parcel_line', ['order_line_id'], unique=False)
    op.create_index('ix_parcel_line_parcel', 'parcel_line', ['parcel_id'], unique=False)
    op.create_index('ix_parcel_line_serials', 'parcel_line', ['serials'], unique=False, postgresql_using='gin', postgresql_where=sa.text("serials <> '[]'"))
    op.execute(BACKFILL)


def downgrade() -> None:
    tables = ("parcel_line", "shipping_block", "serial_product", "parcel_order", "auto_confirm", "parcel_event", "parcel")
    for table in tables:
        op.drop_table(table)
