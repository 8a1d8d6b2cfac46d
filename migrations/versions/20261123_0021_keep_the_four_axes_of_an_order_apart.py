"""Keep the four axes of an order apart; discounts, payments, comments, ship promises beside it.

The axes of existing orders are derived from their status by one statement. The audit functions are replaced after it,
so that the history does not tell of a million moves that nobody made.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit import audit

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BEFORE = ["number", "kind", "status", "placed_at", "currency", "country", "customer_id", "reverses_id", "units",
          "items_minor", "charges_minor", "total_minor"]  # fmt: skip
MASKED = ["receiver", "address", "staff_note"]
STATES = ["order_state", "payment_state", "fulfilment_state", "after_sale_state"]
NEW = [*STATES, "close_cause", "closed_at", "platform_code", "shipping_minor", "discount_minor", "paid_minor",
       "refunded_minor", "paid_at", "promise_hours", "due_at", "tags", "flag"]  # fmt: skip
NEW_MASKED = ["phone", "flag_text"]
SETTING = ["promise_hours", "after_sale_pauses"]
DEFAULTS = dict(zip(STATES, ("open", "unpaid", "unfulfilled", "none"), strict=True))
AMOUNTS = ("shipping_minor", "discount_minor", "paid_minor", "refunded_minor")

DERIVE = """
with paid as (
    select subject_id as order_id, min(at) as at from journal_entry
    where event = 'OrderMoved' and subject_type = 'order' and facts->>'to_status' = 'pending_shipment'
    group by subject_id
), noted as (
    select reverses_id as order_id, -sum(total_minor) as minor from orders
    where kind = 'credit_note' and reverses_id is not null group by reverses_id
), seen as (
    select o.id, o.kind = 'sale' and o.status not in ('pending_payment', 'closed') as is_paid, paid.at as paid_at,
           coalesce(noted.minor, 0) as noted
    from orders o left join paid on paid.order_id = o.id left join noted on noted.order_id = o.id
)
update orders o set
    order_state = case when o.status in ('completed', 'closed') then o.status else 'open' end,
    close_cause = case when o.status = 'closed' then 'unknown' end,
    fulfilment_state = case o.status when 'shipped' then 'fulfilled' when 'delivered' then 'delivered'
                       when 'completed' then 'delivered' else 'unfulfilled' end,
    payment_state = case when o.status in ('pending_payment', 'closed') then 'unpaid'
                    when s.is_paid and s.noted >= o.total_minor and s.noted > 0 then 'refunded'
                    when s.is_paid and s.noted > 0 then 'partly_refunded' else 'paid' end,
    paid_minor = case when s.is_paid then o.total_minor else 0 end,
    refunded_minor = case when s.is_paid then greatest(least(s.noted, o.total_minor), 0) else 0 end,
    paid_at = case when s.is_paid then coalesce(s.paid_at, o.placed_at) end,
    promise_hours = case when o.kind = 'sale' and o.status = 'pending_shipment' then 48 end,
    due_at = case when o.kind = 'sale' and o.status = 'pending_shipment'
             then coalesce(s.paid_at, o.placed_at) + interval '48 hours' end
