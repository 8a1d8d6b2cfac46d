"""Paying an order through the simulator as a buyer would: for demos, tests and the sandbox on the checkout page."""

from __future__ import annotations

import json
import secrets

from sqlalchemy import select

from app.kit import clock
from app.kit.db import db, transaction
from app.orders.models import Order
from app.payments import accounts, callbacks, starting
from app.payments.channels import simulator
from app.payments.channels.simulated import Facts, Gateway
from app.payments.models import ChannelAccount, Payment
from app.payments.providers import CallbackRequest, Scene


def account_of(shop_id: int) -> ChannelAccount:
    """The shop's account with the simulator; opened when there is none. Needs an open transaction."""
    of_shop = (ChannelAccount.shop_id == shop_id, ChannelAccount.channel == simulator.CODE, ChannelAccount.enabled)
    if found := db.session.scalars(select(ChannelAccount).where(*of_shop).order_by(ChannelAccount.id)).first():
        return found
    wish = accounts.Wish("Simulator", enabled=True, is_test=True, credentials={"key": secrets.token_hex(16)})
    return accounts.make(shop_id, simulator.CODE, wish)


def pay(order_id: int) -> Payment:
    """Pay all that an order owes through the simulator, callback included. Opens its own transactions.

    Raises RuleViolation("order_takes_no_money").
    """
    with transaction():
        order = db.session.get_one(Order, order_id)
        account_id = account_of(order.shop_id).id
    payment_id = starting.begin(order_id, account_id, starting.Ask(Scene.QR, ""), transaction)
    decide(payment_id, "paid")
    return starting.get(payment_id)


def decide(payment_id: int, state: str) -> callbacks.Verdict:
    """What the buyer does in front of the simulator: `paid` or `failed`; its callback arrives at once."""
    payment = starting.get(payment_id)
    facts = Gateway(payment.account_id).pay(payment.number, state)
    account = accounts.get(payment.account_id)
    return callbacks.receive(account.id, notice_of(account, facts))


def notice_of(account: ChannelAccount, facts: Facts) -> CallbackRequest:
    """The signed callback that the simulator's gateway sends about one of its records."""
    done_at = facts.get("done_at")
    told = {
        "id": f"{facts['number']}:{facts['state']}",
        "account": account.id,
        "kind": "refund" if facts["kind"] == "refund" else "payment",
        **{key: facts[key] for key in ("number", "trade_number", "channel_no", "state", "amount_minor", "currency")},
        "done_at": done_at.isoformat() if done_at else None,
    }
    body, moment = json.dumps(told).encode(), clock.now()
    stamp = str(int(moment.timestamp()))
    key = accounts.credentials_of(account)["key"]
    headers = {
        simulator.TIME_HEADER: stamp,
        simulator.SIGNATURE_HEADER: simulator.signature(key, stamp, body),
        "content-type": "application/json",
    }
    return CallbackRequest("POST", headers, "", body, moment)
