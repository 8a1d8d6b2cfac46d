"""A shop's accounts with channels: credentials sealed and write-only, on or off, healthy or not."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select, update

from app.kit import clock, context, journal, sealing
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.payment_events import ChannelAccountSaved
from app.payments.channels import channel_of, hosts, keys
from app.payments.models import ChannelAccount
from app.payments.providers import Account, Channel, Provider

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """What a form says about an account. A credential that is missing or empty stays as it is."""

    label: str
    enabled: bool
    is_test: bool = False
    gateway_url: str | None = None
    """Another address than the channel's own, for sandboxes; None leaves it as it is."""
    credentials: Mapping[str, str] = field(default_factory=dict)


def make(shop_id: int, channel_code: str, wish: Wish) -> ChannelAccount:
    """Open an account. Raises NotFound("channel_unknown"), RuleViolation.

    Codes: account_label, credential_missing, gateway_refused, key_unreadable, key_of_other_mode.
    """
    channel_of(channel_code)
    account = ChannelAccount(
        shop_id=shop_id, channel=channel_code, label="", callback_token=secrets.token_urlsafe(24), enabled=False
    )
    db.session.add(account)
    account.label = _label(wish)
    db.session.flush()
    return save(account.id, wish)


def save(account_id: int, wish: Wish) -> ChannelAccount:
    """Change an account; its credentials are sealed anew. Raises as `make` does."""
    account = locked(account_id)
    channel = channel_of(account.channel)
    known = {one.key for one in channel.fields}
    given = {key: value.strip() for key, value in wish.credentials.items() if key in known and value.strip()}
    credentials = {**credentials_of(account), **given}
    if wish.enabled:
        _require(channel, credentials)
    account.label, account.enabled = _label(wish), wish.enabled
    account.is_test = wish.is_test or channel.is_simulated
    if wish.gateway_url is not None:
        account.gateway_url = wish.gateway_url.strip()[:200]
    if wish.enabled:
        _try(channel, Account(account.id, credentials, account.is_test, account.gateway_url))
    account.sealed = sealing.seal(json.dumps(credentials), _purpose(account))
    db.session.flush()
    journal.record(ChannelAccountSaved(account.shop_id, account.id, account.channel, account.enabled, sorted(given)))
    return account


def _label(wish: Wish) -> str:
    label = wish.label.strip()
    if not 0 < len(label) <= 80:
        raise RuleViolation("account_label")
    return label


def _require(channel: Channel, credentials: Mapping[str, str]) -> None:
    for one in channel.fields:
        if one.required and not credentials.get(one.key):
            raise RuleViolation("credential_missing", field=str(one.label))


def _try(channel: Channel, account: Account) -> None:
    """Keys that cannot be read and addresses that nobody may call are refused now, not when a buyer pays."""
    url = account.gateway_url
    if url and not (hosts.is_allowed(url) or (channel.is_simulated and hosts.is_loopback(url))):
        raise RuleViolation("gateway_refused")
    try:
        channel.build(account)
    except keys.WrongMode as error:
        raise RuleViolation("key_of_other_mode") from error
    except keys.BadKey as error:
        raise RuleViolation("key_unreadable") from error


def credentials_of(account: ChannelAccount) -> dict[str, str]:
    """The credentials in the clear: for providers only, never for a page. Raises SealBroken."""
    return json.loads(sealing.unseal(account.sealed, _purpose(account))) if account.sealed else {}


def reseal(account: ChannelAccount) -> bool:
    """Seal under the present key what an older one has sealed; False when it is so already."""
    if not account.sealed or sealing.is_current(account.sealed):
        return False
    account.sealed = sealing.seal(json.dumps(credentials_of(account)), _purpose(account))
    return True


def reseal_all() -> int:
    """Seal everything under the present key, so that an older one can be dropped; returns how many. By the ticker."""
    query = select(ChannelAccount).where(ChannelAccount.sealed != "").order_by(ChannelAccount.id).with_for_update()
    done = 0
    for account in db.session.scalars(query.execution_options(populate_existing=True)):
        try:
            done += reseal(account)
        except sealing.SealBroken as broken:  # its page says what to do; the others go on
            log.warning("credentials cannot be opened", extra={"account": account.id, "reason": broken.code})
    return done


def provider_of(account: ChannelAccount) -> Provider:
    """The way to talk to the channel as this merchant. Raises SealBroken, NotFound("channel_unknown")."""
    facts = Account(account.id, credentials_of(account), account.is_test, account.gateway_url)
    return channel_of(account.channel).build(facts)


def secrets_of(account: ChannelAccount) -> tuple[str, ...]:
    """The credentials that must be masked in whatever people read."""
    hidden = {one.key for one in channel_of(account.channel).fields if one.secret}
    return tuple(value for key, value in credentials_of(account).items() if key in hidden)


def of_shop(shop_id: int) -> list[ChannelAccount]:
    """A shop's accounts in the order in which buyers see them."""
    query = select(ChannelAccount).where(ChannelAccount.shop_id == shop_id)
    return list(db.session.scalars(query.order_by(ChannelAccount.position, ChannelAccount.id)))


def get(account_id: int) -> ChannelAccount:
    """One account of a shop in scope. Raises NotFound."""
    account = db.session.get(ChannelAccount, account_id)
    if account is None:
        raise NotFound("not_found")
    return account


def locked(account_id: int) -> ChannelAccount:
    """The account as it is now, locked until the transaction ends. Raises NotFound."""
    query = select(ChannelAccount).where(ChannelAccount.id == account_id).with_for_update()
    account = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if account is None:
        raise NotFound("not_found")
    return account


def by_callback_token(token: str) -> ChannelAccount | None:
    """The account whose callback address this is; the address alone says which shop it is about."""
    with context.every_shop("the address of a callback names the account"):
        return db.session.scalars(select(ChannelAccount).where(ChannelAccount.callback_token == token)).first()


def note_health(account_id: int, code: str) -> None:
    """Keep that the channel has just answered (empty code), or why not; good news is written once a minute."""
    account = get(account_id)
    moment = clock.now()
    fresh = account.healthy_at is not None and moment - account.healthy_at < timedelta(minutes=1)
    if not code and fresh and not is_failing(account):
        return
    values = {"failing_at": moment, "failing_code": code[:60]} if code else {"healthy_at": moment}
    statement = update(ChannelAccount).where(ChannelAccount.id == account_id).values(**values)
    db.session.execute(statement.execution_options(synchronize_session=False))


def is_failing(account: ChannelAccount) -> bool:
    """Whether the last thing heard of the channel was a failure."""
    return account.failing_at is not None and (account.healthy_at is None or account.failing_at > account.healthy_at)


def _purpose(account: ChannelAccount) -> str:
    return f"channel_account:{account.id}"
