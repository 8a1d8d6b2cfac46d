"""Stripe, emulated: Checkout sessions, refunds, balance transactions, webhooks, idempotency keys."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.wrappers import Request, Response

from tests.gateways.gateway import Fault, Gateway, Lie, Notice, Refused, Sale

_ZERO = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())  # noqa: SIM905
_THREE = frozenset("bhd jod kwd omr tnd".split())  # noqa: SIM905
_RATES = {"usd": "7.1", "eur": "7.8", "jpy": "0.047", "kwd": "23.1", "gbp": "9.1", "cny": ""}
_KEY = re.compile(r"([^\[\]]+)|\[([^\[\]]*)\]")
Facts = dict[str, Any]


class StripeGateway(Gateway):
    """One account; its balance is kept in CNY."""

    code = "stripe"
    books = ("sessions", "refunds", "booked", "_replies", "secret_key", "webhook_secret")
    lies = frozenset({Lie.TAMPERED, Lie.STRANGER, Lie.STALE, Lie.FUTURE, Lie.MODE})
    lies |= {Lie.AMOUNT, Lie.CURRENCY, Lie.NUMBER}

    def __init__(self, *, live: bool = True) -> None:
        super().__init__()
        self.secret_key = f"sk_{'live' if live else 'test'}_{secrets.token_hex(12)}"
        self.webhook_secret, self.old_secret = f"whsec_{secrets.token_hex(16)}", f"whsec_{secrets.token_hex(16)}"
        self.webhook_url = ""
        """Set once for the account, as on Stripe's dashboard."""
        self.signs_twice = False
        """A secret is being changed: each webhook carries a signature by the old one, too."""
        self.sessions: dict[str, Facts] = {}
        self.refunds: dict[str, Facts] = {}
        self.booked: list[Facts] = []
        self.spoiled: set[str] = set()
        self._replies: dict[str, tuple[str, int, Facts]] = {}

    def credentials(self) -> dict[str, str]:
        """As the dashboard shows them."""
        return {
            "secret_key": self.secret_key,
            "webhook_secret": self.webhook_secret,
            "second_webhook_secret": "",
        }

    def operation_of(self, request: Request) -> str:
        path, posts = request.path, request.method == "POST"
        if path.endswith("/expire"):
            return "close"
        if path.startswith("/v1/checkout/sessions"):
            return "create" if posts else "query"
        if path.startswith("/v1/refunds"):
            return "refund" if posts else "query_refund"
        return "bill" if path == "/v1/balance_transactions" else "check"

    def answer(self, request: Request, fault: Fault | None) -> Response:
        try:
            if request.headers.get("Authorization") != f"Bearer {self.secret_key}":
                raise Refused(401, "", "Invalid API Key provided")
            if not request.headers.get("Stripe-Version"):
                raise Refused(400, "", "name the version: ours may change under you")
            status, data = self._once(request)
        except Refused as no:
            kind = "idempotency_error" if no.code == "idempotency_error" else "invalid_request_error"
            error = {"type": kind, "message": no.text, **({"code": no.code} if no.code and kind != no.code else {})}
            status, data = no.status, {"error": error}
        return Response(json.dumps(data), status, content_type="application/json")

    def _once(self, request: Request) -> tuple[int, Facts]:
        """Act, or give the answer that the same key had before."""
        key = request.headers.get("Idempotency-Key", "")
        if request.method != "POST" or not key:
            return 200, self._act(request)
        print_of = hashlib.sha256(request.path.encode() + request.get_data()).hexdigest()
        if key in self._replies:
            before, status, data = self._replies[key]
            if before != print_of:
                raise Refused(
                    400, "idempotency_error", "Keys for idempotent requests can only be used with the same parameters"
                )
            return status, data
        data = self._act(request)
        self._replies[key] = (print_of, 200, json.loads(json.dumps(data)))
        return 200, data

    def _act(self, request: Request) -> Facts:
        operation, last = self.operation_of(request), request.path.rpartition("/")[2]
        if operation == "create":
            return self._create(_nested(request.get_data(as_text=True)))
        if operation == "close":
            return self._expire(self._session(request.path.split("/")[-2]))
        if operation == "query":
            if last == "sessions":
                return self._list(list(self.sessions.values()), request)
            return self._shown(self._session(last), request)
        if operation == "refund":
            return self._refund(_nested(request.get_data(as_text=True)))
        if operation == "query_refund":
            return self._refunds(last, request)
        if operation == "bill":
            return self._list(self._rows(), request)
        return {"object": "balance", "livemode": self.is_live, "available": []}

    @property
    def is_live(self) -> bool:
        return self.secret_key.startswith("sk_live_")

    def _create(self, facts: Facts) -> Facts:
        if facts.get("mode") != "payment" or not facts.get("success_url", "").startswith("http"):
            raise Refused(400, "parameter_missing", "mode, success_url")
        price = facts["line_items"]["0"]["price_data"]
        amount, currency = price["unit_amount"], price["currency"]
        if not re.fullmatch(r"[1-9]\d*", amount) or currency not in _RATES:
            raise Refused(400, "parameter_invalid_integer", "unit_amount")
        if (currency in ("isk", "ugx") and int(amount) % 100) or (currency in _THREE and int(amount) % 10):
            raise Refused(400, "parameter_invalid_integer", "unit_amount")
        ends = int(facts["expires_at"]) - self.now().timestamp()
        if not 1790 <= ends <= 86_400:
            raise Refused(400, "", "expires_at must be between 30 minutes and 24 hours from now")
        session_id = f"cs_test_{secrets.token_hex(16)}"
        session = {
            "id": session_id, "object": "checkout.session", "livemode": self.is_live, "status": "open",
            "payment_status": "unpaid", "amount_total": int(amount), "currency": currency,
            "client_reference_id": facts["client_reference_id"], "metadata": facts.get("metadata", {}),
            "payment_intent": None, "created": int(self.now().timestamp()), "expires_at": int(facts["expires_at"]),
            "success_url": facts["success_url"], "customer_details": None, "url": f"{self.url}/pay/{session_id}",
            "_intent_metadata": facts.get("payment_intent_data", {}).get("metadata", {}),
        }  # fmt: skip
        self.sessions[session_id] = session
        if self.pays_at_once:
            self.pay(facts["client_reference_id"])
        return _public(session)

    def _session(self, session_id: str) -> Facts:
        if session_id not in self.sessions:
            raise Refused(404, "resource_missing", "No such checkout.session")
        return self.sessions[session_id]

    def _shown(self, session: Facts, request: Request) -> Facts:
        shown = _public(session)
        if shown["payment_intent"] and "payment_intent.latest_charge.balance_transaction" in request.args.values():
            shown["payment_intent"] = session["_intent"]
        return shown

    def _expire(self, session: Facts) -> Facts:
        if session["status"] != "open":
            raise Refused(400, "", 'Only Checkout Sessions with a status in ["open"] can be expired')
        session["status"] = "expired"
        self._tell("checkout.session.expired", _public(session))
        return _public(session)

    def _refund(self, facts: Facts) -> Facts:
        paid = next(
            (one for one in self.sessions.values() if one["payment_intent"] == facts.get("payment_intent")), None
        )
        if paid is None or paid["payment_status"] != "paid":
            raise Refused(404, "resource_missing", "No such payment_intent")
        back = sum(one["amount"] for one in self.refunds.values() if one["payment_intent"] == paid["payment_intent"])
        amount = int(facts["amount"])
        if back == paid["amount_total"]:
            raise Refused(400, "charge_already_refunded", "Charge has already been refunded.")
        if not 0 < amount <= paid["amount_total"] - back:
            raise Refused(400, "", "Refund amount is greater than unrefunded amount on charge")
        refund = {
            "id": f"re_{secrets.token_hex(12)}", "object": "refund", "amount": amount, "currency": paid["currency"],
            "payment_intent": paid["payment_intent"], "status": "pending", "metadata": facts.get("metadata", {}),
            "created": int(self.now().timestamp()),
        }  # fmt: skip
        self.refunds[refund["id"]] = refund
        if self.refunds_at_once:
            self.settle_refund(facts["metadata"]["number"])
        return dict(refund)

    def _refunds(self, last: str, request: Request) -> Facts:
        if last != "refunds":
            if last not in self.refunds:
                raise Refused(404, "resource_missing", "No such refund")
            return dict(self.refunds[last])
        wanted = request.args.get("payment_intent")
        return self._list([one for one in self.refunds.values() if one["payment_intent"] == wanted], request)

    def _list(self, things: list[Facts], request: Request) -> Facts:
        """Newest first, by pages."""
        low, high = int(request.args.get("created[gte]", 0)), int(request.args.get("created[lte]", 10**12))
        below = int(request.args.get("created[lt]", 10**12))
        found = [one for one in reversed(things) if low <= one["created"] <= high and one["created"] < below]
        after = request.args.get("starting_after")
        if after:
            found = found[[one["id"] for one in found].index(after) + 1 :]
        limit = int(request.args.get("limit", 10))
        shown = [_public(one) for one in found[:limit]]
        return {"object": "list", "data": shown, "has_more": len(found) > limit, "url": request.path}

    def _rows(self) -> list[Facts]:
        rows = list(self.booked)
        if "missing" in self.spoiled:
            rows = rows[1:]
        if "extra" in self.spoiled and rows:
            source = {**rows[0]["source"], "id": "ch_extra", "metadata": {"number": "EXTRA0NUMBER"}}
            rows = [*rows, {**rows[0], "id": "txn_extra", "source": source}]
        if "changed" in self.spoiled and rows:
            rows[0] = {**rows[0], "source": {**rows[0]["source"], "amount": rows[0]["source"]["amount"] + 100}}
        if "currency" in self.spoiled and rows:
            rows[-1] = {**rows[-1], "source": {**rows[-1]["source"], "currency": "eur"}}
        if "kind" in self.spoiled and rows:
            rows = [*rows, {**rows[-1], "id": "txn_unheard", "type": "unheard"}]
        if "duplicated" in self.spoiled and rows:
            rows = [*rows, {**rows[0], "id": "txn_again"}]
        return rows

    def sales(self) -> list[Sale]:
        return [
            Sale(
                key=one["id"],
                number=one["client_reference_id"],
                title=one["client_reference_id"],
                amount=f"{one['currency'].upper()} {one['amount_total'] / 10 ** _digits(one['currency']):.2f}",
                made_at=datetime.fromtimestamp(one["created"], UTC),
                is_open=one["status"] == "open",
                is_paid=one["payment_status"] == "paid",
                back=one["success_url"],
            )
            for one in self.sessions.values()
        ]

    def waiting_refunds(self) -> list[tuple[str, datetime]]:
        waiting = [one for one in self.refunds.values() if one["status"] == "pending"]
        return [(one["metadata"]["number"], datetime.fromtimestamp(one["created"], UTC)) for one in waiting]

    # What happens away from the merchant

    def by_number(self, number: str) -> Facts:
        """The newest session with our number."""
        return next(one for one in reversed(self.sessions.values()) if one["client_reference_id"] == number)

    def pay(self, number: str, amount: int | None = None) -> Notice:
        """The buyer pays on Stripe's page, and the webhook goes out."""
        session = self.by_number(number)
        now = int(self.now().timestamp())
        intent_id = f"pi_{secrets.token_hex(12)}"
        session |= {"status": "complete", "payment_status": "paid", "payment_intent": intent_id}
        session["amount_total"] = amount if amount is not None else session["amount_total"]
        session["customer_details"] = {"email": "buyer@example.com", "address": {"line1": "1 Main Street"}}
        charge = {
            "id": f"ch_{secrets.token_hex(12)}", "object": "charge", "amount": session["amount_total"],
            "currency": session["currency"], "created": now, "payment_intent": intent_id,
            "metadata": session["_intent_metadata"],
        }  # fmt: skip
        booked = self._book("charge", session["amount_total"], charge)
        latest = {**charge, "balance_transaction": {**booked, "source": charge["id"]}}
        session["_intent"] = {"id": intent_id, "object": "payment_intent", "latest_charge": latest}
        return self.tell(self.payment_notice(number))

    def decline_later(self, number: str) -> Notice:
        """The buyer's bank took days to say no: the session is complete, and nobody paid."""
        session = self.by_number(number)
        session |= {"status": "complete", "payment_intent": f"pi_{secrets.token_hex(12)}"}
        session["_intent"] = {"id": session["payment_intent"], "status": "requires_payment_method"}
        return self.tell(self._event("checkout.session.async_payment_failed", _public(session), None))

    def _book(self, kind: str, units: int, source: Facts) -> Facts:
        currency = source["currency"]
        rate = _RATES[currency]
        settled = round(units * float(rate or 1) * 100 / 10 ** _digits(currency))
        fee = round(settled * 0.034) if kind == "charge" else 0
        booked = {
            "id": f"txn_{secrets.token_hex(12)}", "object": "balance_transaction", "type": kind, "amount": settled,
            "fee": fee, "net": settled - fee, "currency": "cny", "created": int(self.now().timestamp()),
            "exchange_rate": float(rate) if rate else None, "source": source,
        }  # fmt: skip
        self.booked.append(booked)
        return booked

    def settle_refund(self, number: str, status: str = "succeeded") -> Notice:
        """The refund ends, and the webhook goes out."""
        refund = next(one for one in self.refunds.values() if one["metadata"].get("number") == number)
        refund["status"] = status
        if status == "succeeded":
            self._book("refund", -refund["amount"], {**refund, "metadata": refund["metadata"]})
        return self.tell(self.refund_notice(number))

    def age(self, number: str, seconds: int) -> None:
        """Let a session be older than it is."""
        self.by_number(number)["created"] -= seconds

    def payment_notice(self, number: str, lie: Lie | None = None) -> Notice:
        """The webhook of a session, or a false one."""
        shown = _public(self.by_number(number))
        shown["amount_total"] += lie is Lie.AMOUNT
        shown |= {"currency": "hkd"} if lie is Lie.CURRENCY else {}
        shown |= {"client_reference_id": "NOBODYKNOWSTHIS"} if lie is Lie.NUMBER else {}
        return self._event("checkout.session.completed", shown, lie)

    def refund_notice(self, number: str, lie: Lie | None = None) -> Notice:
        """The webhook of a refund."""
        refund = next(one for one in self.refunds.values() if one["metadata"].get("number") == number)
        shown = {**refund, "amount": refund["amount"] + (lie is Lie.AMOUNT)}
        shown |= {"metadata": {"number": "NOBODYKNOWSTHIS"}} if lie is Lie.NUMBER else {}
        return self._event("refund.failed" if refund["status"] == "failed" else "refund.updated", shown, lie)

    def _tell(self, kind: str, thing: Facts) -> None:
        self.tell(self._event(kind, thing, None))

    def _event(self, kind: str, thing: Facts, lie: Lie | None) -> Notice:
        late = {Lie.STALE: -600, Lie.FUTURE: 600}.get(lie, 0) if lie else 0
        stamp = int((self.now() + timedelta(seconds=late)).timestamp())
        event = {
            "id": f"evt_{secrets.token_hex(12)}", "object": "event", "api_version": "2025-09-30.clover",
            "created": int(self.now().timestamp()), "livemode": self.is_live is not (lie is Lie.MODE), "type": kind,
            "data": {"object": thing},
        }  # fmt: skip
        body = json.dumps(event, indent=2).encode()
        secret = "whsec_stranger" if lie is Lie.STRANGER else self.webhook_secret
        signatures = [_mac(secret, stamp, body)]
        if self.signs_twice:
            signatures.insert(0, _mac(self.old_secret, stamp, body))
        header = ",".join([f"t={stamp}", *(f"v1={one}" for one in signatures), "v0=0000"])
        if lie is Lie.TAMPERED:
            body = body.replace(b'"object": "event"', b'"object": "Event"', 1)
        headers = {"Stripe-Signature": header, "Content-Type": "application/json; charset=utf-8"}
        return Notice(self.webhook_url, body, headers)


def _digits(currency: str) -> int:
    return 0 if currency in _ZERO else 3 if currency in _THREE else 2


def _mac(secret: str, stamp: int, body: bytes) -> str:
    return hmac.HMAC(secret.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()


def _public(thing: Facts) -> Facts:
    return {name: value for name, value in thing.items() if not name.startswith("_")}


def _nested(body: str) -> Facts:
    """a[b][0][c]=v as dictionaries in dictionaries."""
    whole: Facts = {}
    for name, value in parse_qsl(body, keep_blank_values=True, strict_parsing=True):
        path = [plain or inner for plain, inner in _KEY.findall(name)]
        at = whole
        for step in path[:-1]:
            at = at.setdefault(step, {})
        at[path[-1]] = value
    return whole
