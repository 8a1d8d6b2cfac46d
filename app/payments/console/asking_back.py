"""Staff ask for money of a payment to go back: the whole or a part, with a reason, once however often it is sent."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit import money
from app.kit.db import db, transaction
from app.kit.errors import DomainError, RuleViolation
from app.kit.permissions import Noun, Verb
from app.payments import reading, refunds, starting
from app.payments.models import Payment

LONGEST_REASON = 80


class RefundAskView(ConsoleBase):
    """`/refunds/new`."""

    noun = Noun.REFUNDS
    route_base = "/refunds/new"

    @expose("/<int:pk>")
    @needs(Noun.REFUNDS, Verb.WRITE)
    def form(self, pk: int) -> str:
        """The form of one payment."""
        return self._form(starting.get(pk))

    @expose("/<int:pk>", methods=["POST"])
    @needs(Noun.REFUNDS, Verb.WRITE)
    def create(self, pk: int) -> Any:
        """Ask for it; what a rule refuses brings the form back as it was filled in."""
        payment = starting.get(pk)
        access.shop_of(payment)
        try:
            with transaction():
                refund_id = _asked(payment).id
        except RuleViolation as refused:
            db.session.rollback()
            return self._form(starting.get(pk), refused), refused.status
        flash(gettext("The refund is on its way."), "success")
        return redirect(url_for("RefundView.show", pk=refund_id))

    def _form(self, payment: Payment, refused: DomainError | None = None) -> str:
        access.shop_of(payment)
        left = refunds.left_of(payment)
        return self.page(
            "payments/refund_new.html",
            payment=payment,
            order=reading.order_of(payment),
            left=left,
            amount=request.form.get("amount", str(money.Money(left, payment.currency))),
            reason=request.form.get("reason", ""),
            key=request.form.get("key") or uuid.uuid4().hex,
            most=LONGEST_REASON,
            error=refused.message() if refused else "",
        )


def _asked(payment: Payment) -> Any:
    """The refund that the form asks for. Raises RuleViolation."""
    key, reason = request.form.get("key", "")[:40], request.form.get("reason", "").strip()
    if not key or not 0 < len(reason) <= LONGEST_REASON:
        raise RuleViolation("refund_reason", most=LONGEST_REASON)
    typed = request.form.get("amount", "").strip().replace(",", "")
    try:
        minor = money.to_minor(typed, payment.currency)
    except ValueError as error:
        raise RuleViolation("refund_unreadable", value=typed[:40], currency=payment.currency) from error
    subject = f"staff:{payment.id}"
    return refunds.ask_of(payment.id, minor, subject=subject, key=f"{subject}:{key}", reason=reason)
