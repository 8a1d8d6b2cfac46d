"""The pages of orders: the list and one order, drafts and lines, the deadline board, what is done to an order."""

from app.orders.console.acts import OrderActView
from app.orders.console.batch_forms import OrderBatchView
from app.orders.console.batches import BatchView
from app.orders.console.board import OrderBoardView
from app.orders.console.drafts import OrderDraftView, OrderLinesView
from app.orders.console.live import OrderLiveView
from app.orders.console.orders import OrderView
from app.orders.console.settings import OrderSettingView
from app.orders.console.together import OrderTogetherView

VIEWS = (
    OrderView,
    OrderDraftView,
    OrderLinesView,
    OrderBoardView,
    OrderActView,
    OrderBatchView,
    BatchView,
    OrderSettingView,
    OrderTogetherView,
    OrderLiveView,
)

__all__ = ["VIEWS"]
