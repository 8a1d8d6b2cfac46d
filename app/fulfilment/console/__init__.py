"""The pages of parcels: the list and one parcel, sending an order, pick lists and slips."""

from app.fulfilment import batch_acts, reactions  # noqa: F401 - they register themselves
from app.fulfilment.console.many import ShipManyView
from app.fulfilment.console.parcels import ParcelView
from app.fulfilment.console.picking import PickingView
from app.fulfilment.console.shipping import ShipView
from app.fulfilment.story import EVENTS
from app.orders import story

story.more.update(EVENTS)

VIEWS = (ParcelView, ShipView, ShipManyView, PickingView)

__all__ = ["VIEWS"]
