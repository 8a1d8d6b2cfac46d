"""The REST API of orders: reading, making and changing them, and what is done to them."""

from app.orders.api import acts, many, reading, words, writing

__all__ = ["acts", "many", "reading", "words", "writing"]
