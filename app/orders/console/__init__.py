"""Orders in the console."""

from app.orders.console.acts import OrderActView
from app.orders.console.board import OrderBoardView
from app.orders.console.drafts import OrderDraftView, OrderLinesView
from app.orders.console.orders import OrderView

VIEWS = (OrderView, OrderDraftView, OrderLinesView, OrderBoardView, OrderActView)
__all__ = ["VIEWS", "OrderView"]
