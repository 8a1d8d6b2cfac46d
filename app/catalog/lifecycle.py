"""Statuses of a product: the one table of moves, and their names for people."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.catalog.models import ProductStatus
from app.kit.lifecycle import Moves

DRAFT, ON_SALE, OFF_SHELF, ARCHIVED = ProductStatus

MOVES: Moves = {
    DRAFT: frozenset({ON_SALE, ARCHIVED}),
    ON_SALE: frozenset({OFF_SHELF}),
    OFF_SHELF: frozenset({ON_SALE, ARCHIVED}),
    ARCHIVED: frozenset({OFF_SHELF}),
}
"""What is on sale is taken off the shelf before it is archived, so that nobody archives a live product by slip."""

LABELS = {DRAFT: _l("Draft"), ON_SALE: _l("On sale"), OFF_SHELF: _l("Off shelf"), ARCHIVED: _l("Archived")}
