"""Tables of webhooks: who is told what (endpoints), each event for each of them (deliveries), each try (attempts)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned


class EndpointState(StrEnum):
    """Whether events are written down for it and sent."""

    ENABLED = "enabled"
    PAUSED = "paused"


class PauseCause(StrEnum):
    """Why nothing is sent."""

    STAFF = "staff"
    FAILING = "failing"
    GONE = "gone"


class DeliveryState(StrEnum):
    """Where one event stands for one endpoint."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class WebhookEndpoint(Identified, Versioned, ShopOwned, Model):
    """An address that is told of events of a shop; `events` are names of journal events.

    The secrets are sealed under `webhook:ID`. What deliveries do to it (`failures`, `failing_since`, `not_before`)
    is written past the version, which counts what people save.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (Index("ix_webhook_endpoint_shop", "shop_id", "state"),)

    name: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(String(2000))
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    state: Mapped[EndpointState] = mapped_column(StoredEnum(EndpointState), default=EndpointState.ENABLED)
    pause_cause: Mapped[PauseCause | None] = mapped_column(StoredEnum(PauseCause))
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sealed_secret: Mapped[str] = mapped_column(Text)
    sealed_old_secret: Mapped[str | None] = mapped_column(Text)
    old_secret_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """Failed tries since the last good one."""
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """While it fails: when it is tried next, whatever waits."""

    @property
    def is_enabled(self) -> bool:
        return self.state is EndpointState.ENABLED

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(Identified, ShopOwned, Model):
    """One event for one endpoint; written by a trigger in the transaction that records the event.

    `entry_id` is the journal's, and empty for a test; `claimed_until` is set while it is being sent.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("uq_webhook_delivery_entry", "endpoint_id", "entry_id", unique=True),
        Index("ix_webhook_delivery_due", "endpoint_id", "next_at", "id", postgresql_where=text("state = 'waiting'")),
        Index(
            "ix_webhook_delivery_subject",
            "endpoint_id",
            "subject_type",
            "subject_id",
            "id",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_webhook_delivery_state", "endpoint_id", "state", "id"),
        Index("ix_webhook_delivery_old", "created_at", postgresql_where=text("state <> 'waiting'")),
        {"postgresql_with": {"fillfactor": 70}},
    )

    endpoint_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    entry_id: Mapped[int | None] = mapped_column(BigInteger)
    event: Mapped[str] = mapped_column(String(80))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[DeliveryState] = mapped_column(StoredEnum(DeliveryState))
    tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """Since it was wanted last; sending it again begins anew."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_status: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str] = mapped_column(String(60), default="", server_default="")


class WebhookAttempt(Identified, ShopOwned, Model):
    """One try: when, what came back (at most 1,000 characters of it), and how long it took."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (Index("ix_webhook_attempt_delivery", "delivery_id", "id"),)

    delivery_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("webhook_delivery.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(String(60), default="", server_default="")
    milliseconds: Mapped[int] = mapped_column(Integer)
    response: Mapped[str] = mapped_column(Text, default="", server_default="")
