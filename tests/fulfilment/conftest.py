"""A shop with orders that hold stock, ready to be sent."""

from collections.abc import Callable
from typing import Any

import pytest

from app.kit import clock, context
from app.kit.db import db, transaction
from app.orders import reserving
from app.orders.models import Order, OrderLine
from tests import factories as make

ADDRESS = "示例省示例市样板区幸福路1号"


@pytest.fixture
def shop():
    """The shop whose walls stand around the test."""
    row = make.shop("alpha")
    with context.shops([row.id]):
        yield row


@pytest.fixture
def ready(shop) -> Callable[..., Order]:
    """`ready(("CUP", 2), address=…)`: a paid order that holds its stock; SKUs are made as they are named."""
    skus: dict[str, Any] = {}

    def paid(*goods: tuple[str, int], hold: bool = True, **values: Any) -> Order:
        goods = goods or (("CUP", 1),)
        values = {"address": ADDRESS, "receiver": "Zhang", "paid_at": clock.now(), "promise_hours": 48, **values}
        order = make.order(shop, *((code, units, 1000) for code, units in goods), **values)
        with transaction():
            for line in db.session.query(OrderLine).filter_by(order_id=order.id):
                if line.code not in skus:
                    skus[line.code] = make.sku(shop, code=line.code, stock_on_hand=1_000)
                line.sku_id = skus[line.code].id
            db.session.flush()
            if hold:
                reserving.place(order)
                reserving.confirm(order)
        return order

    paid.skus = skus  # type: ignore[attr-defined]
    return paid


class InShop:
    """A client after whose requests the test stands within the shop's walls again."""

    def __init__(self, client: Any, shop: Any) -> None:
        self._client, self._shop_id = client, shop.id
        self._back(None)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """A GET."""
        return self._back(self._client.get(*args, **kwargs))

    def post(self, *args: Any, **kwargs: Any) -> Any:
        """A POST."""
        return self._back(self._client.post(*args, **kwargs))

    def _back(self, answer: Any) -> Any:
        db.session.expire_all()
        context.enter_request(context.NOBODY, [self._shop_id], "test-request")
        return answer


def lines_of(order: Order) -> list[OrderLine]:
    """The lines of an order, as they stand."""
    return db.session.query(OrderLine).filter_by(order_id=order.id).order_by(OrderLine.position).all()
