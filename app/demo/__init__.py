"""The demo shops."""
