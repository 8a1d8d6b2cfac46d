"""API keys, and the answers that are kept for requests that are sent twice."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit import audit

revision = "0009"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "api_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("prefix", sa.String(24), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=True),
        sa.Column("last_used_at", moment, nullable=True),
        sa.Column("revoked_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.ForeignKeyConstraint(["owner_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_api_key_prefix", "api_key", ["prefix"], unique=True)
    op.create_index("ix_api_key_shop", "api_key", ["shop_id", "id"])
    op.create_index("ix_api_key_owner", "api_key", ["owner_id"])
    for statement in audit.create_trigger_sql(
        "api_key", ["name", "scopes", "owner_id", "expires_at", "revoked_at"], ["prefix", "secret_hash"]
    ):
        op.execute(statement)
    op.create_table(
        "idempotent_answer",
        sa.Column("caller", sa.String(80), nullable=False),
        sa.Column("route", sa.String(120), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("caller", "route", "key"),
    )
    op.create_index("ix_idempotent_answer_created_at", "idempotent_answer", ["created_at"])


def downgrade() -> None:
    op.drop_table("idempotent_answer")
    for statement in audit.drop_trigger_sql("api_key"):
        op.execute(statement)
    op.drop_table("api_key")
