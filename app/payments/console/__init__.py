"""The pages of money: payments, refunds, what needs a person, and the shop's accounts with channels."""

from app.payments import telling
from app.payments.console.asking_back import RefundAskView
from app.payments.console.bills import BillDifferenceView, ReconciliationView
from app.payments.console.channels import ChannelView, PaymentSettingView
from app.payments.console.matters import MatterView
from app.payments.console.payments import PaymentView
from app.payments.console.refunds import RefundView

VIEWS = (
    PaymentView,
    RefundView,
    RefundAskView,
    MatterView,
    ReconciliationView,
    BillDifferenceView,
    ChannelView,
    PaymentSettingView,
)

__all__ = ["VIEWS", "telling"]
