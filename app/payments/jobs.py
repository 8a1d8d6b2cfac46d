"""Long work on money: send refunds, ask about payments, take up callbacks, hold bills against the ledger."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from app.kit import jobs, queues
from app.payments import asking, callbacks, reconciling, refund_sending, refunds, starting


@jobs.job(refunds.SEND, _l("Send refunds"), queue=queues.SHORT)
def send_refunds(run: Any) -> dict[str, Any]:
    """Send every refund of the shop that is due, and ask about those that are not clear."""
    return {"calls": refund_sending.send_due(run.shop_id, run.transaction)}


@jobs.job(starting.ASK, _l("Ask about payments"), queue=queues.SHORT)
def ask_payments(run: Any) -> dict[str, Any]:
    """Ask the channels about every payment of the shop that is due; close those whose time is over."""
    return {"calls": asking.ask_due(run.shop_id, run.transaction)}


@jobs.job(callbacks.WORK, _l("Work through callbacks"), queue=queues.SHORT)
def work_callbacks(run: Any) -> dict[str, Any]:
    """Take up again the callbacks of the shop that were stored and not finished."""
    return {"tried": callbacks.sweep(run.shop_id)}


@jobs.job(reconciling.RECONCILE, _l("Reconcile payments"))
def reconcile_payments(run: Any) -> dict[str, Any]:
    """Hold one day's bill of one account against the ledger."""
    day = date.fromisoformat(run.arguments["day"])
    return {"reconciliation": reconciling.reconcile(int(run.arguments["account_id"]), day, run.transaction)}
