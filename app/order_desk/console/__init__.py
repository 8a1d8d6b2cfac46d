"""The pages of the desk; the rules are in `app/orders`."""

from app.order_desk.console.acts import OrderActView
from app.order_desk.console.board import OrderBoardView
from app.order_desk.console.drafts import OrderDraftView, OrderLinesView

VIEWS = (OrderDraftView, OrderLinesView, OrderBoardView, OrderActView)
__all__ = ["VIEWS"]
