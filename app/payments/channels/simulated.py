"""The simulator's gateway: what it knows of trades and refunds, kept in a table by a connection of its own.

Its truth is committed before it answers, as with a real gateway: a caller that dies loses the answer, not the money.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, insert, literal_column, or_, select, update

from app.kit import clock
from app.kit.db import db
from app.payments.models import ChannelAccount, SimulatedRecord

Facts = dict[str, Any]
_records = SimulatedRecord.__table__
_accounts = ChannelAccount.__table__
_lent = threading.Lock()


class Gateway:
    """The truth of one account."""

    def __init__(self, account_id: int) -> None:
        self.account_id = account_id
        self._engine: Engine | Connection = db.engine

    @contextmanager
    def _own(self) -> Iterator[Connection]:
        if isinstance(self._engine, Connection):  # a connection lent to all; one at a time
            with _lent, self._engine.begin_nested():
                yield self._engine
        else:
            with self._engine.begin() as connection:
                yield connection

    def create(self, facts: Facts) -> Facts:
        """Open a trade; the same number again gives the same trade, or says that the amount differs."""
        with self._own() as own:
            found = self._find(own, "trade", facts["number"])
            if found is None:
                found = self._add(own, "trade", facts, state="waiting")
            if (found["amount_minor"], found["currency"]) != (facts["amount_minor"], facts["currency"]):
                return {"error": "amount_differs"}
            return {"error": "trade_closed"} if found["state"] == "closed" else found

    def query(self, facts: Facts) -> Facts:
        """The trade."""
        with self._own() as own:
            return self._find(own, "trade", facts["number"]) or {"error": "absent"}

    def close(self, facts: Facts) -> Facts:
        """Close a trade that nobody has paid."""
        with self._own() as own:
            found = self._find(own, "trade", facts["number"])
            if found is None:
                found = self._add(own, "trade", facts, state="closed")
            if found["state"] == "paid":
                return {"error": "paid"}
            return self._set(own, found, state="closed")

    def pay(self, number: str, state: str = "paid") -> Facts:
        """What the buyer does in front of the simulator: pay (also too late), or decline."""
        with self._own() as own:
            found = self._find(own, "trade", number)
            if found is None:
                return {"error": "absent"}
            if found["state"] == "paid":
                return found
            return self._set(own, found, state=state, done_at=clock.now())

    def refund(self, facts: Facts) -> Facts:
        """Give money back once for each number, never more than was paid."""
        with self._own() as own:
            trade = self._find(own, "trade", facts["trade_number"])
            if trade is None or trade["state"] != "paid":
                return {"error": "not_paid"}
            rows = self._refunds(own, trade["number"], facts["number"])
            if found := rows.get(facts["number"]):
                return found if found["amount_minor"] == facts["amount_minor"] else {"error": "amount_differs"}
            if sum(row["amount_minor"] for row in rows.values()) + facts["amount_minor"] > trade["amount_minor"]:
                return {"error": "too_much"}
            return self._add(own, "refund", facts, state="succeeded", done_at=clock.now())

    def query_refund(self, facts: Facts) -> Facts:
        """The refund."""
        with self._own() as own:
            return self._find(own, "refund", facts["number"]) or {"error": "absent"}

    def booked(self, start: Any, end: Any) -> list[Facts]:
        """What was booked in a span of time."""
        done = (_records.c.done_at >= start, _records.c.done_at < end, _records.c.state.in_(("paid", "succeeded")))
        query = select(_records).where(_records.c.account_id == self.account_id, *done).order_by(_records.c.id)
        with self._own() as own:
            return [dict(row) for row in own.execute(query).mappings()]

    def _mine(self, kind: str) -> Any:
        return (_records.c.account_id == self.account_id) & (_records.c.kind == kind)

    def _find(self, own: Connection, kind: str, number: str) -> Facts | None:
        query = select(_records).where(self._mine(kind), _records.c.number == number).with_for_update()
        row = own.execute(query).mappings().first()
        return dict(row) if row else None

    def _refunds(self, own: Connection, trade_number: str, number: str) -> dict[str, Facts]:
        """What was given back of a locked trade, by number; also the refund of that number, whatever it is of."""
        either = or_(_records.c.trade_number == trade_number, _records.c.number == number)
        mine = (_records.c.account_id == self.account_id, _records.c.kind == literal_column("'refund'"))
        rows = own.execute(select(_records).where(*mine, either)).mappings()
        return {row["number"]: dict(row) for row in rows}

    def _add(self, own: Connection, kind: str, facts: Facts, **values: Any) -> Facts:
        shop = select(_accounts.c.shop_id).where(_accounts.c.id == self.account_id).scalar_subquery()
        added = own.execute(
            insert(SimulatedRecord)
            .values(
                shop_id=shop,
                account_id=self.account_id,
                kind=kind,
                number=facts["number"],
                trade_number=facts.get("trade_number", ""),
                channel_no=f"SIM{facts['number']}",
                amount_minor=facts["amount_minor"],
                currency=facts["currency"],
                made_at=clock.now(),
                **values,
            )
            .returning(_records)
        )
        return dict(added.mappings().one())

    def _set(self, own: Connection, found: Facts, **values: Any) -> Facts:
        own.execute(update(SimulatedRecord).where(_records.c.id == found["id"]).values(**values))
        return {**found, **values}
