"""Credentials at rest: unreadable, bound to their account, and safe through a change of keys."""

from __future__ import annotations

import pytest

from app.kit import sealing
from app.kit.db import transaction
from app.payments import accounts
from tests.payments.conftest import fresh


@pytest.fixture
def keys(app):
    """`keys("new:…,old:…")` sets what is configured."""
    before = app.config["KUAIDAN_SEALING_KEYS"]

    def use(text: str) -> None:
        app.config["KUAIDAN_SEALING_KEYS"] = text

    yield use
    app.config["KUAIDAN_SEALING_KEYS"] = before


def test_a_change_of_keys_loses_nothing_and_the_old_one_can_go(account, keys) -> None:
    known = accounts.credentials_of(account)
    keys("k1:first")
    with pytest.raises(sealing.SealBroken, match="seal_key_gone"):
        accounts.credentials_of(fresh(account))
    with transaction():
        account.sealed = ""
        accounts.save(account.id, accounts.Wish("Till", True, credentials=known))

    keys("k2:second,k1:first")
    with transaction():
        assert (accounts.reseal_all(), accounts.reseal_all()) == (1, 0)
    keys("k2:second")

    assert accounts.credentials_of(fresh(account)) == known


def test_a_sealed_value_opens_nowhere_else_and_not_when_altered(app) -> None:
    sealed = sealing.seal("secret", "channel_account:1")

    assert ("secret" in sealed, sealing.unseal(sealed, "channel_account:1")) == (False, "secret")
    for purpose, text in (("channel_account:2", sealed), ("channel_account:1", sealed[:-6] + "AAAAA=")):
        with pytest.raises(sealing.SealBroken, match="seal_broken"):
            sealing.unseal(text, purpose)
    assert sealing.seal("secret", "x") != sealing.seal("secret", "x")