from seen s where s.id = o.id
"""
HEADLINE = """status = (case
    when order_state = 'closed' then 'closed'
    when order_state = 'completed' then 'completed'
    when fulfilment_state = 'delivered' then 'delivered'
    when fulfilment_state = 'fulfilled' then 'shipped'
    when payment_state in ('unpaid', 'partly_paid') then 'pending_payment'
    else 'pending_shipment' end)"""


def upgrade() -> None:
    _orders()
    op.add_column("order_line", sa.Column("discount_minor", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("order_line", sa.Column("list_price_micros", sa.BigInteger()))
    op.add_column("order_line", sa.Column("price_reason", sa.String(200), server_default="", nullable=False))
    _beside()
    for statement in audit.create_trigger_sql("order_setting", SETTING):
        op.execute(statement)


def _orders() -> None:
    for name, default in DEFAULTS.items():
        op.add_column("orders", sa.Column(name, sa.String(32), server_default=default, nullable=False))
    for name in AMOUNTS:
        op.add_column("orders", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("orders", sa.Column("close_cause", sa.String(32)))
    for name in ("closed_at", "paid_at", "due_at"):
        op.add_column("orders", sa.Column(name, sa.DateTime(timezone=True)))
    for name in ("platform_code", "promise_hours"):
        op.add_column("orders", sa.Column(name, sa.Integer()))
    op.add_column("orders", sa.Column("phone", sa.String(40), server_default="", nullable=False))
    op.add_column("orders", sa.Column("tags", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("orders", sa.Column("flag", sa.String(16), server_default="", nullable=False))
    op.add_column("orders", sa.Column("flag_text", sa.String(60), server_default="", nullable=False))
    op.execute(DERIVE)
    for statement in audit.replace_functions_sql("orders", BEFORE + NEW, MASKED + NEW_MASKED):
        op.execute(statement)
    op.create_check_constraint("ck_order_headline", "orders", HEADLINE)
    op.create_check_constraint("ck_order_close_cause", "orders", "(order_state = 'closed') = (close_cause is not null)")
    op.create_check_constraint("ck_order_refunded", "orders", "refunded_minor between 0 and greatest(paid_minor, 0)")
    due = "status = 'pending_shipment' and due_at is not null"
    op.create_index("ix_order_due", "orders", ["shop_id", "due_at", "paid_at", "id"], postgresql_where=sa.text(due))
    op.create_index(
        "ix_order_tags", "orders", ["tags"], postgresql_using="gin", postgresql_where=sa.text("tags <> '[]'")
    )
    op.create_index(
        "ix_order_flag", "orders", ["shop_id", "flag", "placed_at", "id"], postgresql_where=sa.text("flag <> ''")
    )


def _id() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True)


def _shop() -> sa.Column:
    return sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shop.id"), nullable=False)


def _of_order() -> sa.Column:
    return sa.Column("order_id", sa.BigInteger(), sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False)


def _beside() -> None:
    op.create_table(
        "order_discount", _id(), _shop(), _of_order(),
        sa.Column("payer", sa.String(32), nullable=False),
        sa.Column("label", sa.String(120), server_default="", nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="ck_order_discount_amount"),
    )  # fmt: skip
    op.create_index("ix_order_discount_order", "order_discount", ["order_id"])
    op.create_table(
        "order_payment", _id(), _shop(), _of_order(),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(120), server_default="", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="ck_order_payment_amount"),
    )  # fmt: skip
    op.create_index("ix_order_payment_order", "order_payment", ["order_id"])
    op.create_table(
        "order_comment", _id(), _shop(), _of_order(),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("body", sa.String(1000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )  # fmt: skip
    op.create_index("ix_order_comment_order", "order_comment", ["order_id", "id"])
    op.create_table(
        "order_mention", _id(), _shop(), _of_order(),
        sa.Column(
            "comment_id", sa.BigInteger(), sa.ForeignKey("order_comment.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("comment_id", "user_id", name="uq_order_mention"),
    )  # fmt: skip
    op.create_index("ix_order_mention_order_id", "order_mention", ["order_id"])
    op.create_index(
        "ix_order_mention_unread", "order_mention", ["user_id", "shop_id"], postgresql_where=sa.text("read_at is null")
    )
    op.create_table(
        "order_setting", _id(), _shop(),
        sa.Column("promise_hours", sa.Integer(), server_default="48", nullable=False),
        sa.Column("after_sale_pauses", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("shop_id", name="uq_order_setting_shop"),
        sa.CheckConstraint("promise_hours between 24 and 2160", name="ck_order_setting_promise"),
    )  # fmt: skip


def downgrade() -> None:
    for statement in audit.drop_trigger_sql("order_setting"):
        op.execute(statement)
    for table in ("order_setting", "order_mention", "order_comment", "order_payment", "order_discount"):
        op.drop_table(table)
    for name in ("discount_minor", "list_price_micros", "price_reason"):
        op.drop_column("order_line", name)
    for statement in audit.replace_functions_sql("orders", BEFORE, MASKED):
        op.execute(statement)
    for name in NEW + NEW_MASKED:
        op.drop_column("orders", name)
