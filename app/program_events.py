"""What the business records about API keys and webhooks: a part of `app/events.py`, which is the page of all facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.kit.journal import Event


@dataclass(frozen=True)
class ApiKeyMade(Event):
    """A program may act in the shop from now on."""

    subject_type: ClassVar[str] = "api_key"
    subject: ClassVar[str] = "api_key_id"
    api_key_id: int
    scopes: list[str]


@dataclass(frozen=True)
class ApiKeyRevoked(Event):
    """An API key was ended."""

    subject_type: ClassVar[str] = "api_key"
    subject: ClassVar[str] = "api_key_id"
    api_key_id: int


@dataclass(frozen=True)
class PersonalDataRead(Event):
    """A program read buyers' data in full: of which rows, by their ids."""

    subject_type: ClassVar[str] = "api_key"
    subject: ClassVar[str] = "api_key_id"
    api_key_id: int
    kind: str
    ids: list[int]


@dataclass(frozen=True)
class WebhookMade(Event):
    """Another program is told of events from now on."""

    subject_type: ClassVar[str] = "webhook"
    subject: ClassVar[str] = "webhook_id"
    webhook_id: int
    events: list[str]


@dataclass(frozen=True)
class WebhookChanged(Event):
    """Name, address or events of an endpoint were saved."""

    subject_type: ClassVar[str] = "webhook"
    subject: ClassVar[str] = "webhook_id"
    webhook_id: int
    fields: list[str]


@dataclass(frozen=True)
class WebhookPaused(Event):
    """Nothing is sent to an endpoint any more: `cause` is staff, failing or gone."""

    subject_type: ClassVar[str] = "webhook"
    subject: ClassVar[str] = "webhook_id"
    webhook_id: int
    cause: str


@dataclass(frozen=True)
class WebhookResumed(Event):
    """An endpoint was switched on again."""

    subject_type: ClassVar[str] = "webhook"
    subject: ClassVar[str] = "webhook_id"
    webhook_id: int


@dataclass(frozen=True)
class WebhookSecretChanged(Event):
    """An endpoint got a new secret; the old one signs beside it for a while."""

    subject_type: ClassVar[str] = "webhook"
    subject: ClassVar[str] = "webhook_id"
    webhook_id: int
    old_until: str


@dataclass(frozen=True)
class WebhookReplayed(Event):
    """Events were wanted again for an endpoint."""

    subject_type: ClassVar[str] = "webhook"
    subject: ClassVar[str] = "webhook_id"
    webhook_id: int
    deliveries: int


@dataclass(frozen=True)
class WebhookRemoved(Event):
    """An endpoint was deleted with all that was known of its deliveries."""

    subject_type: ClassVar[str] = "webhook"
    subject: ClassVar[str] = "webhook_id"
    webhook_id: int
