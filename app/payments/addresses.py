"""The addresses under which channels and buyers reach us; jobs need them, too, so they do not come from a request."""

from __future__ import annotations

from app.kit import origin
from app.payments.models import ChannelAccount

CALLBACK = "/pay/callback/"


def callback(account: ChannelAccount) -> str:
    """Where a channel sends its notices about an account."""
    return origin.address(f"{CALLBACK}{account.callback_token}")
