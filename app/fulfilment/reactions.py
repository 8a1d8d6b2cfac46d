"""What follows when an order moves: one that is delivered leaves no parcel under way, one that left has its day."""

from __future__ import annotations

from sqlalchemy import select

from app.fulfilment import confirming, parcels, sending
from app.fulfilment.models import Parcel, ParcelKind, ParcelOrder, ParcelState, Source
from app.kit import journal
from app.kit.db import db
from app.order_events import OrderMoved
from app.orders.models import FulfilmentState


@journal.on(OrderMoved)
def sign_what_is_delivered(event: OrderMoved) -> None:
    """The parcels of a delivered order are signed for, whoever said that it was delivered."""
    if event.to_state != FulfilmentState.DELIVERED.value or event.axis != "fulfilment_state":
        return
    mine = select(ParcelOrder.parcel_id).where(ParcelOrder.order_id == event.order_id)
    under_way = select(Parcel.id).where(
        Parcel.id.in_(mine), Parcel.kind == ParcelKind.SALE, Parcel.state == ParcelState.SENT
    )
    source = Source.SYSTEM if event.cause == confirming.CAUSE else Source.STAFF
    for parcel_id in db.session.scalars(under_way.order_by(Parcel.id)).all():
        parcels.sign(parcel_id, source, event.cause)


@journal.on(OrderMoved)
def plan_what_left_without_a_parcel(event: OrderMoved) -> None:
    """Its last units were called off, say: it counts as received some days from now; parcels plan for themselves."""
    left = event.axis == "fulfilment_state" and event.to_state == FulfilmentState.FULFILLED.value
    if left and event.cause != sending.CAUSE:
        confirming.plan(event.shop_id, [event.order_id])
