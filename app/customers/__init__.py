"""Buyers as the shop knows them."""
