"""Long work on orders: the export workbook, and bulk acts."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.console import lists, selection
from app.kit import files, jobs
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.kit.job_runs import Run
from app.kit.jobs import Job
from app.kit.shop_wall import assert_in_scope
from app.orders import batch_acts, batch_work, batches, exports, listing, reactions  # noqa: F401 - these register
from app.orders.models import Order
from app.shops import shops
from app.shops.models import Shop

EXPORT = "order_export"


@jobs.job(EXPORT, _l("Order export"), link=lambda job: f"/orders/exports/{job.id}")
def export(run: Any) -> dict[str, Any]:
    """Write the workbook that a person wants; the result names its file."""
    shop = shops.get(run.shop_id)
    with files.making(".xlsx") as path:
        written = exports.write(shop, _of(shop, run.arguments), path, run.progress)
        run.progress(written, written)
        return {"file": files.keep(path), "rows": written}


@jobs.job(batches.JOB, _l("Bulk act"), link=lambda job: f"/batches/{job.arguments['batch_id']}")
def batch(run: Run) -> dict[str, Any]:
    """Carry a bulk act out; the result holds its counts."""
    return batch_work.carry_out(run)


def want_export(shop: Shop, form: MultiDict[str, str]) -> Job:
    """Say that a workbook is wanted of the orders that a bulk form is about (see `chosen`)."""
    ids = [] if _is_matching(form) else selection.own_ids(Order, form.getlist("ids"), shop.id)
    if not ids and not _is_matching(form):
        raise RuleViolation("nothing_selected")
    return jobs.enqueue(EXPORT, shop.id, ids=",".join(map(str, ids)), query=form.get("query", ""))


def export_job(job_id: int) -> Job:
    """An export of a shop in scope. Raises NotFound."""
    row = db.session.get(Job, job_id)
    if row is None or row.kind != EXPORT:
        raise NotFound("not_found")
    return row


def chosen(shop: Shop, form: MultiDict[str, str]) -> Any:
    """The query for (id, number) of the orders that a bulk form is about; see `lists.selection_from`."""
    ids = lists.selection_from(form, listing.spec(shop), shop.id)
    return select(Order.id, Order.number).where(Order.shop_id == assert_in_scope(shop.id), Order.id.in_(ids))


def _is_matching(form: MultiDict[str, str]) -> bool:
    return form.get("selection") == "matching"


def _of(shop: Shop, arguments: dict[str, Any]) -> Any:
    ids = arguments["ids"]
    return _ticked(shop, [int(one) for one in ids.split(",")]) if ids else _matching(shop, arguments["query"])


def _ticked(shop: Shop, ids: list[int]) -> Any:
    return select(Order.id).where(Order.shop_id == shop.id, Order.id.in_(ids))


def _matching(shop: Shop, query: str) -> Any:
    spec = listing.spec(shop)
    state: MultiDict[str, str] = MultiDict(parse_qsl(query.lstrip("?")))
    return lists.matching(spec, lists.ask(spec, state), shop.id)
