"""The result of every row of a tracking file: the batch that ships them, and how it went."""

from __future__ import annotations

from typing import Any

from app.fulfilment import batch_acts
from app.imports import faults
from app.imports.staging import Stage
from app.kit.db import transaction
from app.orders import batch_work, batches
from app.orders.batch_models import Batch
from app.orders.batches import Row


def propose(stage: Stage) -> Batch:
    """A batch of all rows that were reached, in the order of the file; refused ones have their outcome already."""
    rows = stage.run(_ROWS, not_reached=faults.NOT_REACHED).all()
    wanted = [Row(row.order_id or 0, (row.number or "–")[:120], {**(row.given or {}), "row": row.row}) for row in rows]
    facts = {"file": stage.file_name, "import_run": stage.run_id}
    batch = batches.propose(stage.shop.id, batch_acts.SHIP, wanted, facts, key=f"import:{stage.run_id}")
    refused = [place for place, row in enumerate(rows, 1) if row.err_code]
    values = {"batch_id": batch.id, "places": refused}
    stage.run(_REFUSE, **values)
    batch.refused = len(refused)
    stage.session.flush()
    return batch


def carry_out(batch_id: int) -> dict[str, int]:
    """Ship now instead of waiting for a worker; gives how many rows were shipped, unchanged and refused."""
    while True:
        with transaction():
            batch = batch_work.step(batch_id)
            counts = {"shipped": batch.done, "unchanged": batch.unchanged, "refused": batch.refused}
            if not batch.is_live:
                return counts


def late_faults(batch_id: int, known: set[int], limit: int) -> list[dict[str, Any]]:
    """Rows that were refused while shipping and not by the check before: by file row, with code and sentence."""
    found = []
    for row in batches.rows(batch_id, "refused", limit=limit):
        place = int((row.given or {}).get("row", 0))
        if place not in known:
            told = {"row": place, "column": "", "code": row.code, "message": batches.reason(row), "value": row.label}
            found.append(told)
    return found


_ROWS = """
select s.row, s.number, s.err_code, coalesce(t.order_id, o.id) as order_id, t.given
from staged s left join tracking_row t using (row) left join orders o on o.shop_id = :shop_id and o.number = s.number
where (s.err_code is null and t.row is not null) or s.err_code <> :not_reached order by s.row
"""
_REFUSE = """
update batch_row b set outcome = 'refused', code = s.err_code, facts = coalesce(s.err_facts, '{}'::jsonb)
from staged s
where b.batch_id = :batch_id and b.shop_id = :shop_id and b.position = any(cast(:places as int[]))
    and s.row = (b.given ->> 'row')::int"""
