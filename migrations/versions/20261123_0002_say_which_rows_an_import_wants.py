"""An import says which rows it wants: new ones, known ones, or both."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_run", sa.Column("mode", sa.String(length=32), server_default="both", nullable=False))


def downgrade() -> None:
    op.drop_column("import_run", "mode")
