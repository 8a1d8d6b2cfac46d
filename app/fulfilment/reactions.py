"""What follows for parcels when their order moves: an order that is delivered leaves no parcel under way."""

from __future__ import annotations

from sqlalchemy import select

from app.fulfilment import parcels
from app.fulfilment.confirming import CAUSE
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
    source = Source.SYSTEM if event.cause == CAUSE else Source.STAFF
    for parcel_id in db.session.scalars(under_way.order_by(Parcel.id)).all():
        parcels.sign(parcel_id, source, event.cause)
