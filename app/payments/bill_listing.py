"""The lists of reconciled days and of differences between bills and ledger."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, select

from app.console import cells
from app.console.lists import Column, Filter, ListSpec, Tab, any_of
from app.kit import formats, people
from app.kit.db import db
from app.payments import names
from app.payments.matter_models import BillDifference, DifferenceKind, ReconcileState, Reconciliation
from app.payments.models import ChannelAccount
from app.shops.models import Shop


def days(shop: Shop) -> ListSpec:
    """The days of every account of a shop, the newest first."""
    return _days(shop.time_zone)


def differences(shop: Shop) -> ListSpec:
    """Every difference of a shop, the newest first."""
    return _differences(shop.time_zone)


@lru_cache(maxsize=64)
def _days(zone: str) -> ListSpec:
    return ListSpec(
        name="reconciliations",
        model=Reconciliation,
        columns=(
            Column("day", _l("Day"), lambda r: r.day.isoformat()),
            Column("account", _l("Channel"), lambda r: r.account_label),
            Column("rows", _l("Rows"), lambda r: formats.number(r.rows), align="end"),
            Column("different", _l("Differences"), lambda r: formats.number(r.different), align="end"),
            Column("state", _l("State"), state_badge),
            Column("made", _l("Compared at"), lambda r: cells.when(r.made_at, zone), sort=Reconciliation.id),
        ),
        default_sort="-made",
        tabs=(
            Tab("", _l("All")),
            Tab("different", _l("Differences"), (Reconciliation.state == ReconcileState.DIFFERENT,)),
        ),
        enrich=_name_accounts,
    )


@lru_cache(maxsize=64)
def _differences(zone: str) -> ListSpec:
    is_open = BillDifference.resolved_at.is_(None) & BillDifference.gone_at.is_(None)
    kinds = [(kind.value, label) for kind, label in names.DIFFERENCE_LABELS.items()]
    return ListSpec(
        name="bill_differences",
        model=BillDifference,
        columns=(
            Column("kind", _l("What"), lambda d: names.DIFFERENCE_LABELS[d.kind]),
            Column("day", _l("Day"), lambda d: d.day_text),
            Column("account", _l("Channel"), lambda d: d.account_label),
            Column("number", _l("Number"), lambda d: d.number or "–"),
            Column("theirs_no", _l("Channel's number"), lambda d: d.channel_no or "–", shown=False),
            Column("ours", _l("Ours"), lambda d: formats.money(d.ours_minor, d.currency), align="end"),
            Column("theirs", _l("In the bill"), lambda d: formats.money(d.theirs_minor, d.currency), align="end"),
            Column("owner", _l("Owner"), lambda d: d.owner_name),
            Column("state", _l("State"), difference_badge),
            Column("reason", _l("Reason"), lambda d: d.reason or "–", shown=False),
            Column("found", _l("Found at"), lambda d: cells.when(d.created_at, zone), sort=BillDifference.id),
        ),
        default_sort="-found",
        tabs=(Tab("", _l("All")), Tab("open", _l("To be settled"), (is_open,))),
        filters=(
            Filter("kind", _l("What"), any_of(BillDifference.kind, DifferenceKind), lambda: kinds),
            Filter("run", _l("Day, by its number"), _of_run, kind="text"),
        ),
        enrich=_name_differences,
    )


def _of_run(values: list[str]) -> ColumnElement[bool]:
    return BillDifference.reconciliation_id.in_([int(one) for one in values if one.isdecimal() and len(one) < 19])


def state_badge(run: Reconciliation) -> Markup:
    """Where a day stands."""
    return cells.badge(*names.RECONCILE_LOOKS[run.state], names.RECONCILE_LABELS[run.state])


def difference_badge(row: BillDifference) -> Markup:
    """Where a difference stands."""
    if row.resolved_at:
        return cells.badge("success", "circle-check", _l("Resolved"))
    if row.gone_at:
        return cells.badge("secondary", "checks", _l("Gone by itself"))
    if row.kind is DifferenceKind.CARRIED:
        return cells.badge("warning", "hourglass", _l("Awaited in the next bill"))
    return cells.badge("danger", "alert-circle", _l("To be settled"))


def _name_accounts(rows: list[Any]) -> None:
    labels = _labels({row.account_id for row in rows})
    for row in rows:
        row.account_label = labels.get(row.account_id, "–")


def _labels(ids: set[int]) -> dict[int, str]:
    query = select(ChannelAccount.id, ChannelAccount.label).where(ChannelAccount.id.in_(ids))
    return {account_id: label for account_id, label in db.session.execute(query)} if ids else {}  # noqa: C416


def _name_differences(rows: list[Any]) -> None:
    ids = {row.reconciliation_id for row in rows}
    runs = {run.id: run for run in db.session.scalars(select(Reconciliation).where(Reconciliation.id.in_(ids)))}
    labels = _labels({run.account_id for run in runs.values()})
    owners = people.names(f"staff:{row.owner_id}" for row in rows if row.owner_id)
    for row in rows:
        run = runs[row.reconciliation_id]
        row.day_text, row.account_label = run.day.isoformat(), labels.get(run.account_id, "–")
        row.owner_name = owners[f"staff:{row.owner_id}"] if row.owner_id else "–"
