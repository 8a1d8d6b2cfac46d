"""Say how long raw exchanges with channels are kept, and find the old ones by the shop and their time."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment_setting", sa.Column("exchange_days", sa.Integer(), server_default="180", nullable=False))
    op.create_index("ix_channel_exchange_old", "channel_exchange", ["shop_id", "at"])
    op.create_index(
        "ix_callback_raw", "callback", ["shop_id", "received_at"], postgresql_where=sa.text("body <> ''::bytea")
    )


def downgrade() -> None:
    op.drop_index("ix_callback_raw", table_name="callback")
    op.drop_index("ix_channel_exchange_old", table_name="channel_exchange")
    op.drop_column("payment_setting", "exchange_days")
