"""The Stripe channel for buyers abroad: Stripe's own Checkout page takes the card, we never see its number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l

from app.kit import clock
from app.payments.channels import keys, verdicts
from app.payments.channels import stripe_answers as answers
from app.payments.channels.stripe_amounts import to_stripe
from app.payments.channels.stripe_client import StripeClient, Told
from app.payments.providers import (
    Account,
    Bill,
    BillRow,
    BillStatus,
    CallbackRequest,
    Channel,
    Charge,
    Closed,
    CloseStatus,
    CreateStatus,
    CredentialField,
    Forged,
    Health,
    Notice,
    NoticeKind,
    RefundRef,
    RefundReport,
    RefundStatus,
    Reply,
    Scene,
    Started,
    Trade,
    TradeRef,
    TradeStatus,
)

SHORTEST, LONGEST = timedelta(minutes=30), timedelta(hours=24)
"""Stripe's bounds for how long a Checkout page may be open, from its creation."""
SESSIONS = "/v1/checkout/sessions"
_EXPANDED = {"expand[]": "payment_intent.latest_charge.balance_transaction"}


class StripeChannel:
    """One Stripe account. The Checkout session is the trade; its id is what `channel_trade_no` holds.

    Raises WrongMode for a key of test money in a live account: its payments would look like real ones.
    """

    def __init__(self, account: Account) -> None:
        self._client = StripeClient(account)
        if self._client.is_live is account.is_test:
            raise keys.WrongMode("mode")

    def create(self, charge: Charge) -> Started:
        """A Checkout page. Our number is the idempotency key, so an unclear answer is asked for again by it."""
        # Facts of the charge only: the same number must always send the same bytes.
        open_until = min(max(charge.expires_at, charge.started_at + SHORTEST * 1.1), charge.started_at + LONGEST * 0.99)
        told = self._client.post(
            SESSIONS,
            {
                "mode": "payment",
                "client_reference_id": charge.number,
                "metadata": {"number": charge.number},
                "payment_intent_data": {"metadata": {"number": charge.number}},
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": charge.amount.currency.lower(),
                            "unit_amount": to_stripe(charge.amount),
                            "product_data": {"name": charge.title[:250] or charge.number},
                        },
                    }
                ],
                "success_url": charge.return_url,
                "cancel_url": charge.return_url,
                "expires_at": int(open_until.timestamp()),
                "locale": "auto",
            },
            key=charge.number,
        )
        if told.code:
            status = verdicts.create_status(verdicts.of("stripe", told.code))
            return Started(status, told.answer.exchange, code=told.code)
        session, url = str(told.data.get("id", "")), str(told.data.get("url") or "")
        if told.data.get("client_reference_id") != charge.number or not session or not url:
            return Started(CreateStatus.UNKNOWN, told.answer.exchange, code="mismatch", channel_trade_no=session)
        return Started(
            CreateStatus.READY, told.answer.exchange, scene=Scene.REDIRECT, url=url, channel_trade_no=session
        )

    def query(self, trade: TradeRef) -> Trade:
        """The session's state: by its id, or found by our number when the answer with the id never came."""
        told = self._session(trade)
        if told.code == "resource_missing":
            return Trade(TradeStatus.ABSENT, trade.number, code=told.code, exchange=told.answer.exchange)
        if told.code:
            return Trade(TradeStatus.UNKNOWN, trade.number, code=told.code, exchange=told.answer.exchange)
        if told.data.get("client_reference_id") != trade.number or not self._is_our_mode(told.data):
            return Trade(TradeStatus.UNKNOWN, trade.number, code="mismatch", exchange=told.answer.exchange)
        return answers.trade(told.data, told)

    def _session(self, trade: TradeRef) -> Told:
        if trade.channel_trade_no:
            return self._client.get(f"{SESSIONS}/{trade.channel_trade_no}", _EXPANDED)
        first = int(trade.started_at.timestamp()) - 300
        window = {"created[gte]": str(first), "created[lte]": str(first + 86_400)}
        told = None
        for told in self._client.pages(SESSIONS, window):
            for session in told.data.get("data") or []:
                if session.get("client_reference_id") == trade.number:
                    return self._client.get(f"{SESSIONS}/{session['id']}", _EXPANDED)
            if told.code:
                return told
        assert told is not None  # noqa: S101 - a list has at least one page
        return Told(told.answer, "resource_missing")

    def _is_our_mode(self, data: Mapping[str, Any]) -> bool:
        return data.get("livemode") is self._client.is_live

    def close(self, trade: TradeRef) -> Closed:
        """Expire the session; Stripe refuses when it is complete, and then the state decides."""
        found = self._session(trade)
        if found.code == "resource_missing":
            return Closed(CloseStatus.CLOSED, found.answer.exchange, code=found.code)
        if found.code:
            return Closed(CloseStatus.UNKNOWN, found.answer.exchange, code=found.code)
        told = self._client.post(f"{SESSIONS}/{found.data['id']}/expire", {})
        state = answers.trade(told.data, told) if not told.code else self.query(trade)
        if state.status is TradeStatus.PAID:
            return Closed(CloseStatus.ALREADY_PAID, told.answer.exchange, code=told.code)
        closed = state.status in (TradeStatus.CLOSED, TradeStatus.FAILED)
        return Closed(CloseStatus.CLOSED if closed else CloseStatus.UNKNOWN, told.answer.exchange, code=told.code)

    def refund(self, refund: RefundRef) -> RefundReport:
        """Give money back; our number is the idempotency key, and the metadata by which it is found again."""
        paid = self._session(refund.trade)
        intent = answers.intent_of(paid.data)
        if paid.code or not intent:
            code = paid.code or "not_paid"
            return RefundReport(RefundStatus.UNKNOWN, refund.number, code=code, exchange=paid.answer.exchange)
        told = self._client.post(
            "/v1/refunds",
            {
                "payment_intent": intent,
                "amount": to_stripe(refund.amount),
                "metadata": {"number": refund.number, "reason": refund.reason[:400]},
            },
            key=refund.number,
        )
        if not told.code:
            return answers.refund(refund, told.data, told)
        status = verdicts.refund_status(verdicts.of("stripe", told.code))
        if status is RefundStatus.FAILED and (known := self.query_refund(refund)).status is not RefundStatus.ABSENT:
            return known
        return RefundReport(status, refund.number, code=told.code, exchange=told.answer.exchange)

    def query_refund(self, refund: RefundRef) -> RefundReport:
        """Where the refund stands: by its id, or found by our number among the payment's refunds."""
        if refund.channel_refund_no:
            told = self._client.get(f"/v1/refunds/{refund.channel_refund_no}")
            if told.code:
                return RefundReport(RefundStatus.UNKNOWN, refund.number, code=told.code, exchange=told.answer.exchange)
            return answers.refund(refund, told.data, told)
        paid = self._session(refund.trade)
        intent = answers.intent_of(paid.data)
        if paid.code or not intent:
            code = paid.code or "not_paid"
            return RefundReport(RefundStatus.UNKNOWN, refund.number, code=code, exchange=paid.answer.exchange)
        told = paid
        for told in self._client.pages("/v1/refunds", {"payment_intent": intent}):
            for found in told.data.get("data") or []:
                if (found.get("metadata") or {}).get("number") == refund.number:
                    return answers.refund(refund, found, told)
        status = RefundStatus.UNKNOWN if told.code else RefundStatus.ABSENT
        return RefundReport(status, refund.number, code=told.code, exchange=told.answer.exchange)

    def parse_callback(self, request: CallbackRequest) -> Notice:
        """A webhook: signature, five minutes either way, live or test. Raises Forged."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        stamp = self._client.prove(headers.get("stripe-signature", ""), request.body, request.received_at)
        try:
            event = json.loads(request.body)
            notice_id, kind, thing = str(event["id"]), str(event["type"]), event["data"]["object"]
        except (ValueError, KeyError, TypeError) as error:
            raise Forged("malformed") from error
        if not isinstance(thing, dict) or not notice_id:
            raise Forged("malformed")
        if not self._is_our_mode(event):
            raise Forged("merchant_id", "livemode")
        sent_at = datetime.fromtimestamp(stamp, UTC)
        if kind.startswith("checkout.session."):
            trade = answers.trade(thing, None)
            known = trade.status not in (TradeStatus.WAITING, TradeStatus.UNKNOWN)
            return Notice(notice_id, NoticeKind.PAYMENT if known else NoticeKind.HINT, trade.number, sent_at, trade)
        if kind.startswith("refund.") or kind == "charge.refund.updated":
            return Notice(notice_id, NoticeKind.REFUND, sent_at=sent_at, refund=answers.notified_refund(thing))
        return Notice(notice_id, NoticeKind.IGNORED, sent_at=sent_at)

    def bill(self, day: date) -> Bill:
        """The balance transactions of a day of GMT+8: what was charged, what was given back, what Stripe took."""
        first = answers.start_of(day)
        window = {
            "created[gte]": str(first),
            "created[lt]": str(first + 86_400),
            "expand[]": "data.source",
        }
        rows: list[BillRow] = []
        text, told = [], None
        for told in self._client.pages("/v1/balance_transactions", window):
            if told.code:
                return Bill(_bill_status(told.code), told.answer.exchange, code=told.code)
            text.append(told.answer.body.decode("utf-8", "replace"))
            try:
                rows += answers.bill_rows(told.data, len(rows))
            except (ValueError, KeyError, TypeError):
                return Bill(BillStatus.UNKNOWN, told.answer.exchange, code="bad_answer")
        assert told is not None  # noqa: S101 - a list has at least one page
        is_over = clock.now().timestamp() > first + 86_400
        status = BillStatus.READY if is_over else BillStatus.NOT_READY
        return Bill(status, told.answer.exchange, tuple(rows), text="\n".join(text))

    def check(self) -> Health:
        """Read the balance: proves key and connection."""
        told = self._client.get("/v1/balance")
        code = told.code or ("" if self._is_our_mode(told.data) else "mismatch")
        return Health(not code, told.answer.exchange, code)


def _bill_status(code: str) -> BillStatus:
    is_person = verdicts.of("stripe", code) is verdicts.PERSON
    return BillStatus.FAILED if is_person else BillStatus.UNKNOWN


CHANNEL = Channel(
    code="stripe",
    name=_l("Stripe (cards abroad)"),
    icon="brand-stripe",
    build=StripeChannel,
    fields=(
        CredentialField(
            "secret_key",
            _l("Secret key (sk_… or rk_…)"),
            hint=_l("Dashboard: developers, API keys. A restricted key needs Checkout, refunds, balance."),
        ),
        CredentialField(
            "webhook_secret",
            _l("Signing secret of the webhook (whsec_…)"),
            hint=_l(
                "Dashboard: developers, webhooks. Send checkout.session.* and refund.* "
                "to the address that this account shows."
            ),
        ),
        CredentialField("second_webhook_secret", _l("Second signing secret, while changing over"), required=False),
    ),
    scenes=(Scene.REDIRECT,),
    currencies=None,
    accepted=Reply(200, "ok"),
    refused=Reply(400, "refused"),
    bill_hour=1,
)
