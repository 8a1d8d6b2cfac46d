"""What is done with a parcel: its number set right, signed for, come back, given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.api.routes import Call, Contract, Reply, scoped
from app.api.shapes import closed
from app.api_keys.scopes import Scope
from app.fulfilment import parcels
from app.fulfilment.api.reading import NO_PARCEL, PARCEL, PARCEL_ID, PATH, one
from app.fulfilment.api.sending import CARRIER, TRACKING_NO, carrier_code
from app.fulfilment.models import Source


def _deed(summary: str, description: str, **more: Any) -> Contract:
    return Contract(
        summary=summary,
        description=description,
        parameters=(PARCEL_ID,),
        answers={200: ("The parcel.", PARCEL)},
        faults=NO_PARCEL,
        versioned=True,
        **more,
    )


def _done(call: Call, parcel_id: int, act: Callable[[], Any]) -> Reply:
    call.check_version(parcels.locked(parcel_id).version)
    act()
    return Reply(one(parcels.locked(parcel_id)))


@scoped(
    Scope.PARCELS_WRITE,
    "POST",
    f"{PATH}/correct",
    _deed(
        "Correct carrier and number of a parcel",
        "The old ones stay in the history. The same again changes nothing.",
        body=closed(["carrier"], carrier=CARRIER, tracking_no=TRACKING_NO),
        example={"carrier": "zto", "tracking_no": "75312345678901"},
    ),
)
def correct_parcel(call: Call, parcel_id: int) -> Reply:
    """Set them right."""
    carrier, number = carrier_code(call.body["carrier"]), call.body.get("tracking_no", "")
    return _done(call, parcel_id, lambda: parcels.correct(parcel_id, carrier, number))


@scoped(
    Scope.PARCELS_WRITE,
    "POST",
    f"{PATH}/signed",
    _deed("Note that a parcel was signed for", "When all parcels of an order are, it is delivered. Twice is once."),
)
def sign_parcel(call: Call, parcel_id: int) -> Reply:
    """The receiver has it."""
    return _done(call, parcel_id, lambda: parcels.signed(parcel_id, source=Source.API, cause="api"))


@scoped(
    Scope.PARCELS_WRITE,
    "POST",
    f"{PATH}/returned",
    _deed("Note that a parcel came back unopened", "Its units are taken into stock by hand. Twice is once."),
)
def return_parcel(call: Call, parcel_id: int) -> Reply:
    """It is here again."""
    return _done(call, parcel_id, lambda: parcels.returned(parcel_id, source=Source.API, cause="api"))


@scoped(
    Scope.PARCELS_WRITE,
    "POST",
    f"{PATH}/cancel",
    _deed("Give up a parcel that has not left", "Its number is free again. Twice is once."),
)
def cancel_parcel(call: Call, parcel_id: int) -> Reply:
    """Give it up."""
    return _done(call, parcel_id, lambda: parcels.cancel(parcel_id))
