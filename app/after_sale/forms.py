"""The forms of after-sale as a browser sends them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from app.after_sale.models import CaseKind, RefundLine
from app.after_sale.names import STATE_LABELS
from app.after_sale.opening import Wanted, Wish
from app.after_sale.refund_ledger import Left
from app.after_sale.returns import Came
from app.after_sale.settings import DEFAULTS, Late, Limit, Rules
from app.kit import money
from app.kit.errors import RuleViolation, naming

Form = MultiDict[str, str]


def wish(form: Form, left: Sequence[Left], currency: str) -> Wish:
    """What the form of a new case asks for: units by line, amounts by line, kind, reason, words.

    Raises RuleViolation("amount_unreadable", "number_unreadable", "reason_unknown").
    """
    kind = kind_of(form.get("kind", ""))
    wanted: list[Wanted] = []
    for one in left:
        name = one.standing.part.order_line_id or 0
        goods = one.line.title or one.line.code if one.line else gettext("Paid beyond the total")
        with naming(f"{gettext('Units')} · {goods}", f"units_{name}"):
            units = whole(form.get(f"units_{name}", ""))
        with naming(f"{gettext('Amount')} · {goods}", f"amount_{name}"):
            minor = amount(form.get(f"amount_{name}", ""), currency)
        asked = [Wanted(one.standing.part.order_line_id, units)] if units else []
        wanted += [*asked, *([Wanted(one.standing.part.order_line_id, 0, minor)] if minor else [])]
    return Wish(kind, form.get("reason", ""), tuple(wanted), form.get("words", "").replace("\r\n", "\n").strip())


def kind_of(text: str) -> CaseKind:
    """A kind by its name. Raises RuleViolation("reason_unknown")."""
    if text not in set(CaseKind):
        raise RuleViolation("reason_unknown")
    return CaseKind(text)


def came(form: Form, lines: Sequence[RefundLine]) -> dict[int, Came]:
    """What became of the units of each line. Raises RuleViolation("number_unreadable")."""
    return {
        line.id: Came(*(whole(form.get(f"{name}_{line.id}", "")) for name in vars(Came())))
        for line in lines
        if line.asked_units
    }


def rules(form: Form, currency: str) -> Rules:
    """The shop's settings. Raises RuleViolation("number_unreadable", "limit_bad", "amount_unreadable")."""
    limits = {}
    for state in DEFAULTS:
        late = form.get(f"late_{state.value}", "")
        if late not in set(Late):
            raise RuleViolation("limit_bad", limit=90)
        with naming(f"{gettext('Hours')} · {STATE_LABELS[state]}", f"hours_{state.value}"):
            limits[state] = Limit(whole(form.get(f"hours_{state.value}", "")), Late(late))
    with naming(gettext("Refunds beyond this need somebody who may approve"), "approve_limit"):
        return Rules(limits, amount(form.get("approve_limit", ""), currency))


def whole(text: str) -> int:
    """A whole number ≥ 0; blank is none. Raises RuleViolation("number_unreadable")."""
    plain = text.strip().replace(",", "")
    if not plain:
        return 0
    if not plain.isascii() or not plain.isdigit() or len(plain) > 9:
        raise RuleViolation("number_unreadable", value=text[:40])
    return int(plain)


def amount(text: str, currency: str) -> int:
    """An amount ≥ 0 in minor units; blank is none. Raises RuleViolation("amount_unreadable")."""
    if not text.strip():
        return 0
    return _exact(text, currency, lambda found: 0 <= found <= 10**15)


def _exact(text: str, currency: str, fits: Callable[[int], bool]) -> int:
    try:
        found = money.to_minor(text.strip().replace(",", ""), currency)
    except ValueError as error:
        raise RuleViolation("amount_unreadable", value=text[:40], currency=currency) from error
    if not fits(found):
        raise RuleViolation("amount_unreadable", value=text[:40], currency=currency)
    return found
