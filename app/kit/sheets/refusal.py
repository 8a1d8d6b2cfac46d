"""How the reading code says no, without the weight of translations: it runs in a bare process."""

from __future__ import annotations

Fact = str | int | float


class Refused(Exception):
    """The file cannot be read; `code` is one of `errors.MESSAGES`, facts fill its sentence."""

    def __init__(self, code: str, **facts: Fact) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
