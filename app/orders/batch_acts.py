"""The bulk acts of orders: cancel, tag, untag, flag, note, send together or apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update

from app.kit import clock, journal
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.order_events import OrderEdited
from app.orders import batches, handling, marks, merging, names
from app.orders.batch_models import BatchRow
from app.orders.batches import Result, Subject
from app.orders.edits import LENGTHS
from app.orders.models import CloseCause, Order, OrderState, OrderStatus


def lock(ids: Sequence[int]) -> dict[int, str]:
    """Lock orders in order of id; the headline of each by id."""
    query = select(Order.id, Order.status).where(Order.id.in_(ids)).order_by(Order.id).with_for_update(key_share=True)
    return {row.id: row.status.value for row in db.session.execute(query)}


ORDER = Subject(lock, lambda state: names.LABELS[OrderStatus(state)], "OrderView.show")
"""For every act on orders, those of other features, too."""
batches.tellers["order_move"] = names.refused_move


@batches.act("cancel", _l("Cancel orders"), ORDER)
def cancel(order_id: int, given: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Close one for the `cause`; what it held is let go."""
    was_closed = handling.locked(order_id).order_state is OrderState.CLOSED
    handling.cancel(order_id, CloseCause(facts["cause"]))
    return not was_closed


@batches.act("tag", _l("Add tags"), ORDER)
def tag(order_id: int, given: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Add `tags` to those that it has."""
    return marks.add_tags(order_id, facts["tags"])


@batches.act("untag", _l("Remove tags"), ORDER)
def untag(order_id: int, given: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Take `tags` away where it has them."""
    return marks.remove_tags(order_id, facts["tags"])


@batches.act("flag", _l("Set a flag"), ORDER)
def flag(order_id: int, given: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Set `flag` and `flag_text`; an empty flag takes it away."""
    return marks.set_flag(order_id, facts["flag"], facts["flag_text"])


@batches.act("note", _l("Add a staff note"), ORDER, in_chunks=True)
def note(rows: Sequence[BatchRow], facts: Mapping[str, Any]) -> list[Result]:
    """Add `note` as a line below what the staff note of each says, by one statement; refused where there is no room."""
    if not facts["note"].strip():
        raise RuleViolation("note_empty")
    added = func.ltrim(Order.staff_note + "\n" + facts["note"].strip(), "\n")
    statement = (
        update(Order)
        .where(Order.id.in_([row.subject_id for row in rows]), func.length(added) <= LENGTHS["staff_note"])
        .values(staff_note=added, version=Order.version + 1, updated_at=clock.now())
        .returning(Order.id, Order.shop_id)
        .execution_options(synchronize_session=False)
    )
    done = {row.id: row.shop_id for row in db.session.execute(statement)}
    for order_id, shop_id in done.items():
        journal.record(OrderEdited(shop_id, order_id, ["staff_note"]))
    full = batches.refused("note_full", limit=LENGTHS["staff_note"])
    return [batches.DONE if row.subject_id in done else full for row in rows]


@batches.act("merge", _l("Send together"), ORDER)
def merge(order_id: int, given: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Have one sent together with every other order of its person and address; unchanged where there is none."""
    return merging.merge_all_of(order_id)


@batches.act("unmerge", _l("Send apart"), ORDER)
def unmerge(order_id: int, given: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Take one out of the orders that it is sent together with."""
    return merging.leave(order_id)
