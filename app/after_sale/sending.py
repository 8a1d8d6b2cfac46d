"""Parcels of a case: what the buyer sends back; what the shop sends in exchange, once more, or repaired."""

from __future__ import annotations

from collections.abc import Mapping

from app.after_sale import access, exchanging, moving
from app.after_sale.access import By
from app.after_sale.lifecycle import Act
from app.after_sale.models import AfterSaleCase, CaseKind
from app.fulfilment import carriers, parcels, resending
from app.fulfilment.models import Parcel, ParcelKind, ParcelState
from app.fulfilment.resending import Goods
from app.fulfilment.wanted import Sending
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.orders.models import Order


def send_back(case_id: int, by: By, carrier_code: str, tracking_no: str, version: int | None = None) -> AfterSaleCase:
    """The buyer has handed the goods to a carrier; the parcel is on its way to us.

    Raises RuleViolation("parcel_missing", "case_move"), Refused for an unknown carrier, Conflict("case_stale").
    """
    case, order = access.locked(case_id, version)
    moving.go(case, order, Act.SEND_BACK, by)
    sending = _sending(carrier_code, tracking_no)
    parcel = resending.expect_return(order.id, sending, exchanging.goods(case, {}), subject(case))
    case.carrier_code, case.tracking_no = parcel.carrier_code, parcel.tracking_no
    db.session.flush()
    return case


def send(
    case_id: int,
    by: By,
    carrier_code: str,
    tracking_no: str,
    version: int | None = None,
    instead: Mapping[int, int] | None = None,
) -> AfterSaleCase:
    """The parcel has left the house; its goods leave the stock, but what was repaired is the buyer's.

    `instead` names for a SKU the variant of its product that leaves in its place, by id.

    Raises RuleViolation("parcel_missing", "insufficient_stock", "case_move", "not_a_variant"), Refused,
    Conflict("case_stale").
    """
    case, order = access.locked(case_id, version)
    moving.go(case, order, Act.SEND, by)
    sending = _sending(carrier_code, tracking_no)
    case.sent_carrier, case.sent_tracking = sending.carrier_code, sending.tracking_no
    goods = exchanging.goods(case, instead or {})
    if case.kind is not CaseKind.REPAIR and goods:
        parcel = _leave(case, order, sending, goods)
        case.sent_parcel_id, case.sent_tracking = parcel.id, parcel.tracking_no
    db.session.flush()
    return case


def arrived(case: AfterSaleCase) -> None:
    """The buyer's parcel is here; what of it goes back on the shelf, `returns` says."""
    for parcel in resending.of_subject(case.shop_id, subject(case)):
        if parcel.kind is ParcelKind.RETURN:
            resending.received(parcel.id)


def taken(case: AfterSaleCase) -> None:
    """The buyer has what was sent to them: its parcel is signed for, if nobody has said so yet."""
    for parcel in resending.of_subject(case.shop_id, subject(case)):
        if parcel.kind is not ParcelKind.RETURN and parcel.state is ParcelState.SENT:
            parcels.signed(parcel.id, cause="after_sale")


def subject(case: AfterSaleCase) -> str:
    """What parcels and stock know a case by."""
    return f"after_sale:{case.id}"


def _leave(case: AfterSaleCase, order: Order, sending: Sending, goods: list[Goods]) -> Parcel:
    kind = ParcelKind.RESEND if case.kind is CaseKind.RESEND else ParcelKind.EXCHANGE
    return resending.send_again(order.id, kind, sending, goods, subject(case), key=f"{subject(case)}:send")


def _sending(carrier_code: str, tracking_no: str) -> Sending:
    number = carriers.tidy(tracking_no)
    if not carrier_code or not number:
        raise RuleViolation("parcel_missing")
    return Sending(carrier_code, number)
