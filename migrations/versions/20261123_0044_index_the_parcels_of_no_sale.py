"""Parcels that are sent again, exchanged or sent back are few among those of sales: they have an index of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = ["shop_id", "moved_at", "id"]
    op.create_index("ix_parcel_not_of_sales", "parcel", columns, postgresql_where=sa.text("kind <> 'sale'"))


def downgrade() -> None:
    op.drop_index("ix_parcel_not_of_sales", table_name="parcel")
