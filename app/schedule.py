"""The timetable: what the ticker does, how often, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.after_sale import deadlines
from app.catalog import change_approvals, change_plans
from app.fulfilment import confirming
from app.kit import idempotency, jobs
from app.orders import unpaid
from app.payments import accounts, asking, callbacks, forgetting, reconciling, refund_sending
from app.stock import holds, proof
from app.webhooks import outbox


@dataclass(frozen=True)
class Entry:
    """`run` is called inside a transaction, in one process at a time, every `seconds`."""

    name: str
    seconds: int
    run: Callable[[], object]
    why: str


TIMETABLE = (
    Entry("sweep_jobs", 2, jobs.sweep, "takes up again what a dead worker or an empty Redis has lost"),
    Entry("start_planned_changes", 2, change_plans.start_due, "starts the changes that were planned for a time"),
    Entry("act_on_late_cases", 10, deadlines.act_on_overdue, "does to overdue after-sale cases what the shop has set"),
    Entry("expire_holds", 5, holds.expire_due, "gives back reserved stock that nobody has confirmed in time"),
    Entry("confirm_received", 10, confirming.confirm_due, "counts orders as received some days after they were sent"),
    Entry("close_unpaid", 5, unpaid.close_due, "closes orders that nobody has paid for in their shop's time"),
    Entry("prune_drafts", 600, change_approvals.prune_drafts, "deletes previews that nobody has confirmed for a day"),
    Entry(
        "send_refunds", 5, refund_sending.want_due, "sends refunds that wait, and asks about those that are not clear"
    ),
    Entry(
        "reseal_credentials",
        600,
        accounts.reseal_all,
        "seals credentials under the present key, so that old keys can go",
    ),
    Entry("ask_payments", 5, asking.want_due, "asks where payments stand, and closes those whose time is over"),
    Entry("work_callbacks", 5, callbacks.want_due, "takes up callbacks that were stored and not finished"),
    Entry("forget_exchanges", 60, forgetting.forget, "forgets raw exchanges with channels after their shop's days"),
    Entry("send_webhooks", 1, outbox.want, "wakes the worker that tells other programs what happens"),
    Entry("prune_webhooks", 600, outbox.prune, "forgets deliveries of webhooks after 30 days"),
    Entry(
        "reconcile_payments",
        600,
        reconciling.want_due,
        "holds each channel's bill of the day before against the ledger",
    ),
    Entry("prove_stock", 300, proof.want_due, "recounts each shop's stock in its night"),
    Entry("prune_answers", 600, idempotency.prune, "a repeated API request is known for 24 hours, then forgotten"),
)
