"""Deeds on one case, below `/after-sale/ID`; what a rule refuses brings the page back and says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.after_sale import access as reading
from app.after_sale import cases, exchanging, forms, listing, negotiation, refunding, returns, sending
from app.after_sale.access import By
from app.after_sale.console.cases import case_html
from app.after_sale.lifecycle import Act
from app.after_sale.models import AfterSaleCase, Party
from app.after_sale.names import STATE_LABELS
from app.after_sale.negotiation import Terms
from app.catalog import pictures
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.db import db, transaction
from app.kit.errors import DomainError, NotFound, RuleViolation
from app.kit.permissions import Noun, Verb
from app.payments import refund_course


class CaseActView(ConsoleBase):
    """Below `/after-sale`."""

    noun = Noun.AFTER_SALE
    route_base = "/after-sale"

    @expose("/<int:pk>/agree", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def agree(self, pk: int) -> Any:
        """Grant the wish."""
        return self._do(pk, lambda version: cases.agree(pk, _shop(), version))

    @expose("/<int:pk>/refund-now", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def refund_now(self, pk: int) -> Any:
        """Give the money back without a return."""
        return self._do(pk, lambda version: cases.refund_now(pk, _shop(), version))

    @expose("/<int:pk>/refuse", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def refuse(self, pk: int) -> Any:
        """Say no, with a reason and its proof."""
        reading.get(pk)
        reason, words = request.form.get("reason", ""), _text("words")

        def deed(version: int | None) -> AfterSaleCase:
            return cases.refuse(pk, _shop(), reason, words, made, version)

        try:
            made = _pictures()
        except RuleViolation as refused:
            return self._refused(pk, refused)
        return self._do(pk, deed)

    @expose("/<int:pk>/step", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def step(self, pk: int) -> Any:
        """A plain move, the shop's own or what the buyer or the platform has said."""
        act, by = request.form.get("act", ""), _by()

        def deed(version: int | None) -> AfterSaleCase:
            if act == Act.AGREE.value:
                return cases.agree(pk, by, version)
            if act not in {one.value for one in cases.PLAIN_STEPS}:
                raise RuleViolation("reason_unknown")
            return cases.step(pk, Act(act), by, _text("words"), version)

        return self._do(pk, deed)

    @expose("/<int:pk>/send-back", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def send_back(self, pk: int) -> Any:
        """The buyer has sent the goods."""
        parcel = request.form.get("carrier", ""), request.form.get("tracking", "")
        return self._do(pk, lambda version: sending.send_back(pk, _by(), *parcel, version))

    @expose("/<int:pk>/send", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def send(self, pk: int) -> Any:
        """The shop sends a replacement, what was missing, or the repaired goods."""
        case = reading.get(pk)
        parcel = request.form.get("carrier", ""), request.form.get("tracking", "")
        chosen = {sku_id: forms.whole(request.form.get(f"instead_{sku_id}", "")) for sku_id in exchanging.units(case)}
        instead = {sku_id: other for sku_id, other in chosen.items() if other}
        return self._do(pk, lambda version: sending.send(pk, _shop(), *parcel, version, instead))

    @expose("/<int:pk>/receive", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def receive(self, pk: int) -> Any:
        """Say of each unit what became of it."""
        reading.get(pk)

        def deed(version: int | None) -> AfterSaleCase:
            return returns.receive(pk, forms.came(request.form, reading.lines_of(pk)), _shop(), version)

        return self._do(pk, deed)

    @expose("/<int:pk>/receive/worth", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def worth(self, pk: int) -> str:
        """What would go back if that came back, before anything is written."""
        case = reading.get(pk)
        try:
            came = forms.came(request.form, reading.lines_of(pk))
            worth, refused = returns.worth(case, came), ""
        except RuleViolation as error:
            worth, refused = 0, error.message()
        return self.page("after_sale/_worth.html", case=case, worth=worth, refused=refused)

    @expose("/<int:pk>/say", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def say(self, pk: int) -> Any:
        """A word in the thread, perhaps with pictures or an offer."""
        case = reading.get(pk)
        by, words, kind = _by(), _text("words"), request.form.get("kind", "")

        def deed(version: int | None) -> AfterSaleCase:
            if kind:
                minor = forms.amount(request.form.get("amount", ""), case.currency)
                terms = Terms(forms.kind_of(kind), minor or None)
                message = negotiation.offer(pk, by, terms, words, version)
            else:
                message = negotiation.say(pk, by, words, made, version)
            return reading.get(message.case_id)

        try:
            made = _pictures()
        except RuleViolation as refused:
            return self._refused(pk, refused)
        return self._do(pk, deed, "thread")

    @expose("/<int:pk>/answer", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def answer(self, pk: int) -> Any:
        """Accept or decline the offer that stands."""
        message_id, by = forms.whole(request.form.get("message", "")), _by()

        def deed(version: int | None) -> AfterSaleCase:
            if request.form.get("answer") == "accept":
                return negotiation.accept(message_id, by, version)
            return negotiation.decline(message_id, by, _text("words"), version)

        return self._do(pk, deed, "thread")

    @expose("/<int:pk>/retry", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def retry(self, pk: int) -> Any:
        """Ask the channel once more."""
        return self._do(pk, lambda version: cases.retry_refund(pk, _shop(), version))

    @expose("/<int:pk>/paid-back", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.APPROVE)
    def paid_back(self, pk: int) -> Any:
        """Somebody has given the money back by hand."""
        refund_id, reference = forms.whole(request.form.get("refund", "")), _text("reference")

        def deed(version: int | None) -> AfterSaleCase:
            case = reading.get(pk)
            if refund_id not in {one.id for one in refunding.refunds_of(case)}:
                raise NotFound("not_found")
            refund_course.paid_back_by_hand(refund_id, reference)
            return reading.get(pk)

        return self._do(pk, deed)

    def _do(self, pk: int, deed: Callable[[int | None], AfterSaleCase], anchor: str | None = None) -> Any:
        try:
            with transaction():
                case = deed(_version())
            told = gettext("%(number)s: %(status)s", number=case.number, status=STATE_LABELS[case.state])
        except DomainError as refused:
            db.session.rollback()
            if refused.status == 404:
                raise
            return self._refused(pk, refused)
        flash(told, "success")
        return redirect(url_for("CaseView.show", pk=pk, _anchor=anchor))

    def _refused(self, pk: int, refused: DomainError) -> Any:
        at = (request.endpoint or "").rpartition(".")[2]
        return case_html(self, pk, listing.refusal(refused), at, request.form), refused.status


def _shop() -> By:
    return By(Party.SELLER, access.can(Noun.AFTER_SALE, Verb.APPROVE))


def _by() -> By:
    """The side that staff act for or write down: their own, the buyer's or the platform's."""
    said = request.form.get("party", "")
    if said in (Party.BUYER.value, Party.PLATFORM.value):
        return By(Party(said), access.can(Noun.AFTER_SALE, Verb.APPROVE))
    return _shop()


def _version() -> int | None:
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _text(field: str) -> str:
    return request.form.get(field, "").replace("\r\n", "\n").strip()


def _pictures() -> list[pictures.Picture]:
    uploads = [one for one in request.files.getlist("pictures") if one.filename]
    return [pictures.make(one.stream.read(pictures.MOST_BYTES + 1)) for one in uploads[:12]]
