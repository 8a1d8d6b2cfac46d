"""`/after-sale`: the list, one case, its pictures, and agreeing to many at once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import redirect, request, send_file, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.after_sale import access as reading
from app.after_sale import (
    approvals,
    batch_acts,
    case_page,
    evidence,
    exchanging,
    listing,
    names,
    negotiation,
    reasons,
    refund_ledger,
    refunding,
    returns,
    story,
)
from app.after_sale.lifecycle import CODES, KIND_CODES
from app.after_sale.models import AfterSaleCase, CaseKind, CaseState, Party
from app.console import access, lists, selection, timeline
from app.console.access import needs
from app.console.base import ListPage, expose
from app.fulfilment import carriers
from app.fulfilment import names as parcel_names
from app.kit import files, people
from app.kit.db import transaction
from app.kit.permissions import Noun, Verb
from app.orders import batches
from app.payments import names as payment_names
from app.shops.models import Shop

DAY_SECONDS = 24 * 3600


class CaseView(ListPage):
    """`/after-sale`."""

    noun = Noun.AFTER_SALE
    route_base = "/after-sale"
    title = _l("After-sale")
    actions = (
        lists.Action(_l("Time limits"), "adjustments", "CaseSettingView.show", Noun.AFTER_SALE, Verb.READ),
        lists.Action(_l("New case"), "plus", "CaseOpenView.find", Noun.AFTER_SALE, Verb.WRITE, primary=True),
    )
    bulk = (lists.BulkAction(_l("Agree to refunds"), "cash", "CaseView.approve", Noun.AFTER_SALE, Verb.WRITE),)
    empty = lists.Empty(
        "message-report",
        _l("Nothing to put right"),
        _l("When a buyer wants a refund, a return or an exchange, open a case from their order."),
        lists.Action(_l("To the orders"), "shopping-cart", "OrderView.list", Noun.ORDERS, Verb.READ, primary=True),
    )

    def list_spec(self, shop: Shop) -> lists.ListSpec:
        """The list, in the zone and currency of the shop."""
        return listing.spec(shop)

    @expose("/")
    @needs(Noun.AFTER_SALE, Verb.READ)
    def list(self) -> Any:
        return self.render_list()

    @expose("/counts")
    @needs(Noun.AFTER_SALE, Verb.READ)
    def counts(self) -> Any:
        return self.render_counts()

    @expose("/<int:pk>")
    @needs(Noun.AFTER_SALE, Verb.READ)
    def show(self, pk: int) -> str:
        return case_html(self, pk)

    @expose("/pictures/<int:pk>/<size>")
    @needs(Noun.AFTER_SALE, Verb.READ)
    def picture(self, pk: int, size: str) -> Any:
        """A picture of a case, small or whole."""
        row = evidence.get(pk)
        response = send_file(files.path_of(row.thumb if size == "thumb" else row.file), conditional=True)
        response.headers["Cache-Control"] = f"private, max-age={DAY_SECONDS}, immutable"
        return response

    @expose("/approve", methods=["GET", "POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def approve(self) -> Any:
        """Say what will happen to the cases ticked or all that match, then agree to them, with a result for each."""
        shop = access.current_shop()
        form = selection.asked()
        chosen = lists.selection_from(form, listing.spec(shop), shop.id)
        if "sure" not in form:
            if elsewhere := selection.moved("CaseView.approve", shop):
                return elsewhere
            facts = approvals.summary(chosen, shop.id, access.can(Noun.AFTER_SALE, Verb.APPROVE))
            key = secrets.token_hex(12)
            return self.page("after_sale/approve.html", form=form, key=key, currency=shop.currency, **facts)
        which: Any = select(AfterSaleCase.id, AfterSaleCase.number).where(AfterSaleCase.id.in_(chosen))
        facts = {"may_approve": access.can(Noun.AFTER_SALE, Verb.APPROVE)}
        with transaction():
            batch = batches.propose_matching(shop.id, batch_acts.APPROVE, which, facts, key=request.form.get("key"))
        return redirect(url_for("BatchView.show", pk=batch.id))


def case_html(view: Any, pk: int, refused: str = "", at: str = "", typed: Mapping[str, str] | None = None) -> str:
    """The page of a case; `refused` says why the act `at` was not done, whose form holds again what was `typed`."""
    case = case_page.get(pk)
    shop = access.shop_of(case)
    return str(
        view.page(
            "after_sale/case.html",
            refused=refused,
            at=at,
            typed=typed or {},
            case=case,
            order=case.order,
            zone=shop.time_zone,
            badge=listing.state_badge(case),
            due=listing.due_badge(case),
            lines=reading.lines_of(case.id),
            left=refund_ledger.of(case.order),
            refunds=refunding.refunds_of(case),
            stuck=_stuck(case),
            buyer=case_page.buyer_history(case),
            entries=timeline.shown(case_page.entries(case), story.WORDS, shop.time_zone),
            badge_of=listing.state_badge,
            codes=(CODES[case.state], KIND_CODES[case.kind]),
            names=names,
            payment_names=payment_names,
            wishes=reasons.WISHES,
            **_what_can_be_done(case),
            **_thread(case),
        )
    )


def _what_can_be_done(case: AfterSaleCase) -> dict[str, Any]:
    """The next step: whose turn it is, the shop's acts, what others may have done."""
    return {
        "turn": names.turn(case),
        "acts": case_page.acts(case),
        "said": {party: case_page.said_by(case, party) for party in (Party.BUYER, Party.PLATFORM)},
        "refusals": reasons.refusals_at(case.state),
        "choices": exchanging.choices(case) if case.state is CaseState.WAITS_FOR_CHECK else [],
        "receivable": returns.is_receivable(case),
        "carriers": carriers.CARRIERS,
        "carrier_name": parcel_names.carrier,
    }


def _thread(case: AfterSaleCase) -> dict[str, Any]:
    """What was said, offered and shown."""
    messages, negotiable = negotiation.thread(case.id), case_page.is_negotiable(case)
    return {
        "messages": messages,
        "authors": people.names(one.actor for one in messages),
        "offer": negotiation.standing(case.id) if negotiable else None,
        "negotiable": negotiable,
        "pictures": evidence.of(case.id),
        "kinds": CaseKind,
    }


def _stuck(case: AfterSaleCase) -> int:
    """What no channel has on its way, in minor units, while the case waits for its money."""
    if case.state is not CaseState.REFUNDING:
        return 0
    return case.amount_minor - case.refunded_minor - refunding.under_way(case)
