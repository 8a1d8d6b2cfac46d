"""What went over the wire, kept for people to read: secrets masked, long texts cut."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from app.kit import clock
from app.kit.db import db
from app.payments.models import ChannelExchange, Payment, Refund
from app.payments.providers import Exchange

T = TypeVar("T")
log = logging.getLogger(__name__)
FAULT = "provider_fault"
MASK = "•••"
LONGEST = 20_000
_BY_NAME = re.compile(
    r"""(?ix) (["']?(?:authorization|api[-_]?key|secret\w*|private[-_]?key|password|access_token|cvv|card[-_]?no|accNo|
    card_number|signature)["']?\s*[:=]\s*) ("[^"]*"|'[^']*'|[^\s&,;}]+)"""
)
_CARD = re.compile(r"(?<![0-9A-Za-z])\d{6}\d{3,9}(\d{4})(?![0-9A-Za-z])")
_KEY_BLOCK = re.compile(r"-----BEGIN [^-]*PRIVATE KEY-----.*?-----END [^-]*PRIVATE KEY-----", re.DOTALL)


@dataclass(frozen=True)
class About:
    """Which account, payment or refund a call was about."""

    shop_id: int
    account_id: int
    payment: Payment | None = None
    refund: Refund | None = None


def called(operation: str, ask: Callable[[], T], unclear: Callable[[Exchange], T], **about: object) -> T:
    """What a provider answers. It must not raise; when it does, the answer is unclear, and the log has the rest."""
    try:
        return ask()
    except Exception as error:
        log.exception("a provider raised", extra=about)
        return unclear(Exchange(operation, response=type(error).__name__))


def keep(about: About, exchange: Exchange | None, outcome: str, code: str, hidden: tuple[str, ...]) -> None:
    """Write one call down; nothing when the provider tells of none."""
    if exchange is None:
        return
    db.session.add(
        ChannelExchange(
            shop_id=about.shop_id,
            account_id=about.account_id,
            payment_id=about.payment.id if about.payment else about.refund.payment_id if about.refund else None,
            refund_id=about.refund.id if about.refund else None,
            operation=exchange.operation[:30],
            outcome=outcome[:30],
            code=code[:60],
            url=masked(exchange.url, hidden)[:300],
            request=masked(exchange.request, hidden),
            status=exchange.status,
            response=masked(exchange.response, hidden),
            millis=exchange.millis,
            at=clock.now(),
        )
    )


def masked(text: str, hidden: tuple[str, ...] = ()) -> str:
    """A text that people may read: no credential of the account, nothing that is named like one, no card number."""
    text = text.replace("\x00", "")
    for secret in sorted(filter(None, hidden), key=len, reverse=True):
        for form in {secret, quote(secret, safe=""), secret.replace("\n", "\\n")}:
            if len(form) >= 4:
                text = text.replace(form, MASK)
    text = _KEY_BLOCK.sub(MASK, text)
    text = _BY_NAME.sub(lambda found: found.group(1) + MASK, text)
    text = _CARD.sub(rf"{MASK}\1", text) if "card" in text.lower() or "accno" in text.lower() else text
    return text[:LONGEST]
