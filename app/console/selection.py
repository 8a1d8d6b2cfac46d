"""The rows that a bulk action is about; one foreign id among them and nothing at all is done."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from flask import redirect, request, url_for
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.kit.db import db
from app.kit.errors import Forbidden
from app.shops.models import Shop

log = logging.getLogger("app.security")
LIMIT = 1_000
"""Rows that may be ticked by hand."""
ADDRESS_LENGTH = 3_000
"""Characters of an address that every server and proxy in front of us takes; a page of 200 ticked rows fits."""


def own_ids(model: type[Any], asked: Iterable[str], shop_id: int) -> list[int]:
    """The ids of `asked` as numbers, when every one is a row of this shop.

    Raises Forbidden("other_shop") otherwise, after one line in the security log; whether a foreign
    id exists at all is not told.
    """
    ids = sorted({int(value) for value in asked if value.isdigit() and len(value) < 19})[: LIMIT + 1]
    found = set(db.session.scalars(select(model.id).where(model.shop_id == shop_id, model.id.in_(ids))))
    if strangers := [one for one in ids if one not in found]:
        log.warning(
            "bulk action named rows outside the shop",
            extra={"table": model.__tablename__, "shop_id": shop_id, "row_ids": strangers[:20], "refused": len(ids)},
        )
        raise Forbidden("other_shop")
    return ids


def moved(endpoint: str, shop: Shop) -> Response | None:
    """The way to the address that shows what a bulk form was posted for, so that Back, reload and sharing work.

    The address holds the ids ticked, or the query of the list. None for what has been asked by its address already,
    and for more ids than an address takes: that is answered at once.
    """
    if request.method != "POST":
        return None
    form = request.form
    chosen = form.get("selection", "")
    wanted = {"matching": {"matching": form.get("query", "").lstrip("?")}, "waiting": {"waiting": "1"}}
    values: dict[str, Any] = wanted.get(chosen, {"ids": ".".join(one for one in form.getlist("ids") if one.isdigit())})
    values |= {"query": form["query"]} if chosen not in wanted and form.get("query") else {}
    address = url_for(endpoint, shop=shop.code, **values)
    return redirect(address, 303) if len(address) <= ADDRESS_LENGTH else None


def asked() -> MultiDict[str, str]:
    """What a bulk form is about (`selection`, `ids`, `query`), as it was posted or as `moved` put it in the address."""
    if request.method == "POST":
        return request.form
    args = request.args
    if args.get("waiting"):
        return MultiDict({"selection": "waiting"})
    if "matching" in args:
        return MultiDict({"selection": "matching", "query": args["matching"]})
    ids = [("ids", one) for one in args.get("ids", "").split(".") if one]
    return MultiDict([("selection", "ids"), ("query", args.get("query", "")), *ids])
