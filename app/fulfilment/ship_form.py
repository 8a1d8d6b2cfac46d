"""The form that sends an order, as it comes in: text fields to a wanted parcel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.fulfilment import carriers
from app.fulfilment.knowing import LineFacts
from app.fulfilment.wanted import Refused, Sending, Unit
from app.kit.errors import RuleViolation

SERIALS = re.compile(r"[\s,，;；]+")


def read(form: Mapping[str, str], lines: Sequence[LineFacts]) -> Sending:
    """The parcel that the form asks for; `units-<line>` and `serials-<line>` name the lines.

    Raises Refused for a field that cannot be read, RuleViolation("nothing_to_send").
    """
    units = [unit for line in lines if (unit := _unit(form, line)) is not None]
    if lines and not units:
        raise RuleViolation("nothing_to_send")
    return Sending(form.get("carrier", ""), carriers.tidy(form.get("tracking_no", "")), tuple(units))


def _unit(form: Mapping[str, str], line: LineFacts) -> Unit | None:
    typed = form.get(f"units-{line.id}", "").strip()
    if not typed or typed == "0":
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        raise Refused("units_bad", f"units-{line.id}", value=typed[:40])
    return Unit(line.id, int(typed), serials(form.get(f"serials-{line.id}", "")))


def serials(typed: str) -> tuple[str, ...]:
    """Serial or IMEI numbers as people write them: by line, comma or space."""
    return tuple(one[:60] for one in SERIALS.split(typed.strip()) if one)[:1_000]
