"""Contact data as the console shows it: enough to recognise, too little to use."""

from __future__ import annotations


def phone(number: str) -> str:
    """138****0000; shorter numbers show their last two digits only, and nothing stays a dash."""
    if not number:
        return "–"
    if len(number) >= 8:
        return f"{number[:3]}****{number[-4:]}"
    return "*" * max(len(number) - 2, 1) + number[-2:]


def name(full: str) -> str:
    """王**; nothing stays nothing."""
    return f"{full[:1]}**" if full else ""


def address(full: str) -> str:
    """The first six characters, which name the province or the city; nothing stays nothing."""
    return f"{full[:6]}****" if full else ""


def email(address: str) -> str:
    """a***@example.com; nothing stays a dash."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}***{at}{domain}" if address else "–"
