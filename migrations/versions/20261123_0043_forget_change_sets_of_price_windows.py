"""Drop the change set of a price window, which nothing has ever written: a window is its own record of who and when."""

import sqlalchemy as sa
from alembic import op

from app.kit import audit

revision = "0043"
down_revision = "0041"
branch_labels = None
depends_on = None

AUDITED = [
    "name", "starts_at", "ends_at", "priority", "state", "note", "rule", "findings", "content_hash", "skus",
    "requested_by", "decided_by", "decided_at", "request_key", "made_from_id",
]


def _audit(columns: list[str]) -> None:
    for statement in audit.replace_functions_sql("price_window", columns):
        op.execute(statement)


def upgrade() -> None:
    _audit(AUDITED)
    op.drop_column("price_window", "change_set_id")


def downgrade() -> None:
    op.add_column("price_window", sa.Column("change_set_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key("price_window_change_set_id_fkey", "price_window", "change_set", ["change_set_id"], ["id"])
    _audit([*AUDITED, "change_set_id"])
