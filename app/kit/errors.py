"""Errors that people see: a code, facts, and one translatable sentence that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l


@dataclass(frozen=True)
class FormField:
    """A field of a form as its page calls it, and the `position`-th input of that `name` (from 0)."""

    label: str
    name: str
    position: int = 0


class DomainError(Exception):
    """A rule said no. `code` is stable for programs, `facts` are shown; no personal data in them."""

    status = 422
    field: FormField | None = None

    def __init__(self, code: str, /, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    def message(self) -> str:
        """The sentence for people, in the language of the request; the field that it is about comes first."""
        sentence = self._sentence()
        if self.field is None:
            return sentence
        return gettext("%(field)s: %(sentence)s", field=self.field.label, sentence=sentence)

    def _sentence(self) -> str:
        template = MESSAGES.get(self.code)
        if template is None:
            return gettext("The request was refused (%(code)s).", code=self.code)
        return str(template) % self.facts if self.facts else str(template)

    def __str__(self) -> str:
        return f"{self.code} {self.facts}" if self.facts else self.code


class Unauthorized(DomainError):
    """Nobody has said who they are, or not in a way that is believed."""

    status = 401


class TooMany(DomainError):
    """So many requests that this one has to wait; `retry_seconds` says how long."""

    status = 429


class NotFound(DomainError):
    """There is no such thing, or the person may not know of it."""

    status = 404


class Conflict(DomainError):
    """Somebody else changed it meanwhile."""

    status = 409


class PreconditionFailed(DomainError):
    """The caller's version of the row is not the present one."""

    status = 412


class PreconditionNeeded(DomainError):
    """The caller has to say which version of the row it means."""

    status = 428


class RuleViolation(DomainError):
    """The request is understood and not allowed."""

    status = 422


class Forbidden(DomainError):
    """The person may not do this."""

    status = 403


@contextmanager
def naming(label: str, name: str, position: int = 0) -> Iterator[None]:
    """What is refused within is about this field of a form: its sentence says so, its page leads there."""
    try:
        yield
    except DomainError as refused:
        refused.field = refused.field or FormField(str(label), name, position)
        raise


MESSAGES = {
    "other_shop": _l("This belongs to a shop that you have no access to."),
    "not_found": _l("There is no such record, or you may not see it."),
    "shop_unknown": _l("There is no shop with the code “%(code)s”."),
    "stale": _l(
        "%(who)s changed this at %(when)s, after you opened it. "
        "Nothing was saved; compare both versions and save again."
    ),
    "bad_range": _l("“%(value)s” is not a range. Write it as low..high; either end may be left out."),
    "bad_cursor": _l("This page link is damaged. Start again from the first page."),
    "view_name": _l("Give the view a name."),
    "nothing_selected": _l("No row is selected. Tick at least one row first."),
    "too_many_rows": _l("At most %(limit)s rows can be exported at once. Narrow the list with a filter first."),
    "username_taken": _l("The user name “%(username)s” is taken. Choose another one."),
    "email_taken": _l("The e-mail address %(email)s belongs to somebody else here."),
    "last_administrator": _l("This is the last administrator. Make somebody else an administrator first."),
    "password_wrong": _l("Your present password is not right. Nothing was changed."),
    "password_weak": _l("Choose a password of at least %(length)s characters that does not hold your user name."),
    "password_differs": _l("The two new passwords differ. Nothing was changed."),
    "name_missing": _l("Give your name."),
    "shop_code_taken": _l("There is a shop with the code “%(code)s” already."),
    "shop_stale": _l(
        "Somebody changed this shop after you opened it. Nothing was saved; reload the page and try again."
    ),
    "illegal_move": _l("%(noun)s cannot go from “%(from_state)s” to “%(to_state)s”."),
    "in_progress": _l("The same request is being worked on. Ask again in a moment with the same key."),
    "idempotency_key_reused": _l(
        "This Idempotency-Key belongs to another request. Use a fresh key for each new request."
    ),
    "job_cancelled": _l("The job was cancelled; nothing of it was kept."),
    "job_failed": _l(
        "The job stopped because of a fault on our side (reference %(reference)s). "
        "Try again; if it stays, tell your administrator the reference."
    ),
}
"""One sentence a code; a feature adds its own with `MESSAGES.update` in its `__init__`."""
