"""Whether a parcel can go: our rules and the ten for which Kuaishou blocks a shipment, in one order; no SQL here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from app.fulfilment import carriers
from app.fulfilment.carriers import Carrier
from app.fulfilment.knowing import Known, LineFacts, OrderFacts, ParcelFacts, key_of
from app.fulfilment.models import BlockReason, ParcelState
from app.fulfilment.wanted import Label, Refused, Sending, Wanted
from app.kit import clock
from app.kit.errors import Conflict
from app.orders import lifecycle
from app.orders.lifecycle import Axis
from app.orders.models import AfterSaleState, FulfilmentState, OrderKind, OrderState

REUSE = timedelta(days=30)
"""So long after it was sent a parcel takes in further orders to its address; later its number is spent."""
_BLOCKS = {
    BlockReason.GROUP_BUY: "group_not_formed",
    BlockReason.RISK: "risk_hold",
    BlockReason.SHOP: "shipping_held",
}
_SENT = (FulfilmentState.FULFILLED, FulfilmentState.DELIVERED)


@dataclass(frozen=True)
class Part:
    """Units of one line that go into the parcel."""

    line: LineFacts
    quantity: int
    serials: tuple[str, ...] = ()


@dataclass
class Plan:
    """A parcel that can go: into one that is there already, or a new one; without parts it is there already."""

    facts: OrderFacts
    carrier: Carrier
    parcel: ParcelFacts | None = None
    parts: list[Part] = field(default_factory=list)
    unchanged: bool = False


def judge(known: Known, wanted: Wanted) -> Plan:
    """What is to be done for one wanted parcel. Raises Refused, Conflict("idempotency_key_reused")."""
    sending = wanted.sending
    facts = known.orders.get(wanted.order_id)
    if facts is None:
        raise Refused("order_unknown", "number", value=wanted.order_id)
    if wanted.key and (before := known.keys.get(wanted.key)):
        if wanted.order_id not in before.order_ids or before.row.tracking_no != sending.tracking_no:
            raise Conflict("idempotency_key_reused")
        return Plan(facts, carriers.BY_CODE[before.row.carrier_code], before, unchanged=True)
    carrier = checked_carrier(sending)
    parcel = known.numbers.get(sending.tracking_no) if sending.tracking_no else None
    if parcel is not None and _is_there(parcel, facts, sending):
        _same_carrier(parcel, carrier)
        return Plan(facts, carrier, parcel, unchanged=True)
    check_order(known, facts)
    _check_label(facts, carrier, sending)
    check_number(known, facts, carrier, sending)
    _check_pick_up(facts, sending)
    return Plan(facts, carrier, parcel, _parts(known, facts, sending))


def checked_carrier(sending: Sending) -> Carrier:
    """The carrier of a parcel whose number can be one of its. Raises Refused."""
    carrier = carriers.BY_CODE.get(sending.carrier_code)
    if carrier is None:
        raise Refused("carrier_unknown", "carrier", value=sending.carrier_code)
    if not sending.tracking_no:
        if carrier.numbered:
            raise Refused("tracking_missing", "tracking_no", carrier=carrier.name)
    elif not carriers.fits(carrier, sending.tracking_no):
        raise Refused("tracking_shape", "tracking_no", number=sending.tracking_no, carrier=carrier.name)
    return carrier


def _is_there(parcel: ParcelFacts, facts: OrderFacts, sending: Sending) -> bool:
    """Whether the parcel has left with just what is wanted. Raises Refused("quantity_differs")."""
    if parcel.row.state is ParcelState.CREATED or facts.order.id not in parcel.order_ids:
        return False
    if not sending.lines:
        return facts.order.id in parcel.contained or facts.left == 0
    for unit in sending.lines:
        present = parcel.contents.get(unit.order_line_id, 0)
        if present and unit.quantity and present != unit.quantity:
            code = next((one.code for one in facts.lines if one.id == unit.order_line_id), "")
            told = {"number": sending.tracking_no, "sku": code, "present": present, "wanted": unit.quantity}
            raise Refused("quantity_differs", "quantity", **told)
    return all(parcel.contents.get(unit.order_line_id) for unit in sending.lines)


def check_order(known: Known, facts: OrderFacts) -> None:
    """Whether anything of the order may leave now. Raises Refused."""
    order = facts.order
    told = {"order": order.number}
    if order.kind is not OrderKind.SALE:
        raise Refused("not_a_sale", "number", number=order.number)
    if order.order_state is OrderState.CLOSED:
        raise Refused("order_closed", "number", **told)
    if order.fulfilment_state in _SENT or (facts.lines and not facts.left):
        numbers = [one.row.tracking_no for one in facts.parcels if one.row.tracking_no and one.row.sent_at]
        raise Refused("shipped_with_other_number", "tracking_no", **told, number=", ".join(numbers) or "–")
    reason = lifecycle.refusal(lifecycle.standing_of(order), Axis.FULFILMENT, FulfilmentState.FULFILLED)
    if reason:
        code = {"not_paid": "order_not_paid", "money_has_moved": "order_refunded"}.get(reason, "order_completed")
        raise Refused(code, "number", **told)
    if facts.block is not None:
        raise Refused(_BLOCKS[facts.block], "number", **told)
    if facts.held_code:
        raise Refused(facts.held_code, "number", number=order.number)
    if known.after_sale_pauses and order.after_sale_state is AfterSaleState.OPEN:
        raise Refused("after_sale_holds", "number", **told)


def _check_label(facts: OrderFacts, carrier: Carrier, sending: Sending) -> None:
    """An e-waybill binds carrier, number and address, whether we took it or the file tells of it."""
    labels = [one.row for one in facts.parcels if one.row.state is ParcelState.CREATED]
    mine = next((one for one in labels if one.tracking_no == sending.tracking_no), None)
    for one in [mine] if mine else labels:
        found = Label(one.carrier_code, one.tracking_no)
        _compare(found, carrier, sending.tracking_no)
        if one.address_key != facts.address_key:
            raise Refused("waybill_address_differs", "number")
    _compare(sending.label, carrier, sending.tracking_no)
    if sending.label.address and key_of(sending.label.address) != facts.address_key:
        raise Refused("waybill_address_differs", "number")


def check_number(known: Known, facts: OrderFacts, carrier: Carrier, sending: Sending) -> None:
    """The rules about a number that is in use already, here or in another shop. Raises Refused."""
    parcel = known.numbers.get(sending.tracking_no)
    if parcel is not None:
        _check_reuse(parcel, facts, carrier)
    elif sending.tracking_no in known.elsewhere:
        raise Refused("tracking_other_shop", "tracking_no", number=sending.tracking_no)


def _compare(label: Label, carrier: Carrier, number: str) -> None:
    if label.carrier_code and label.carrier_code != carrier.code:
        known = carriers.BY_CODE.get(label.carrier_code)
        raise Refused("waybill_carrier_differs", "carrier", carrier=known.name if known else label.carrier_code)
    if label.tracking_no and label.tracking_no != number:
        raise Refused("waybill_number_differs", "tracking_no", number=label.tracking_no)


def _same_carrier(parcel: ParcelFacts, carrier: Carrier) -> None:
    if parcel.row.carrier_code != carrier.code:
        present = carriers.BY_CODE[parcel.row.carrier_code].name
        raise Refused("tracking_other_carrier", "carrier", number=parcel.row.tracking_no, carrier=present)


def _check_reuse(parcel: ParcelFacts, facts: OrderFacts, carrier: Carrier) -> None:
    """A number that is in use takes in another order only on the way to the same address, and not for long."""
    row = parcel.row
    _same_carrier(parcel, carrier)
    if row.address_key != facts.address_key:
        code = "tracking_signed_before" if row.state is ParcelState.SIGNED else "tracking_two_addresses"
        raise Refused(code, "tracking_no", number=row.tracking_no)
    if row.sent_at is None:
        return
    if clock.now() - row.sent_at > REUSE or row.state is ParcelState.RETURNED:
        raise Refused("tracking_over_30_days", "tracking_no", number=row.tracking_no)
    paid_at = facts.order.paid_at
    if paid_at is not None and row.sent_at < paid_at:
        raise Refused("picked_up_before_payment", "tracking_no", number=row.tracking_no)


def _check_pick_up(facts: OrderFacts, sending: Sending) -> None:
    paid_at = facts.order.paid_at
    if sending.picked_up_at is not None and paid_at is not None and sending.picked_up_at < paid_at:
        raise Refused("picked_up_before_payment", "tracking_no", number=sending.tracking_no)


def _parts(known: Known, facts: OrderFacts, sending: Sending) -> list[Part]:
    """The units that go; without any named, all that are left."""
    lines = {line.id: line for line in facts.lines}
    if not sending.lines:
        return [_with_serials(known, Part(line, line.left)) for line in facts.lines if line.left]
    parts = []
    asked: dict[int, int] = {}
    for unit in sending.lines:
        line = lines.get(unit.order_line_id)
        if line is None:
            raise Refused("line_unknown", "code", order=facts.order.number, sku=unit.order_line_id)
        quantity = unit.quantity or line.left
        asked[line.id] = asked.get(line.id, 0) + quantity
        if quantity < 1 or asked[line.id] > line.left:
            raise Refused("over_quantity", "quantity", sku=line.code, left=line.left, wanted=max(asked[line.id], 1))
        parts.append(_with_serials(known, Part(line, quantity, unit.serials)))
    return parts


def _with_serials(known: Known, part: Part) -> Part:
    given = part.serials
    if (part.line.needs_serials or given) and len(given) != part.quantity:
        told = {"sku": part.line.code, "wanted": part.quantity, "present": len(given)}
        raise Refused("serials_missing", "serials", **told)
    twice = next((one for n, one in enumerate(given) if one in known.serials or one in given[:n]), None)
    if twice is not None:
        raise Refused("serial_twice", "serials", serial=twice)
    return part
