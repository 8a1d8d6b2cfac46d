"""From where on a change needs a second person: a shop's limits, and what of a set goes beyond them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.catalog.change_models import ChangeLimit, ChangeSet, ChangeSource
from app.events import ChangeLimitsSet
from app.kit import clock, context, journal
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope

WINDOW = timedelta(hours=24)
"""Cuts within it add up: two of 20 % are one of 36 %."""
TRUSTED = frozenset({"cli", "system"})
"""Kinds of actors that no second person watches: the operator of the server, and the product itself."""
MILLION = 1_000_000


@dataclass(frozen=True)
class Limits:
    """A cut of `cut_ppm` or deeper waits, and more than `most_rows` rows; with `below_cost` such prices, too."""

    cut_ppm: int = 300_000
    most_rows: int = 10_000
    below_cost: bool = True

    def to_json(self) -> list[int]:
        """As kept on a set, to see at its confirmation whether they are still the same."""
        return [self.cut_ppm, self.most_rows, int(self.below_cost)]


def of(shop_id: int) -> Limits:
    """The limits of a shop; the defaults when nobody has set any."""
    row = db.session.scalars(select(ChangeLimit).where(ChangeLimit.shop_id == assert_in_scope(shop_id))).first()
    return Limits(row.cut_ppm, row.most_rows, row.below_cost) if row else Limits()


def set_limits(shop_id: int, limits: Limits) -> ChangeLimit:
    """Set the limits of a shop. Raises RuleViolation("bad_limits") outside 0.0001–100 % and 1–1,000,000 rows."""
    if not 1 <= limits.cut_ppm <= MILLION or not 1 <= limits.most_rows <= MILLION:
        raise RuleViolation("bad_limits")
    row = db.session.scalars(select(ChangeLimit).where(ChangeLimit.shop_id == assert_in_scope(shop_id))).first()
    if row is None:
        row = ChangeLimit(shop_id=shop_id)
        db.session.add(row)
    row.cut_ppm, row.most_rows, row.below_cost = limits.cut_ppm, limits.most_rows, limits.below_cost
    db.session.flush()
    journal.record(ChangeLimitsSet(shop_id, limits.cut_ppm, limits.most_rows, limits.below_cost))
    return row


def watch(session: Session, change_set: ChangeSet) -> None:
    """Mark the judged lines that go beyond the shop's limits, and note on the set how many there are.

    Reads the session's table `judged`. A cut is measured against the highest price of the last 24 hours, so that
    nobody cuts in slices. A price that rises is no cut, even where it stays below cost.
    """
    if _puts_back(change_set):
        change_set.guards = {"limits": of(change_set.shop_id).to_json()}
    else:
        change_set.guards = measure(session, change_set.shop_id)


def measure(session: Session, shop_id: int) -> dict[str, Any]:
    """What of the session's table `judged` goes beyond the shop's limits, beside the limits; marks those lines.

    Nothing does for an actor whom no second person watches.
    """
    limits = of(shop_id)
    found: dict[str, Any] = {"limits": limits.to_json()}
    return found if _trusted() else found | _beyond(session, shop_id, limits)


def is_beyond(found: Mapping[str, Any]) -> bool:
    """Whether what `measure` has found needs a second person."""
    return bool(set(found) & {"deep_cut", "below_cost", "many_rows"})


def needs_approval(change_set: ChangeSet) -> bool:
    """Whether a second person must agree, who has not agreed to the same content when it was planned."""
    return is_beyond(change_set.guards) and change_set.selection.get("approved") != change_set.content_hash


def _trusted() -> bool:
    return context.actor().kind in TRUSTED


def _puts_back(change_set: ChangeSet) -> bool:
    """Whether it only brings back what stood there within the window: an undo must not wait for anybody."""
    if change_set.source is not ChangeSource.UNDO or change_set.undoes_id is None:
        return False
    undone = db.session.get(ChangeSet, change_set.undoes_id)
    return undone is not None and undone.applied_at is not None and undone.applied_at > clock.now() - WINDOW


def _beyond(session: Session, shop_id: int, limits: Limits) -> dict[str, int]:
    values = {
        "shop_id": assert_in_scope(shop_id),
        "since": clock.now() - WINDOW,
        "cut_ppm": limits.cut_ppm,
        "below_cost": limits.below_cost,
    }
    cuts = session.execute(text(_CUTS), values).one()
    rows = session.scalar(text(_ROWS)) or 0
    found = {"deep_cut": cuts.deep, "below_cost": cuts.below, "many_rows": rows if rows > limits.most_rows else 0}
    kept = {name: count for name, count in found.items() if count}
    return kept | {"worst_cut_ppm": int(cuts.worst)} if kept and cuts.worst is not None else kept


_ROWS = "select count(*) from (select distinct target_table, row_id from judged where outcome = 'changed') d"
_CUTS = """
with cut as (
    select j.line, j.new::bigint as new, greatest(j.old::bigint, peak.price) as base,
        coalesce(cost.new, s.cost_minor::text)::bigint as cost
    from judged j join sku s on s.id = j.row_id and s.shop_id = :shop_id
    left join (
        select row_id, max(greatest((changes->'price_minor'->>0)::bigint, (changes->'price_minor'->>1)::bigint))
            as price
        from field_change where at >= :since and shop_id = :shop_id and table_name = 'sku' and operation = 'U'
            and changes ? 'price_minor' group by row_id) peak on peak.row_id = j.row_id
    left join judged cost on cost.target_table = 'sku' and cost.row_id = j.row_id and cost.field = 'cost_minor'
        and cost.outcome = 'changed'
    where j.target_table = 'sku' and j.field = 'price_minor' and j.outcome = 'changed'
        and j.new::bigint < j.old::bigint),
measured as (
    select line, (base - new) * 1000000 / base as cut_ppm,
        (base - new)::numeric * 1000000 >= :cut_ppm * base::numeric as deep, :below_cost and new < cost as below
    from cut),
marked as (
    update judged j set warning = case when m.deep then 'deep_cut' else 'below_cost' end
    from measured m where m.line = j.line and (m.deep or m.below))
select count(*) filter (where deep) as deep, count(*) filter (where below) as below, max(cut_ppm) as worst
from measured"""
