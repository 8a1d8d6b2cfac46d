"""The pages of stock: the list, why it is so many, the proof, warehouses."""

import app.stock.jobs  # noqa: F401 - registers its jobs in web and worker
from app.stock.console.proofs import StockProofView
from app.stock.console.stock import StockView
from app.stock.console.warehouses import WarehouseView

VIEWS = [StockView, StockProofView, WarehouseView]

__all__ = ["VIEWS"]
