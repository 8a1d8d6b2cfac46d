"""The REST API of stock: levels and the ledger, movements by hand, holds of checkouts."""

from app.stock.api import checkouts, moving, reading

__all__ = ["checkouts", "moving", "reading"]
