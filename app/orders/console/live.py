"""What pages of orders ask every few seconds: has anything changed? Mostly the answer is 304 without a body."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request, url_for

from app.console import access, list_markup, lists
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.permissions import Noun, Verb
from app.orders import listing, live
from app.orders.console.orders import OrderView


class OrderLiveView(ConsoleBase):
    """`/orders/live` and `/orders/ID/live`; see app/static/live.js."""

    noun = Noun.ORDERS
    route_base = "/orders"
    reading_routes = frozenset({"rows", "order"})

    @expose("/live")
    @needs(Noun.ORDERS, Verb.READ)
    def rows(self) -> Any:
        """The rows of `ids` as the list draws them with `cols`; 304 while none of them has been written."""
        shop = access.current_shop()
        ids = [int(one) for one in request.args.get("ids", "").split(",") if one.isdecimal() and len(one) < 19]
        ids = ids[: live.MOST]
        response = _marked(live.mark_of_rows(shop.id, ids))
        if response.status_code == 304:
            return response
        spec = listing.spec(shop)
        columns = lists.shown(spec, lists.ask(spec, request.args))
        prefix = url_for("OrderView.show", pk=0).removesuffix("0")
        ticks = any(access.can(one.noun, one.verb) for one in OrderView.bulk)
        found = {row.id: list_markup.table_rows([row], columns, prefix, ticks) for row in live.rows(shop.id, ids)}
        response.set_data(jsonify(rows=found).get_data())
        return response

    @expose("/<int:pk>/live")
    @needs(Noun.ORDERS, Verb.READ)
    def order(self, pk: int) -> Any:
        """How many facts an order has; 304 while nothing has happened to it."""
        mark, facts = live.mark_of_order(pk)
        response = _marked(mark)
        if response.status_code != 304:
            response.set_data(jsonify(facts=facts).get_data())
        return response


def _marked(mark: str) -> Response:
    response = Response(mimetype="application/json")
    response.set_etag(mark)
    return response.make_conditional(request)  # type: ignore[return-value]  # it is the same object
