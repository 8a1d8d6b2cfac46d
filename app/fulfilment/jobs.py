"""Long work on parcels: pick lists and packing slips as PDF."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from werkzeug.datastructures import MultiDict

from app.console import lists, selection
from app.fulfilment import paper, picking
from app.kit import files, jobs
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.kit.jobs import Job
from app.orders import listing
from app.orders.models import Order
from app.shops import shops
from app.shops.models import Shop

PAPER = "parcel_paper"
KINDS = {"slips": paper.slips, "picks": paper.picks}


@jobs.job(PAPER, _l("Packing slips and pick lists"), link=lambda job: f"/picking/papers/{job.id}")
def make(run: Any) -> dict[str, Any]:
    """Write the PDF that a person wants; the result names its file."""
    shop = shops.get(run.shop_id)
    work = picking.work(shop.id, _which(shop, run.arguments))
    with files.making(".pdf") as path:
        count = KINDS[run.arguments["kind"]](work, shop, path, run.progress)
        run.progress(count, count)
        return {"file": files.keep(path), "count": count, "kind": run.arguments["kind"]}


def want(shop: Shop, kind: str, form: MultiDict[str, str]) -> Job:
    """Say that a PDF is wanted of the orders that a form names, or of all that wait (`selection=waiting`)."""
    if form.get("selection") == "waiting":
        return jobs.enqueue(PAPER, shop.id, kind=kind, ids="", query="", all="1")
    matching = form.get("selection") == "matching"
    ids = [] if matching else selection.own_ids(Order, form.getlist("ids"), shop.id)
    if not ids and not matching:
        raise RuleViolation("nothing_selected")
    return jobs.enqueue(PAPER, shop.id, kind=kind, ids=",".join(map(str, ids)), query=form.get("query", ""), all="")


def paper_job(job_id: int) -> Job:
    """One of them, of a shop in scope. Raises NotFound."""
    row = db.session.get(Job, job_id)
    if row is None or row.kind != PAPER:
        raise NotFound("not_found")
    return row


def chosen(shop: Shop, form: MultiDict[str, str]) -> Select[int] | None:
    """The orders that a bulk form is about; None for all that wait (`selection=waiting`).

    Raises RuleViolation("nothing_selected"), Forbidden("other_shop").
    """
    everything = form.get("selection") == "waiting"
    return None if everything else lists.selection_from(form, listing.spec(shop), shop.id)


def _which(shop: Shop, arguments: dict[str, Any]) -> Select[int] | None:
    if arguments["all"]:
        return None
    if arguments["ids"]:
        ids = [int(one) for one in arguments["ids"].split(",")]
        return select(Order.id).where(Order.shop_id == shop.id, Order.id.in_(ids))
    spec = listing.spec(shop)
    state: MultiDict[str, str] = MultiDict(parse_qsl(arguments["query"].lstrip("?")))
    return lists.matching(spec, lists.ask(spec, state), shop.id)
