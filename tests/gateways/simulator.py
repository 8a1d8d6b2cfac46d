"""The simulator's gateway as a server of its own; `python -m tests.gateways.simulator` runs it."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sys
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from tests.gateways.gateway import BEIJING, Fault, Gateway, Lie, Notice, Refused

Facts = dict[str, Any]


class SimulatorGateway(Gateway):
    """One merchant at the simulator; amounts in minor units, messages signed by HMAC-SHA256 over `time.body`."""

    code = "simulator"
    lies = frozenset(
        {Lie.TAMPERED, Lie.STRANGER, Lie.STALE, Lie.FUTURE, Lie.AMOUNT, Lie.CURRENCY, Lie.MERCHANT, Lie.NUMBER}
    )

    def __init__(self, key: str = "", account: int = 1) -> None:
        super().__init__()
        self.key, self.account = key or secrets.token_hex(16), account
        self.trades: dict[str, Facts] = {}
        self.refunds: dict[str, Facts] = {}
        self.spoiled: set[str] = set()

    def credentials(self) -> dict[str, str]:
        return {"key": self.key}

    def operation_of(self, request: Request) -> str:
        return request.path.strip("/")

    def answer(self, request: Request, fault: Fault | None) -> Response:
        body = request.get_data()
        signed = self._mac(request.headers.get("X-Simulator-Time", ""), body)
        if not hmac.compare_digest(signed, request.headers.get("X-Simulator-Signature", "")):
            return Response("not signed", 401)
        try:
            found = getattr(self, f"_{request.path.strip('/')}")(json.loads(body))
        except Refused as no:
            found = {"error": no.code}
        return Response(json.dumps(found, default=str), content_type="application/json")

    def _mac(self, moment: str, body: bytes, key: str = "") -> str:
        return hmac.new((key or self.key).encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()

    def _create(self, facts: Facts) -> Facts:
        trade = self.trades.setdefault(facts["number"], self._new("payment", facts, "waiting"))
        if (trade["amount_minor"], trade["currency"]) != (facts["amount_minor"], facts["currency"]):
            raise Refused(400, "amount_differs")
        if trade["state"] == "closed":
            raise Refused(400, "trade_closed")
        if self.pays_at_once:
            self.pay(facts["number"])
        return trade

    def _new(self, kind: str, facts: Facts, state: str) -> Facts:
        own = {key: facts[key] for key in ("number", "amount_minor", "currency")}
        of = facts.get("trade_number", "")
        return {
            "kind": kind,
            "trade_number": of,
            **own,
            "channel_no": self.unique("S"),
            "state": state,
            "done_at": None,
        }

    def _query(self, facts: Facts) -> Facts:
        return self._known(self.trades, facts["number"])

    def _known(self, books: dict[str, Facts], number: str) -> Facts:
        if number not in books:
            raise Refused(404, "absent")
        return books[number]

    def _close(self, facts: Facts) -> Facts:
        trade = self.trades.setdefault(facts["number"], self._new("payment", facts, "closed"))
        if trade["state"] == "paid":
            raise Refused(400, "paid")
        trade["state"] = "closed"
        return trade

    def _refund(self, facts: Facts) -> Facts:
        trade = self._known(self.trades, facts["trade_number"])
        if trade["state"] != "paid":
            raise Refused(400, "not_paid")
        if facts["number"] not in self.refunds:
            given = sum(one["amount_minor"] for one in self.refunds.values() if one["trade_number"] == trade["number"])
            if given + facts["amount_minor"] > trade["amount_minor"]:
                raise Refused(400, "too_much")
            self.refunds[facts["number"]] = self._new("refund", facts, "processing")
            if self.refunds_at_once:
                self.settle_refund(facts["number"])
        return self.refunds[facts["number"]]

    def _query_refund(self, facts: Facts) -> Facts:
        return self._known(self.refunds, facts["number"])

    def _bill(self, facts: Facts) -> Facts:
        booked = [one for one in (*self.trades.values(), *self.refunds.values()) if one["done_at"]]
        day = [one for one in booked if _day(one["done_at"]) == facts["day"]]
        return {"rows": self._spoiled(day)}

    def _spoiled(self, rows: list[Facts]) -> list[Facts]:
        if "missing" in self.spoiled:
            rows = rows[1:]
        if "changed" in self.spoiled and rows:
            rows = [{**rows[0], "amount_minor": rows[0]["amount_minor"] + 1}, *rows[1:]]
        if "currency" in self.spoiled and rows:
            rows = [{**rows[0], "currency": "USD"}, *rows[1:]]
        if "extra" in self.spoiled and rows:
            rows = [*rows, {**rows[0], "number": "EXTRA0NUMBER", "channel_no": "EXTRA"}]
        if "kind" in self.spoiled and rows:
            rows = [*rows, {**rows[0], "number": "KIND0NUMBER", "channel_no": "KIND", "kind": "unheard"}]
        return [*rows, rows[0]] if "duplicated" in self.spoiled and rows else rows

    # What happens away from the merchant

    def pay(self, number: str, amount: int | None = None) -> Notice:
        """The buyer pays, and the merchant is told; also after a close that lost the race."""
        trade = self.trades[number]
        trade |= {"state": "paid", "done_at": self.now().isoformat()}
        trade["amount_minor"] = amount if amount is not None else trade["amount_minor"]
        return self.tell(self.payment_notice(number))

    def settle_refund(self, number: str, state: str = "succeeded") -> Notice:
        """`succeeded`, `abnormal` or `failed`: the refund ends, and the merchant is told."""
        self.refunds[number] |= {"state": state, "done_at": self.now().isoformat() if state == "succeeded" else None}
        return self.tell(self.refund_notice(number))

    def payment_notice(self, number: str, lie: Lie | None = None) -> Notice:
        """The notice of a trade, or a false one."""
        return self._notice(self.trades[number], lie)

    def refund_notice(self, number: str, lie: Lie | None = None) -> Notice:
        """The notice of a refund, or a false one."""
        return self._notice(self.refunds[number], lie)

    def _notice(self, record: Facts, lie: Lie | None) -> Notice:
        told = {"id": f"{record['number']}:{record['state']}", "account": self.account, **record}
        told["account"] += lie is Lie.MERCHANT
        told["amount_minor"] += lie is Lie.AMOUNT
        told["currency"] = "HKD" if lie is Lie.CURRENCY else told["currency"]
        told["number"] = "NOBODYKNOWSTHIS" if lie is Lie.NUMBER else told["number"]
        told["id"] += "" if lie is None else f":{lie.name}"
        body = json.dumps(told).encode()
        late = {Lie.STALE: -600, Lie.FUTURE: 600}.get(lie, 0) if lie else 0
        stamp = str(int((self.now() + timedelta(seconds=late)).timestamp()))
        signed = self._mac(stamp, body, "stranger" if lie is Lie.STRANGER else "")
        if lie is Lie.TAMPERED:
            body = body.replace(b"paid", b"Paid", 1)
        return Notice("", body, {"X-Simulator-Time": stamp, "X-Simulator-Signature": signed})


def _day(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(BEIJING).date().isoformat()


def main() -> None:
    """Serve until the pipe closes: `pay NUMBER` pays, anything else tells the books as JSON."""
    gateway = SimulatorGateway(sys.argv[1], int(sys.argv[2]))
    sys.stdout.write(gateway.start() + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        verb, _, rest = line.strip().partition(" ")
        told: Facts = {"trades": gateway.trades, "refunds": gateway.refunds}
        if verb == "pay":
            notice = gateway.pay(rest)
            told = {"body": notice.body.decode(), "headers": notice.headers}
        if verb == "settles_at_once":
            gateway.refunds_at_once = True
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
