"""Find after-sale cases by their numbers and parcels; count payments and refunds of a state from an index."""

from alembic import op

revision = "0041"
down_revision = "0039"
branch_labels = None
depends_on = None

SOUGHT = ("number", "tracking_no", "sent_tracking")
COUNTED = ("payment", "refund")


def upgrade() -> None:
    for column in SOUGHT:
        op.create_index(
            f"ix_after_sale_case_{column}_trgm",
            "after_sale_case",
            [column],
            postgresql_using="gin",
            postgresql_ops={column: "gin_trgm_ops"},
        )
    for table in COUNTED:
        op.create_index(f"ix_{table}_state", table, ["shop_id", "state", "id"])


def downgrade() -> None:
    for table in COUNTED:
        op.drop_index(f"ix_{table}_state", table_name=table)
    for column in SOUGHT:
        op.drop_index(f"ix_after_sale_case_{column}_trgm", table_name="after_sale_case")
