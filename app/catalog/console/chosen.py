"""The products that a form is about, as the list or the step before sent them; shared by the bulk forms."""

from __future__ import annotations

import json
from typing import Any

from flask import request

from app.catalog.models import Product
from app.console.selection import asked, own_ids
from app.kit.errors import RuleViolation
from app.shops.models import Shop


def selection(shop: Shop) -> dict[str, Any]:
    """`{"ids": […]}` or `{"query": "…"}`; empty when nothing was sent. Raises Forbidden on a foreign id."""
    form = asked()
    sent: dict[str, Any] = {"ids": form.getlist("ids")}
    if form.get("chosen"):
        sent = sent_json("chosen")
    elif form.get("selection") == "matching":
        sent = {"query": form.get("query", "").lstrip("?")}
    if "query" in sent:
        return {"query": str(sent["query"])[:4000]}
    ids = own_ids(Product, [str(one) for one in sent.get("ids", [])], shop.id)
    return {"ids": ids} if ids else {}


def sent_json(name: str) -> dict[str, Any]:
    """A JSON object that a step before has put into the form. Raises RuleViolation("bad_rule")."""
    try:
        found = json.loads(request.form.get(name, ""))
    except ValueError as error:
        raise RuleViolation("bad_rule") from error
    if not isinstance(found, dict):
        raise RuleViolation("bad_rule")
    return found
