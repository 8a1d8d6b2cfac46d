"""Change sets are kept as previews, can need a second person, and are named in the field history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit import audit

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

LIMITS = ["cut_ppm", "most_rows", "below_cost"]


def upgrade() -> None:
    op.add_column("field_change", sa.Column("change_set_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_field_change_at", "field_change", ["at"], unique=False, postgresql_using="brin")
    _name_the_set_in_every_trigger()
    for column in _of_change_set():
        op.add_column("change_set", column)
    op.create_foreign_key(
        "change_set_retries_id_fkey", "change_set", "change_set", ["retries_id"], ["id"], ondelete="SET NULL"
    )
    op.add_column("change_line", sa.Column("warning", sa.String(length=32), nullable=True))
    _create_limits()
    for statement in audit.create_trigger_sql("change_limit", LIMITS):
        op.execute(statement)


def _name_the_set_in_every_trigger() -> None:
    """Functions that were made before the history knew of change sets; newer ones name it already."""
    named = [("request_id, changes)", "request_id, change_set_id, changes)"),
             ("'app.request', true), '-')", f"'app.request', true), '-'), {audit.CHANGE_SET}")]
    found = op.get_bind().execute(
        sa.text("select oid, proname from pg_proc where proname like 'audit\\_%' and prosrc not like '%change_set_id%'")
    )
    for oid, _ in found.all():
        definition = str(op.get_bind().scalar(sa.text("select pg_get_functiondef(:oid)"), {"oid": oid}))
        for old, new in named:
            definition = definition.replace(old, new)
        op.get_bind().exec_driver_sql(definition.replace("%", "%%"))


def _of_change_set() -> tuple[sa.Column, ...]:
    return (
        sa.Column("guards", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("note", sa.String(length=500), server_default="", nullable=False),
        sa.Column("retries_id", sa.BigInteger(), nullable=True),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.String(length=500), server_default="", nullable=False),
    )


def _create_limits() -> None:
    op.create_table(
        "change_limit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("cut_ppm", sa.Integer(), server_default="300000", nullable=False),
        sa.Column("most_rows", sa.Integer(), server_default="10000", nullable=False),
        sa.Column("below_cost", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cut_ppm between 1 and 1000000", name="ck_change_limit_cut"),
        sa.CheckConstraint("most_rows >= 1", name="ck_change_limit_rows"),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("shop_id", name="uq_change_limit_shop"),
    )


def downgrade() -> None:
    for statement in audit.drop_trigger_sql("change_limit"):
        op.execute(statement)
    op.drop_table("change_limit")
    op.drop_column("change_line", "warning")
    for column in _of_change_set():
        op.drop_column("change_set", column.name)
    op.drop_index("ix_field_change_at", table_name="field_change")
    op.drop_column("field_change", "change_set_id")
