"""Confirm a hold by its holder alone: the index of those that expire is of no use to it, and no longer offered.

With `state = 'live'` for its whole condition, the server took it for the confirmation of one hold and read every live
one: at a festival, a hundred thousand.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

NAME, TABLE, COLUMNS = "ix_stock_hold_expiry", "stock_hold", ["expires_at"]


def upgrade() -> None:
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, COLUMNS, postgresql_where=sa.text("state = 'live' and expires_at is not null"))


def downgrade() -> None:
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, COLUMNS, postgresql_where=sa.text("state = 'live'"))
