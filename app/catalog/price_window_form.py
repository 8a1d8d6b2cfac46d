"""The form of a price window: name, times of the shop, priority and note → a draft, or a sentence for each field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext

from app.catalog import price_window_times as times
from app.catalog.bulk_form import FormFaults
from app.catalog.price_window_models import PriceWindow
from app.catalog.price_windows import WindowDraft
from app.kit import clock

MOST_PRIORITY = 1_000
FIELDS = ("name", "starts", "starts_which", "ends", "ends_which", "priority", "note")
"""What a preview hands on to the save, beside a key of its own."""


class WindowFaults(FormFaults):
    """Fields that cannot be read; `twice` has the two choices of a time that comes twice, by field."""

    def __init__(self, faults: dict[str, str], twice: dict[str, Mapping[str, str]]) -> None:
        super().__init__(faults)
        self.twice = twice


class _Reading:
    """One form being read: what was wrong so far."""

    def __init__(self, form: Mapping[str, str], zone: str) -> None:
        self.form, self.zone = form, zone
        self.faults: dict[str, str] = {}
        self.twice: dict[str, Mapping[str, str]] = {}

    def text(self, name: str, longest: int) -> str:
        typed = self.form.get(name, "").replace("\0", "").strip()
        if len(typed) > longest:
            self.faults[name] = gettext("This is too long.")
        return typed

    def moment(self, name: str) -> datetime | None:
        typed = self.form.get(name, "").strip()
        if not typed:
            return None
        try:
            return times.read(typed, self.zone, self.form.get(f"{name}_which", ""))
        except times.TwiceTime as asked:
            self.faults[name] = str(asked)
            self.twice[name] = times.choices(asked.moments, self.zone)
        except times.BadTime as error:
            self.faults[name] = str(error)
        return None

    def priority(self) -> int:
        typed = self.form.get("priority", "").replace("−", "-").strip() or "0"
        if not re.fullmatch(r"-?\d{1,6}", typed) or abs(int(typed)) > MOST_PRIORITY:
            self.faults["priority"] = gettext("Give a whole number from −1,000 to 1,000.")
            return 0
        return int(typed)

    def settle(self) -> None:
        if self.faults:
            raise WindowFaults(self.faults, self.twice)


def read(form: Mapping[str, str], zone: str, *, fresh: bool = True) -> WindowDraft:
    """The draft that a filled-in form means; `fresh` refuses a start that has passed. Raises WindowFaults."""
    reading = _Reading(form, zone)
    name = reading.text("name", 120)
    if not name:
        reading.faults["name"] = gettext("This is needed.")
    starts_at, ends_at = reading.moment("starts"), reading.moment("ends")
    if fresh and starts_at is not None and starts_at < clock.now():
        reading.faults["starts"] = gettext("This lies in the past. Leave it empty to start at once.")
    if ends_at is not None and ends_at <= max(starts_at or clock.now(), clock.now()):
        reading.faults["ends"] = gettext("The end must lie after the start and after now.")
    priority, note = reading.priority(), reading.text("note", 500)
    reading.settle()
    return WindowDraft(name, starts_at, ends_at, priority, note, _key(form.get("key", "")))


def _key(sent: str) -> str | None:
    return sent if re.fullmatch(r"[0-9a-f]{32}", sent) else None


def read_change(form: Mapping[str, str], zone: str) -> dict[str, Any]:
    """Name, end, priority and note of a window that is there already. Raises WindowFaults."""
    reading = _Reading(form, zone)
    found = {
        "name": reading.text("name", 120),
        "ends_at": reading.moment("ends"),
        "priority": reading.priority(),
        "note": reading.text("note", 500),
    }
    if not found["name"]:
        reading.faults["name"] = gettext("This is needed.")
    reading.settle()
    return found


def typed(window: PriceWindow, zone: str) -> dict[str, str]:
    """A window as the boxes of its form hold it."""
    starts, ends = times.typed(window.starts_at, zone), times.typed(window.ends_at, zone)
    return {
        "name": window.name,
        "starts": starts["at"],
        "starts_which": starts["which"],
        "ends": ends["at"],
        "ends_which": ends["which"],
        "priority": str(window.priority),
        "note": window.note,
    }


def twice(form: Mapping[str, str], zone: str) -> dict[str, Mapping[str, str]]:
    """The choices for each time of a filled-in form that comes twice, so that the form can show what was chosen."""
    found = {}
    for name in ("starts", "ends"):
        try:
            times.read(form.get(name, "") or "2000-01-01T12:00", zone)
        except times.TwiceTime as asked:
            found[name] = times.choices(asked.moments, zone)
        except times.BadTime:
            continue
    return found
