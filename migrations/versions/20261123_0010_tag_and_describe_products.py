"""Tags, attributes and freight templates of products, audited like the rest."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit import audit

revision = '0010'
down_revision = '0008'
branch_labels = None
depends_on = None

BEFORE = ["code", "title", "description", "status", "category_id"]
NEW = ["tags", "attributes", "freight_template_id"]
TEMPLATE = ["name", "first_units", "first_fee_minor", "further_units", "further_fee_minor", "free_above_minor"]


def upgrade() -> None:
    op.create_table(
        'freight_template',
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('first_units', sa.Integer(), server_default='1', nullable=False),
        sa.Column('first_fee_minor', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('further_units', sa.Integer(), server_default='1', nullable=False),
        sa.Column('further_fee_minor', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('free_above_minor', sa.BigInteger(), nullable=True),
        sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column('version', sa.Integer(), server_default='1', nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('shop_id', sa.BigInteger(), nullable=False),
        sa.CheckConstraint('first_units >= 1 and further_units >= 1', name='ck_freight_template_units'),
        sa.CheckConstraint('first_fee_minor >= 0 and further_fee_minor >= 0', name='ck_freight_template_fees'),
        sa.CheckConstraint('free_above_minor >= 0', name='ck_freight_template_free_above'),
        sa.ForeignKeyConstraint(['shop_id'], ['shop.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('shop_id', 'name', name='uq_freight_template_name'),
    )
    json = postgresql.JSONB(astext_type=sa.Text())
    op.add_column('product', sa.Column('tags', json, server_default='[]', nullable=False))
    op.add_column('product', sa.Column('attributes', json, server_default='{}', nullable=False))
    op.add_column('product', sa.Column('freight_template_id', sa.BigInteger(), nullable=True))
    op.create_foreign_key('product_freight_template_id_fkey', 'product', 'freight_template', ['freight_template_id'],
                          ['id'])
    op.create_index('ix_product_tags', 'product', ['tags'], postgresql_using='gin')
    op.create_index('ix_product_freight_template', 'product', ['freight_template_id'])
    _audit("product", [*BEFORE, *NEW])
    _audit("freight_template", TEMPLATE)


def downgrade() -> None:
    for statement in audit.drop_trigger_sql("freight_template"):
        op.execute(statement)
    _audit("product", BEFORE)
    op.drop_index('ix_product_freight_template', table_name='product')
    op.drop_index('ix_product_tags', table_name='product')
    op.drop_constraint('product_freight_template_id_fkey', 'product', type_='foreignkey')
    for name in NEW:
        op.drop_column('product', name)
    op.drop_table('freight_template')


def _audit(table: str, columns: list[str]) -> None:
    for statement in [*audit.drop_trigger_sql(table), *audit.create_trigger_sql(table, columns)]:
        op.execute(statement)
