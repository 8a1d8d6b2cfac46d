"""Loading the demo shops: both or none, once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.demo import kuaile, retail, staff
from app.kit import context
from app.kit.db import transaction
from app.shops import shops
from app.shops.models import Shop

STEPS = retail.ROWS
"""What `on_progress` counts up to."""
ANALYZED = ("category", "product", "sku", "customer", "orders", "order_line", "journal_entry")


def load(folder: Path, security: Any, *, small: bool, on_progress: Callable[[int, str], None]) -> dict[str, Any]:
    """Make the demo shops that are not there yet, in one transaction, and let the demo staff in.

    Returns what each shop got; a shop that exists is left as it is. Raises RuleViolation when the data set is
    missing or changed.
    """
    told: dict[str, Any] = {}
    with context.every_shop("loading the demo shops"), transaction() as session:
        session.execute(text("select pg_advisory_xact_lock(hashtext('kuaidan demo'))"))  # two loaders take turns
        present = _present(session)
        if retail.CODE not in present:
            counts = retail.load(session, folder, small=small, on_progress=on_progress)
            told[retail.CODE] = {"lines": counts.created, **counts.notes}
        if kuaile.CODE not in present:
            told[kuaile.CODE] = {"orders": kuaile.load(session, small=small)}
        staff.let_in(session, security, _present(session).values())
        session.execute(text(f"analyze {', '.join(ANALYZED)}"))
    on_progress(STEPS, "done")
    return told


def is_empty() -> bool:
    """Whether there is no shop at all yet."""
    with context.every_shop("is there anything to show"):
        return not shops.any_exists()


def _present(session: Session) -> dict[str, int]:
    """The demo shops that exist: code → id."""
    of_demo = select(Shop).where(Shop.code.in_([retail.CODE, kuaile.CODE]))
    return {shop.code: shop.id for shop in session.scalars(of_demo)}
