"""A change line belongs to its set and to the shop of that set by one key: stronger than two, and half the work."""

from alembic import op

revision = "0013"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_unique_constraint("uq_change_set_shop", "change_set", ["id", "shop_id"])
    op.drop_constraint("change_line_change_set_id_fkey", "change_line", type_="foreignkey")
    op.drop_constraint("change_line_shop_id_fkey", "change_line", type_="foreignkey")
    op.create_foreign_key(
        "fk_change_line_set", "change_line", "change_set", ["change_set_id", "shop_id"], ["id", "shop_id"],
        ondelete="CASCADE",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_constraint("fk_change_line_set", "change_line", type_="foreignkey")
    op.create_foreign_key("change_line_shop_id_fkey", "change_line", "shop", ["shop_id"], ["id"])
    op.create_foreign_key(
        "change_line_change_set_id_fkey", "change_line", "change_set", ["change_set_id"], ["id"], ondelete="CASCADE"
    )
    op.drop_constraint("uq_change_set_shop", "change_set", type_="unique")
