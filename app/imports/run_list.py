"""The list of imports, and how their states look."""

from __future__ import annotations

from functools import lru_cache

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.console import cells
from app.console.lists import Column, Filter, ListSpec, Tab, any_of
from app.imports.models import ImportKind, ImportRun, ImportState
from app.kit import formats
from app.shops.models import Shop

KINDS = {
    ImportKind.PRODUCTS: _l("Products"),
    ImportKind.ORDERS: _l("Past orders"),
    ImportKind.TRACKING: _l("Tracking numbers"),
}
STATES = {
    ImportState.UPLOADED: ("warning", "columns", _l("Waits for its columns")),
    ImportState.CHECKING: ("info", "progress", _l("Being checked")),
    ImportState.CHECKED: ("warning", "list-check", _l("Waits for your decision")),
    ImportState.COMMITTING: ("info", "progress", _l("Being written")),
    ImportState.DONE: ("success", "circle-check", _l("Done")),
    ImportState.FAILED: ("danger", "circle-x", _l("Could not be read")),
}


def badge(run: ImportRun) -> Markup:
    """Where the import stands."""
    return cells.badge(*STATES[run.state])


def spec(shop: Shop) -> ListSpec:
    """The list for one shop."""
    return _spec(shop.time_zone)


@lru_cache(maxsize=64)
def _spec(zone: str) -> ListSpec:
    waiting = ImportRun.state.in_((ImportState.UPLOADED, ImportState.CHECKED))
    live = ImportRun.state.in_((ImportState.CHECKING, ImportState.COMMITTING))
    return ListSpec(
        name="imports",
        model=ImportRun,
        columns=(
            Column("file", _l("File"), lambda r: r.file_name),
            Column("kind", _l("Kind"), lambda r: str(KINDS[r.kind])),
            Column("state", _l("State"), badge),
            Column("result", _l("Result"), _result),
            Column("created", _l("Uploaded"), lambda r: cells.when(r.created_at, zone), sort=ImportRun.id),
        ),
        default_sort="-created",
        tabs=(
            Tab("", _l("All")),
            Tab("waiting", _l("Waiting for you"), (waiting,)),
            Tab("live", _l("Live"), (live,)),
            Tab("done", _l("Done"), (ImportRun.state == ImportState.DONE,)),
            Tab("failed", _l("Could not be read"), (ImportRun.state == ImportState.FAILED,)),
        ),
        filters=(Filter("kind", _l("Kind"), any_of(ImportRun.kind, ImportKind), lambda: [*KINDS.items()]),),
    )


def _result(run: ImportRun) -> str:
    counts = run.counts
    if not counts:
        return "–"
    return gettext(
        "%(created)s new, %(updated)s changed, %(failed)s refused",
        **{key: formats.number(counts[key]) for key in ("created", "updated", "failed")},
    )
