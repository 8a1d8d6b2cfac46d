"""Money that staff recorded by hand. It has no gateway: a refund is done when a person says that it was paid back."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l

from app.payments.providers import (
    Account,
    Bill,
    BillStatus,
    CallbackRequest,
    Channel,
    Charge,
    Closed,
    CloseStatus,
    CreateStatus,
    Exchange,
    Forged,
    Health,
    Notice,
    Provider,
    RefundRef,
    RefundReport,
    RefundStatus,
    Scene,
    Started,
    Trade,
    TradeRef,
    TradeStatus,
)

CODE = "manual"
_NONE = Exchange("none")


class Manual:
    """Answers what is true of money without a channel: nothing moves by itself."""

    def create(self, charge: Charge) -> Started:
        """No buyer pays through it."""
        return Started(CreateStatus.FAILED, _NONE, "no_gateway")

    def query(self, trade: TradeRef) -> Trade:
        """Nobody can be asked."""
        return Trade(TradeStatus.ABSENT, trade.number)

    def close(self, trade: TradeRef) -> Closed:
        """There is nothing to close."""
        return Closed(CloseStatus.CLOSED, _NONE)

    def refund(self, refund: RefundRef) -> RefundReport:
        """Accepted: a person has to do it."""
        return RefundReport(RefundStatus.PROCESSING, refund.number)

    def query_refund(self, refund: RefundRef) -> RefundReport:
        """It waits for a person."""
        return RefundReport(RefundStatus.PROCESSING, refund.number)

    def parse_callback(self, request: CallbackRequest) -> Notice:
        """Nobody sends any."""
        raise Forged("malformed")

    def bill(self, day: date) -> Bill:
        """There is no bill."""
        return Bill(BillStatus.NOT_READY, _NONE)

    def check(self) -> Health:
        """There is nothing that could fail."""
        return Health(True, _NONE)


def build(account: Account) -> Provider:
    """The provider; it needs no credentials."""
    return Manual()


CHANNEL = Channel(
    code=CODE,
    name=_l("By hand"),
    icon="hand-stop",
    build=build,
    scenes=(Scene.NONE,),
    currencies=None,
    bill_hour=24,
    for_buyers=False,
)
