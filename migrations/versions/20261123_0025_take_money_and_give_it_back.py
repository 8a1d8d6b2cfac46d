"""Take money through channels and give it back; callbacks, what needs a person, and the daily proof beside it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('channel_account',
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('label', sa.String(length=80), nullable=False),
    sa.Column('sealed', sa.Text(), server_default='', nullable=False),
    sa.Column('is_test', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('enabled', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('gateway_url', sa.String(length=200), server_default='', nullable=False),
    sa.Column('callback_token', sa.String(length=40), nullable=False),
    sa.Column('position', sa.Integer(), server_default='0', nullable=False),
    sa.Column('healthy_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failing_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failing_code', sa.String(length=60), server_default='', nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('callback_token')
    )
    op.create_index('ix_channel_account_shop', 'channel_account', ['shop_id', 'position', 'id'], unique=False)
    op.create_table('payment_setting',
    sa.Column('refunds_late', sa.Boolean(), server_default='true', nullable=False),
    sa.Column('minutes_to_pay', sa.Integer(), server_default='30', nullable=False),
    sa.Column('link_days', sa.Integer(), server_default='7', nullable=False),
    sa.Column('matter_hours', sa.Integer(), server_default='24', nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('shop_id', name='uq_payment_setting_shop')
    )
    op.create_table('reconciliation',
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('code', sa.String(length=60), server_default='', nullable=False),
    sa.Column('rows', sa.Integer(), server_default='0', nullable=False),
    sa.Column('matched', sa.Integer(), server_default='0', nullable=False),
    sa.Column('different', sa.Integer(), server_default='0', nullable=False),
    sa.Column('sums', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('text', sa.Text(), server_default='', nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['channel_account.id'], ),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('account_id', 'day', name='uq_reconciliation_day')
    )
    op.create_index('ix_reconciliation_shop', 'reconciliation', ['shop_id', 'day'], unique=False)
    op.create_table('simulated_record',
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('number', sa.String(length=32), nullable=False),
    sa.Column('trade_number', sa.String(length=32), server_default='', nullable=False),
    sa.Column('channel_no', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['channel_account.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('account_id', 'number', name='uq_simulated_record')
    )
    op.create_table('payment',
    sa.Column('number', sa.String(length=32), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('scene', sa.String(length=32), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('counted', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('refunded_minor', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('channel_trade_no', sa.String(length=64), server_default='', nullable=False),
    sa.Column('failure_code', sa.String(length=60), server_default='', nullable=False),
    sa.Column('shown', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('asked_for', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('is_test', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('next_query_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('paid_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fee_minor', sa.BigInteger(), nullable=True),
    sa.Column('settled_minor', sa.BigInteger(), nullable=True),
    sa.Column('settled_currency', sa.String(length=3), server_default='', nullable=False),
    sa.Column('rate', sa.String(length=32), server_default='', nullable=False),
    sa.Column('rate_source', sa.String(length=60), server_default='', nullable=False),
    sa.Column('rate_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('amount_minor > 0', name='ck_payment_amount'),
    sa.CheckConstraint('refunded_minor between 0 and amount_minor', name='ck_payment_refunded'),
    sa.ForeignKeyConstraint(['account_id'], ['channel_account.id'], ),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], ),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('number', name='uq_payment_number')
    )
    op.create_index('ix_payment_due', 'payment', ['next_query_at'], unique=False, postgresql_where=sa.text('next_query_at is not null'))
    op.create_index('ix_payment_order', 'payment', ['order_id', 'id'], unique=False)
    op.create_index('ix_payment_paid', 'payment', ['account_id', 'paid_at'], unique=False, postgresql_where=sa.text('paid_at is not null'))
    op.create_index('ix_payment_shop', 'payment', ['shop_id', 'id'], unique=False)
    op.create_index('ix_payment_trade', 'payment', ['account_id', 'channel_trade_no'], unique=False)
    op.create_table('refund',
    sa.Column('number', sa.String(length=32), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('counted', sa.Boolean(), server_default='true', nullable=False),
    sa.Column('subject', sa.String(length=60), nullable=False),
    sa.Column('key', sa.String(length=100), nullable=False),
    sa.Column('part', sa.Integer(), server_default='0', nullable=False),
    sa.Column('reason', sa.String(length=80), server_default='', nullable=False),
    sa.Column('asked_by', sa.String(length=80), nullable=False),
    sa.Column('channel_refund_no', sa.String(length=64), server_default='', nullable=False),
    sa.Column('failure_code', sa.String(length=60), server_default='', nullable=False),
    sa.Column('reference', sa.String(length=120), server_default='', nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('amount_minor > 0', name='ck_refund_amount'),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], ),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], ),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('number', name='uq_refund_number'),
    sa.UniqueConstraint('order_id', 'key', 'part', name='uq_refund_key')
    )
    op.create_index('ix_refund_due', 'refund', ['shop_id', 'next_try_at'], unique=False, postgresql_where=sa.text('next_try_at is not null'))
    op.create_index('ix_refund_payment', 'refund', ['payment_id'], unique=False)
    op.create_index('ix_refund_shop', 'refund', ['shop_id', 'id'], unique=False)
    op.create_table('bill_difference',
    sa.Column('reconciliation_id', sa.BigInteger(), nullable=False),
    sa.Column('key', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('bill_kind', sa.String(length=32), nullable=False),
    sa.Column('number', sa.String(length=64), nullable=False),
    sa.Column('channel_no', sa.String(length=64), server_default='', nullable=False),
    sa.Column('ours_minor', sa.BigInteger(), nullable=True),
    sa.Column('theirs_minor', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('refund_id', sa.BigInteger(), nullable=True),
    sa.Column('owner_id', sa.Integer(), nullable=True),
    sa.Column('gone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_by', sa.String(length=80), server_default='', nullable=False),
    sa.Column('reason', sa.String(length=300), server_default='', nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['ab_user.id'], ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], ),
    sa.ForeignKeyConstraint(['reconciliation_id'], ['reconciliation.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['refund_id'], ['refund.id'], ),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('reconciliation_id', 'key', name='uq_bill_difference')
    )
    op.create_index('ix_bill_difference_shop', 'bill_difference', ['shop_id', 'id'], unique=False)
    op.create_table('bill_line',
    sa.Column('reconciliation_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('number', sa.String(length=64), nullable=False),
    sa.Column('channel_no', sa.String(length=64), nullable=False),
    sa.Column('succeeded', sa.Boolean(), server_default='true', nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('fee_minor', sa.BigInteger(), nullable=True),
    sa.Column('settled_minor', sa.BigInteger(), nullable=True),
    sa.Column('settled_currency', sa.String(length=3), server_default='', nullable=False),
    sa.Column('rate', sa.String(length=32), server_default='', nullable=False),
    sa.Column('rate_source', sa.String(length=60), server_default='', nullable=False),
    sa.Column('rate_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('refund_id', sa.BigInteger(), nullable=True),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], ),
    sa.ForeignKeyConstraint(['reconciliation_id'], ['reconciliation.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['refund_id'], ['refund.id'], ),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_bill_line_day', 'bill_line', ['reconciliation_id', 'line'], unique=False)
    op.create_index('ix_bill_line_shop', 'bill_line', ['shop_id', 'at'], unique=False)
    op.create_table('callback',
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('notice_id', sa.String(length=120), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('code', sa.String(length=60), server_default='', nullable=False),
    sa.Column('number', sa.String(length=64), server_default='', nullable=False),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('refund_id', sa.BigInteger(), nullable=True),
    sa.Column('method', sa.String(length=8), nullable=False),
    sa.Column('query', sa.Text(), server_default='', nullable=False),
    sa.Column('headers', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('deliveries', sa.Integer(), server_default='1', nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['channel_account.id'], ),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], ),
    sa.ForeignKeyConstraint(['refund_id'], ['refund.id'], ),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('account_id', 'notice_id', name='uq_callback_notice')
    )
    op.create_index('ix_callback_due', 'callback', ['next_try_at'], unique=False, postgresql_where=sa.text('next_try_at is not null'))
    op.create_index('ix_callback_payment', 'callback', ['payment_id'], unique=False)
    op.create_index('ix_callback_received', 'callback', ['received_at'], unique=False)
    op.create_table('channel_exchange',
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('refund_id', sa.BigInteger(), nullable=True),
    sa.Column('operation', sa.String(length=30), nullable=False),
    sa.Column('outcome', sa.String(length=30), nullable=False),
    sa.Column('code', sa.String(length=60), server_default='', nullable=False),
    sa.Column('url', sa.String(length=300), server_default='', nullable=False),
    sa.Column('request', sa.Text(), server_default='', nullable=False),
    sa.Column('status', sa.Integer(), server_default='0', nullable=False),
    sa.Column('response', sa.Text(), server_default='', nullable=False),
    sa.Column('millis', sa.Integer(), server_default='0', nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['channel_account.id'], ),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], ),
    sa.ForeignKeyConstraint(['refund_id'], ['refund.id'], ),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_channel_exchange_account', 'channel_exchange', ['account_id', 'id'], unique=False)
    op.create_index('ix_channel_exchange_payment', 'channel_exchange', ['payment_id', 'id'], unique=False)
    op.create_index('ix_channel_exchange_refund', 'channel_exchange', ['refund_id', 'id'], unique=False)
    op.create_table('money_matter',
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=True),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('refund_id', sa.BigInteger(), nullable=True),
    sa.Column('callback_id', sa.BigInteger(), nullable=True),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_by', sa.String(length=80), server_default='', nullable=False),
    sa.Column('resolution', sa.String(length=40), server_default='', nullable=False),
    sa.Column('reason', sa.String(length=300), server_default='', nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['callback_id'], ['callback.id'], ),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], ),
    sa.ForeignKeyConstraint(['owner_id'], ['ab_user.id'], ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], ),
    sa.ForeignKeyConstraint(['refund_id'], ['refund.id'], ),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_money_matter_open', 'money_matter', ['shop_id', 'due_at'], unique=False, postgresql_where=sa.text('resolved_at is null'))
    op.create_index('ix_money_matter_order', 'money_matter', ['order_id'], unique=False)
    op.create_index('ix_money_matter_shop', 'money_matter', ['shop_id', 'id'], unique=False)
    op.create_index('uq_money_matter_live', 'money_matter', ['key'], unique=True, postgresql_where=sa.text('resolved_at is null'))


def downgrade() -> None:
    op.drop_index('uq_money_matter_live', table_name='money_matter', postgresql_where=sa.text('resolved_at is null'))
    op.drop_index('ix_money_matter_shop', table_name='money_matter')
    op.drop_index('ix_money_matter_order', table_name='money_matter')
    op.drop_index('ix_money_matter_open', table_name='money_matter', postgresql_where=sa.text('resolved_at is null'))
    op.drop_table('money_matter')
    op.drop_index('ix_channel_exchange_refund', table_name='channel_exchange')
    op.drop_index('ix_channel_exchange_payment', table_name='channel_exchange')
    op.drop_index('ix_channel_exchange_account', table_name='channel_exchange')
    op.drop_table('channel_exchange')
    op.drop_index('ix_callback_received', table_name='callback')
    op.drop_index('ix_callback_payment', table_name='callback')
    op.drop_index('ix_callback_due', table_name='callback', postgresql_where=sa.text('next_try_at is not null'))
    op.drop_table('callback')
    op.drop_index('ix_bill_line_shop', table_name='bill_line')
    op.drop_index('ix_bill_line_day', table_name='bill_line')
    op.drop_table('bill_line')
    op.drop_index('ix_bill_difference_shop', table_name='bill_difference')
    op.drop_table('bill_difference')
    op.drop_index('ix_refund_shop', table_name='refund')
    op.drop_index('ix_refund_payment', table_name='refund')
    op.drop_index('ix_refund_due', table_name='refund', postgresql_where=sa.text('next_try_at is not null'))
    op.drop_table('refund')
    op.drop_index('ix_payment_trade', table_name='payment')
    op.drop_index('ix_payment_shop', table_name='payment')
    op.drop_index('ix_payment_paid', table_name='payment', postgresql_where=sa.text('paid_at is not null'))
    op.drop_index('ix_payment_order', table_name='payment')
    op.drop_index('ix_payment_due', table_name='payment', postgresql_where=sa.text('next_query_at is not null'))
    op.drop_table('payment')
    op.drop_table('simulated_record')
    op.drop_index('ix_reconciliation_shop', table_name='reconciliation')
    op.drop_table('reconciliation')
    op.drop_table('payment_setting')
    op.drop_index('ix_channel_account_shop', table_name='channel_account')
    op.drop_table('channel_account')
