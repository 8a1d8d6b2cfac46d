"""Find what was given back of a simulated trade by its number: without an index each refund read all that came before."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_simulated_record_trade",
        "simulated_record",
        ["account_id", "trade_number"],
        postgresql_where=sa.text("kind = 'refund'"),
    )


def downgrade() -> None:
    op.drop_index("ix_simulated_record_trade", table_name="simulated_record")
