"""Products, SKUs, categories, and changing many at once."""
