"""Lines of changes and the field history are written by the hundred thousand: no key check and index that nobody needs.

The shop of a history row is that of the row it tells of, whose own key is checked; nobody finds lines by their row.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("field_change_shop_id_fkey", "field_change", type_="foreignkey")
    op.drop_index("ix_change_line_row", table_name="change_line")


def downgrade() -> None:
    op.create_index("ix_change_line_row", "change_line", ["target_table", "row_id"])
    op.create_foreign_key("field_change_shop_id_fkey", "field_change", "shop", ["shop_id"], ["id"])
