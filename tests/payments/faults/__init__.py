"""The fault list: what each channel does to us, and what becomes of it; docs/payments.md holds the outcomes."""
