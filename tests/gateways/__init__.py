"""Emulators of payment gateways: they refuse what the real ones refuse, keep their own books, and can be made to fail.

They share no code with the product: signing, amounts and times are written a second time here, so that a mistake
would have to be made twice.
"""
