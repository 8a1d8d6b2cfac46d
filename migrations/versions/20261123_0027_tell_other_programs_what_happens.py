"""Tell other programs what happens: webhook endpoints, deliveries written by a trigger on the journal, their attempts.

The trigger runs in the transaction that records an event, so that a delivery is wanted exactly when the event is kept:
no cursor over the journal, whose numbers are not in the order of commits.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0028"
branch_labels = None
depends_on = None

WAITING = sa.text("state = 'waiting'")
FAN_OUT = """
create function webhook_fan_out() returns trigger language plpgsql as $$
begin
    insert into webhook_delivery (shop_id, endpoint_id, entry_id, event, subject_type, subject_id, state,
        created_at, next_at)
    select a.shop_id, e.id, a.id, a.event, a.subject_type, a.subject_id, 'waiting', a.at, a.at
    from added a join webhook_endpoint e on e.shop_id = a.shop_id and e.state = 'enabled' and a.event = any (e.events)
    order by a.id, e.id;
    return null;
end $$
"""
TRIGGER = """
create trigger webhook_fan_out after insert on journal_entry
referencing new table as added for each statement execute function webhook_fan_out()
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shop.id"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("pause_cause", sa.String(32)),
        sa.Column("paused_at", moment),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("sealed_old_secret", sa.Text()),
        sa.Column("old_secret_until", moment),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failing_since", moment),
        sa.Column("not_before", moment),
    )
    op.create_index("ix_webhook_endpoint_shop", "webhook_endpoint", ["shop_id", "state"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shop.id"), nullable=False),
        sa.Column(
            "endpoint_id", sa.BigInteger(), sa.ForeignKey("webhook_endpoint.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("entry_id", sa.BigInteger()),
        sa.Column("event", sa.String(80), nullable=False),
        sa.Column("subject_type", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("next_at", moment, nullable=False),
        sa.Column("claimed_until", moment),
        sa.Column("delivered_at", moment),
        sa.Column("last_status", sa.Integer()),
        sa.Column("last_error", sa.String(60), server_default="", nullable=False),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("uq_webhook_delivery_entry", "webhook_delivery", ["endpoint_id", "entry_id"], unique=True)
    op.create_index(
        "ix_webhook_delivery_due", "webhook_delivery", ["endpoint_id", "next_at", "id"], postgresql_where=WAITING
    )
    op.create_index(
        "ix_webhook_delivery_subject",
        "webhook_delivery",
        ["endpoint_id", "subject_type", "subject_id", "id"],
        postgresql_where=WAITING,
    )
    op.create_index("ix_webhook_delivery_state", "webhook_delivery", ["endpoint_id", "state", "id"])
    op.create_index(
        "ix_webhook_delivery_old", "webhook_delivery", ["created_at"], postgresql_where=sa.text("state <> 'waiting'")
    )
    op.create_table(
        "webhook_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shop.id"), nullable=False),
        sa.Column(
            "delivery_id", sa.BigInteger(), sa.ForeignKey("webhook_delivery.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("at", moment, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.String(60), server_default="", nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("response", sa.Text(), server_default="", nullable=False),
    )
    op.create_index("ix_webhook_attempt_delivery", "webhook_attempt", ["delivery_id", "id"])
    op.execute(FAN_OUT)
    op.execute(TRIGGER)
    op.create_index("ix_order_shop_updated", "orders", ["shop_id", "updated_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_order_shop_updated", "orders")
    op.execute("drop trigger webhook_fan_out on journal_entry")
    op.execute("drop function webhook_fan_out()")
    for table in ("webhook_attempt", "webhook_delivery", "webhook_endpoint"):
        op.drop_table(table)
