"""`/products/grid`: the spreadsheet; its page, the order of its rows, windows of them, and saving, as JSON."""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from app.catalog import (
    categories,
    change_previews,
    change_sets,
    change_words,
    grid,
    grid_edits,
    grid_facts,
    product_list,
)
from app.catalog.change_fields import REASONS
from app.catalog.change_models import ChangeSet, ChangeSource
from app.catalog.lifecycle import LABELS
from app.catalog.models import Product
from app.console import access, lists
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.console.selection import own_ids
from app.kit import formats, people
from app.kit.assets import GRID_SCRIPTS
from app.kit.db import transaction
from app.kit.errors import RuleViolation
from app.kit.permissions import Noun, Verb

IDS_IN_ADDRESS = 400
"""So many ticked products fit into an address that every server takes."""
FIRST_ROWS = 60
"""Rows that come together with the order: about two screens."""
OWN_FILTERS = {"q", "f_category", "f_status"}
"""Filters that the grid has controls for; others of the product list are one chip."""


class GridView(ConsoleBase):
    """The grid; only `save` writes, and what it writes is a draft."""

    noun = Noun.PRODUCTS
    route_base = "/products/grid"

    @expose("/")
    @needs(Noun.PRODUCTS, Verb.BULK)
    def index(self) -> str:
        """The grid over what the address says; the rows come afterwards, by window."""
        return self._page({"query": request.query_string.decode("ascii", "ignore"), **_ids(request.args)})

    @expose("/", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def chosen(self) -> Any:
        """From the product list: its ticked products, or all that match."""
        if request.form.get("selection") == "matching":
            return redirect(f"{url_for('GridView.index')}?{_list_state(request.form.get('query', ''))}")
        ids = own_ids(Product, request.form.getlist("ids"), access.current_shop().id)
        if not ids:
            raise RuleViolation("no_products_selected")
        if len(ids) > IDS_IN_ADDRESS:
            return self._page({"query": "", "ids": ids})
        return redirect(url_for("GridView.index", ids=",".join(map(str, ids))))

    def _page(self, selection: dict[str, Any]) -> str:
        shop = access.current_shop()
        spec = product_list.spec(shop)
        asked = lists.ask(spec, MultiDict(parse_qsl(selection["query"])))
        state = _list_state(selection["query"])
        facts = grid_facts.facts(shop) | {
            "user": g.user.id,
            "selection": {**selection, "query": state},
            "sort": request.args.get("order", ""),
            "urls": _addresses(),
        }
        return self.page(
            "catalog/grid.html",
            shop=shop,
            facts=facts,
            words=facts["words"],
            text=asked.text,
            hint=spec.search_hint,
            category=(asked.filters.get("category") or [""])[0],
            status=(asked.filters.get("status") or [""])[0],
            tree=categories.tree(shop.id),
            statuses=LABELS.items(),
            scripts=GRID_SCRIPTS,
            narrowed=_is_narrowed(state) or "ids" in selection,
        )

    @expose("/order", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def order(self) -> Response:
        """The first rows (X-First-Bytes of JSON) and then the ids of all, in order, packed; X-Id-Bytes to a step."""
        sent = _sent()
        selection: dict[str, Any] = {"query": str(sent.get("query", ""))[:4000]}
        if "ids" in sent:
            selection["ids"] = _numbers(sent["ids"])
        shop = access.current_shop()
        found = grid.order(selection, str(sent.get("sort", ""))[:120], shop)
        first = grid.window(found[:FIRST_ROWS], shop.id).encode()
        ids, width = grid.packed(found)
        response = _compressed(first + ids, "application/octet-stream")
        response.headers["X-First-Bytes"], response.headers["X-Id-Bytes"] = str(len(first)), str(width)
        return response

    @expose("/rows", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def rows(self) -> Response:
        """The rows of the ids sent, at most grid.WINDOW_MOST; unknown ids are left out."""
        ids = _numbers(_sent().get("ids"))[: grid.WINDOW_MOST]
        return _compressed(grid.window(ids, access.current_shop().id).encode(), "application/json")

    @expose("/save", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def save(self) -> dict[str, Any]:
        """Judge the edits and keep them as a draft; products are not touched."""
        shop = access.current_shop()
        edits = grid_edits.read(request.get_data())
        cells = sum(len(one.row_ids) for one in edits)
        with transaction():
            draft = change_sets.propose(
                shop.id, ChangeSource.GRID, {"cells": cells}, {}, fill=grid_edits.filling(edits)
            )
            return _told(draft)

    @expose("/outcome/<int:pk>")
    @needs(Noun.PRODUCTS, Verb.BULK)
    def outcome(self, pk: int) -> dict[str, Any]:
        """The cells of a save that were not, or would not be, written, and why."""
        row = change_sets.get(pk)
        shop = access.shop_of(row)
        left = grid_edits.left(row)
        names = people.names({line.who for line in left if line.who})
        return {
            "state": row.state.value,
            "lines": [
                [
                    line.target_table,
                    line.row_id,
                    line.field,
                    line.outcome,
                    str(REASONS.get(line.reason or "", line.reason)),
                    line.now,
                    names.get(line.who or "", ""),
                    formats.moment(line.at, shop.time_zone) if line.at else "",
                ]
                for line in left
            ],
        }


def _told(draft: ChangeSet) -> dict[str, Any]:
    """A draft as the page's dialog shows it."""
    counts = draft.counts
    figures = [
        (gettext("Will change"), counts["changed"]),
        (gettext("Nothing to change"), counts["unchanged"]),
        (gettext("Refused"), counts["refused"]),
        (gettext("Changed by others meanwhile"), counts["stale"]),
    ]
    return {
        "counts": counts,
        "figures": [[label, count] for position, (label, count) in enumerate(figures) if count or not position],
        "guards": change_words.guards(draft),
        "reasons": [[str(REASONS.get(code, code)), lines] for code, lines in change_previews.preview(draft).reasons],
        "page": url_for("ChangeView.show", pk=draft.id),
        "confirm": url_for("ChangeView.confirm", pk=draft.id),
        "discard": url_for("ChangeView.discard", pk=draft.id),
        "outcome": url_for("GridView.outcome", pk=draft.id),
    }


def _addresses() -> dict[str, str]:
    return {
        "page": url_for("GridView.index"),
        "order": url_for("GridView.order"),
        "rows": url_for("GridView.rows"),
        "save": url_for("GridView.save"),
        "product": url_for("ProductView.show", pk=0).removesuffix("0"),
        "sign_in": url_for("AuthDBView.login"),
    }


def _sent() -> dict[str, Any]:
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise RuleViolation("grid_unreadable")
    return sent


def _numbers(sent: Any) -> list[int]:
    if not isinstance(sent, list) or not all(type(one) is int and 0 < one < 2**63 for one in sent):
        raise RuleViolation("grid_unreadable")
    return sent


def _ids(args: Any) -> dict[str, list[int]]:
    """`?ids=1,2,3` as products; other shops' ids simply match nothing."""
    sent = args.get("ids", "")
    return {"ids": [int(one) for one in sent.split(",") if one.isdecimal() and len(one) < 19]} if sent else {}


def _list_state(query: str) -> str:
    """The part of a query string that the product list understands as a filter."""
    pairs = parse_qsl(query.lstrip("?")[:4000])
    return urlencode([(key, value) for key, value in pairs if key in ("tab", "q") or key.startswith("f_")])


def _is_narrowed(state: str) -> bool:
    """Whether the list's state holds filters that the grid has no control for."""
    pairs = parse_qsl(state)
    return any(key not in OWN_FILTERS for key, _ in pairs) or len({key for key, _ in pairs}) < len(pairs)


def _compressed(body: bytes, mimetype: str) -> Response:
    """An answer that is gzipped for those who take it: a window of rows shrinks to a fifth."""
    response = Response(body, mimetype=mimetype)
    if "gzip" in request.headers.get("Accept-Encoding", "") and len(body) > 1000:
        response.set_data(gzip.compress(body, 1))
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    return response
