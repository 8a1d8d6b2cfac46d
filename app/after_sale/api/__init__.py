"""The REST API of after-sale: reading cases, opening them, and what the shop does with them."""

from app.after_sale.api import acts, opening, reading

__all__ = ["acts", "opening", "reading"]
