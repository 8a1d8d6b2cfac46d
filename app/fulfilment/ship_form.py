"""The forms that send an order or a page of them, as they come in: text fields to wanted parcels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.fulfilment import batch_acts, carriers
from app.fulfilment.knowing import LineFacts
from app.fulfilment.wanted import Refused, Sending, Unit
from app.kit.errors import RuleViolation
from app.orders.batches import Row

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


def read_many(form: Mapping[str, str], orders: Sequence[tuple[int, str]]) -> list[Row]:
    """A row of a bulk act for each of these orders (id, number) that `number-<id>` gives a number, with all that is
    left of it; `carrier-<id>` beats `carrier`. Without a number those alone whose carrier needs none.

    Raises RuleViolation("nothing_typed").
    """
    rows = []
    for order_id, number in orders:
        code = form.get(f"carrier-{order_id}") or form.get("carrier", "")
        typed = carriers.tidy(form.get(f"number-{order_id}", ""))
        if typed or not _needs_number(code):
            rows.append(Row(order_id, number, batch_acts.given(Sending(code, typed))))
    if not rows:
        raise RuleViolation("nothing_typed")
    return rows


def _needs_number(code: str) -> bool:
    carrier = carriers.BY_CODE.get(code)
    return carrier is None or carrier.numbered
