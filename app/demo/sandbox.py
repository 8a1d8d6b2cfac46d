"""The demo shops' accounts with emulated gateways: opened, brought up to date, switched off."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from app.demo import kuaile, retail
from app.kit import context
from app.kit.db import db, transaction
from app.payments import accounts, addresses
from app.payments.channels import channel_of, hosts
from app.payments.models import ChannelAccount
from app.shops.models import Shop

MERCHANT, WEBHOOKS = "merchant.json", "webhooks.json"


def connect(folder: Path, public_url: str) -> int:
    """Give each demo shop an account with each emulated gateway; how many shops. Idempotent.

    `folder` holds `merchant.json`, written by the emulators; `webhooks.json` is written back for the one that sends
    its notices to an account instead of a trade. Opens its own transactions. Raises OSError, ValueError.
    """
    facts = json.loads((folder / MERCHANT).read_text("utf-8"))
    webhooks = {}
    with context.every_shop("the sandbox serves the demo shops"), transaction():
        shops = _demo_shops()
        for shop in shops:
            made = {code: _account(shop, code, facts) for code in facts["channels"]}
            webhooks[str(shop.id)] = f"{public_url}{addresses.CALLBACK}{made['stripe'].callback_token}"
    part = folder / f".{WEBHOOKS}"
    part.write_text(json.dumps(webhooks), "utf-8")
    part.chmod(0o600)
    part.replace(folder / WEBHOOKS)
    return len(shops)


def disconnect() -> int:
    """Switch off every account whose gateway is an emulator; how many. Opens its own transaction."""
    with context.every_shop("the sandbox serves the demo shops"), transaction():
        found = [one for shop in _demo_shops() for one in _accounts(shop) if one.enabled]
        for account in found:
            accounts.save(account.id, accounts.Wish(account.label, False, True, account.gateway_url))
    return len(found)


def _demo_shops() -> list[Shop]:
    return list(db.session.scalars(select(Shop).where(Shop.code.in_([kuaile.CODE, retail.CODE])).order_by(Shop.id)))


def _accounts(shop: Shop) -> list[ChannelAccount]:
    """Those of the sandbox: test accounts on this very machine."""
    emulated = (ChannelAccount.is_test, ChannelAccount.gateway_url.startswith("http://127.0.0.1:", autoescape=True))
    return list(db.session.scalars(select(ChannelAccount).where(ChannelAccount.shop_id == shop.id, *emulated)))


def _account(shop: Shop, code: str, facts: Mapping[str, Any]) -> ChannelAccount:
    with force_locale(shop.locale):
        label = _("%(channel)s (sandbox)", channel=channel_of(code).name)
    url = facts["url"] + hosts.SANDBOX_PATHS[code].format(shop=shop.id)
    wish = accounts.Wish(label, True, True, url, facts["channels"][code])
    known = next((one for one in _accounts(shop) if one.channel == code), None)
    return accounts.save(known.id, wish) if known else accounts.make(shop.id, code, wish)
