"""Payments: money in and money back through channels, and the proof that it adds up."""
