"""The desk where staff work on orders: writing them, changing them, paying, cancelling, the deadline board."""
