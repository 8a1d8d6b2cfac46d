"""Whether a channel answers: "test the connection", a call that proves the credentials and changes nothing."""

from __future__ import annotations

from app.payments import accounts, exchanges
from app.payments.exchanges import FAULT
from app.payments.providers import Health
from app.payments.refund_sending import Transaction


def test(account_id: int, transaction: Transaction) -> Health:
    """Ask the channel, keep the exchange and what it says of the account's health. Raises NotFound, SealBroken."""
    with transaction():
        provider = accounts.provider_of(accounts.get(account_id))
    found = exchanges.called("check", provider.check, lambda seen: Health(False, seen, FAULT), account=account_id)
    with transaction():
        account = accounts.get(account_id)
        about = exchanges.About(account.shop_id, account.id)
        outcome = "ok" if found.ok else "failed"
        exchanges.keep(about, found.exchange, outcome, found.code, accounts.secrets_of(account))
        accounts.note_health(account.id, "" if found.ok else found.code or "unknown")
    return found
