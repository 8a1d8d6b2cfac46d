"""The REST API of parcels: reading them, sending orders one by one or by the hundred, what is done with a parcel."""

from app.fulfilment.api import deeds, reading, sending

__all__ = ["deeds", "reading", "sending"]
