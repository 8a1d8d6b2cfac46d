"""Whether a channel answers: "test the connection", a call that proves the credentials and changes nothing."""

from __future__ import annotations

import logging

from app.payments import accounts, exchanges
from app.payments.providers import Exchange, Health
from app.payments.refund_sending import Transaction

log = logging.getLogger(__name__)


def test(account_id: int, transaction: Transaction) -> Health:
    """Ask the channel, keep the exchange and what it says of the account's health. Raises NotFound, SealBroken."""
    with transaction():
        provider = accounts.provider_of(accounts.get(account_id))
    try:
        found = provider.check()
    except Exception as error:  # a provider must not raise; when one does, it is not healthy
        log.exception("a provider raised", extra={"account": account_id})
        found = Health(False, Exchange("check", response=type(error).__name__), "provider_fault")
    with transaction():
        account = accounts.get(account_id)
        about = exchanges.About(account.shop_id, account.id)
        outcome = "ok" if found.ok else "failed"
        exchanges.keep(about, found.exchange, outcome, found.code, accounts.secrets_of(account))
        accounts.note_health(account.id, "" if found.ok else found.code or "unknown")
    return found
