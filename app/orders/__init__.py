"""Orders, their lines and their course."""
