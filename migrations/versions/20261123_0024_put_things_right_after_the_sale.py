"""Put things right after the sale: cases, the ledger of what goes back, the thread, pictures, settings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit import audit

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

CASE = ["order_id", "customer_id", "number", "kind", "state", "opened_by", "opened_at", "due_at", "reminded_at",
        "reason", "currency", "amount_minor", "refunded_minor", "closes_order", "refusal", "refund_attempt",
        "refund_error", "carrier_code", "tracking_no", "received_at", "sent_parcel_id", "sent_carrier",
        "sent_tracking", "ended_at", "credit_note_id", "key"]  # fmt: skip
SETTING = ["limits", "approve_limit_minor"]
NONE_BACK = "restocked >= 0 and damaged >= 0 and written_off >= 0 and missing >= 0"


def upgrade() -> None:
    _cases()
    _ledger()
    _thread()
    op.create_table(
        "after_sale_setting", _id(), _shop(),
        sa.Column("limits", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("approve_limit_minor", sa.BigInteger(), server_default="20000", nullable=False),
        *_versioned(),
        sa.UniqueConstraint("shop_id", name="uq_after_sale_setting_shop"),
        sa.CheckConstraint("approve_limit_minor >= 0", name="ck_after_sale_setting_limit"),
    )  # fmt: skip
    for table, columns, masked in (("after_sale_case", CASE, ["wish"]), ("after_sale_setting", SETTING, [])):
        for statement in audit.create_trigger_sql(table, columns, masked):
            op.execute(statement)


def _id() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True)


def _shop() -> sa.Column:
    return sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shop.id"), nullable=False)


def _of(table: str, name: str, *, required: bool = True) -> sa.Column:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, sa.BigInteger(), key, nullable=not required)


def _versioned() -> list[sa.Column]:
    return [
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _text(name: str, length: int) -> sa.Column:
    return sa.Column(name, sa.String(length), server_default="", nullable=False)


def _number(name: str, default: str | None = "0") -> sa.Column:
    return sa.Column(name, sa.BigInteger(), server_default=default, nullable=False)


def _moment(name: str, *, required: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not required)


def _cases() -> None:
    op.create_table(
        "after_sale_case", _id(), _shop(), _of("orders", "order_id"),
        sa.Column("customer_id", sa.BigInteger(), sa.ForeignKey("customer.id")),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("opened_by", sa.String(32), nullable=False),
        _moment("opened_at", required=True), _moment("due_at", required=True), _moment("reminded_at"),
        sa.Column("reason", sa.String(32), nullable=False),
        _text("wish", 500),
        sa.Column("currency", sa.String(3), nullable=False),
        _number("amount_minor"), _number("refunded_minor"),
        sa.Column("closes_order", sa.Boolean(), server_default="false", nullable=False),
        _text("refusal", 32),
        sa.Column("refund_attempt", sa.Integer(), server_default="0", nullable=False),
        _text("refund_error", 64), _text("carrier_code", 32), _text("tracking_no", 64),
        _moment("received_at"),
        sa.Column("sent_parcel_id", sa.BigInteger()),
        _text("sent_carrier", 32), _text("sent_tracking", 64),
        _moment("ended_at"),
        sa.Column("credit_note_id", sa.BigInteger(), sa.ForeignKey("orders.id")),
        sa.Column("key", sa.String(120)),
        *_versioned(),
        sa.UniqueConstraint("shop_id", "number", name="uq_after_sale_case_number"),
        sa.UniqueConstraint("credit_note_id", name="uq_after_sale_case_credit_note"),
        sa.CheckConstraint("amount_minor >= 0", name="ck_after_sale_case_amount"),
        sa.CheckConstraint("refunded_minor between 0 and amount_minor", name="ck_after_sale_case_refunded"),
    )  # fmt: skip
    op.create_index("ix_after_sale_case_order", "after_sale_case", ["order_id"])
    op.create_index("ix_after_sale_case_state", "after_sale_case", ["shop_id", "state", "due_at", "id"])
    op.create_index("ix_after_sale_case_due", "after_sale_case", ["shop_id", "due_at", "id"])
    op.create_index("ix_after_sale_case_opened", "after_sale_case", ["shop_id", "opened_at", "id"])
    op.create_index("ix_after_sale_case_customer", "after_sale_case", ["customer_id"])
    live = sa.text("state not in ('done', 'closed') and reminded_at is null")
    op.create_index("ix_after_sale_case_live_due", "after_sale_case", ["due_at", "id"], postgresql_where=live)
    keyed = sa.text("key is not null")
    op.create_index(
        "uq_after_sale_case_key", "after_sale_case", ["shop_id", "key"], unique=True, postgresql_where=keyed
    )


def _ledger() -> None:
    op.create_table(
        "refund_part", _id(), _shop(), _of("orders", "order_id"), _of("order_line", "order_line_id", required=False),
        _number("units", None), _number("payable_minor", None),
        _number("taken_units"), _number("taken_worth_minor"), _number("taken_minor"),
        _number("elsewhere_units"), _number("elsewhere_minor"),
        sa.UniqueConstraint(
            "order_id", "order_line_id", name="uq_refund_part_line", postgresql_nulls_not_distinct=True
        ),
        sa.CheckConstraint("taken_units between 0 and units", name="ck_refund_part_units"),
        sa.CheckConstraint("taken_minor between 0 and payable_minor", name="ck_refund_part_minor"),
        sa.CheckConstraint("elsewhere_units between 0 and taken_units", name="ck_refund_part_elsewhere_units"),
        sa.CheckConstraint("elsewhere_minor between 0 and taken_minor", name="ck_refund_part_elsewhere_minor"),
    )  # fmt: skip
    op.create_table(
        "refund_line", _id(), _shop(), _of("after_sale_case", "case_id"),
        _of("refund_part", "part_id", required=False), _of("order_line", "order_line_id", required=False),
        _number("asked_units"), _number("units"), _number("worth_minor"), _number("amount_minor"),
        _number("restocked"), _number("damaged"), _number("written_off"), _number("missing"),
        sa.CheckConstraint("units >= 0 and worth_minor >= 0 and amount_minor >= 0", name="ck_refund_line_amounts"),
        sa.CheckConstraint(
            f"{NONE_BACK} and restocked + damaged + written_off + missing <= asked_units",
            name="ck_refund_line_received",
        ),
    )  # fmt: skip
    op.create_index("ix_refund_line_case", "refund_line", ["case_id"])
    op.create_index("ix_refund_line_order_line", "refund_line", ["order_line_id"])


def _thread() -> None:
    op.create_table(
        "after_sale_message", _id(), _shop(), _of("after_sale_case", "case_id"),
        sa.Column("party", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        _text("body", 500),
        sa.Column("offer", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32)),
        sa.Column("amount_minor", sa.BigInteger()),
        _moment("created_at", required=True),
    )  # fmt: skip
    op.create_index("ix_after_sale_message_case", "after_sale_message", ["case_id", "id"])
    op.create_table(
        "after_sale_picture", _id(), _shop(), _of("after_sale_case", "case_id"),
        _of("after_sale_message", "message_id", required=False),
        sa.Column("party", sa.String(32), nullable=False),
        sa.Column("file", sa.String(80), nullable=False),
        sa.Column("thumb", sa.String(80), nullable=False),
        _moment("created_at", required=True),
    )  # fmt: skip
    op.create_index("ix_after_sale_picture_case", "after_sale_picture", ["case_id"])


def downgrade() -> None:
    for table in ("after_sale_setting", "after_sale_case"):
        for statement in audit.drop_trigger_sql(table):
            op.execute(statement)
    for table in ("after_sale_setting", "after_sale_picture", "after_sale_message", "refund_line", "refund_part"):
        op.drop_table(table)
    op.drop_table("after_sale_case")
