"""Figures, charts and reports."""
