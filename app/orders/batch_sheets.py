"""The rows of a bulk act as a workbook: what was asked, where it stood, what became of it and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask_babel import gettext

from app.kit import files, sheets
from app.kit.db import db
from app.kit.sheets import ColumnKind
from app.orders import batches
from app.orders.batch_models import Batch

CHUNK = 2_000


def write(batch: Batch, outcome: str, looks: Any) -> Path:
    """Write the rows of one outcome, or all, into a scratch file that the caller removes.

    `looks` are the badges of the outcomes and that of a row that was not tried; their last part is the word.
    """
    outcomes, left = looks
    act = batches.acts[batch.act]
    heads = [
        sheets.Column(gettext("Row"), ColumnKind.INTEGER),
        sheets.Column(gettext("Number")),
        sheets.Column(gettext("Status before")),
        sheets.Column(gettext("Result")),
        sheets.Column(gettext("Reason")),
    ]

    def rows() -> Iterator[list[Any]]:
        after = 0
        while found := batches.rows(batch_id, outcome, after, CHUNK):
            for row in found:
                state = str(act.subject.state_word(row.from_state)) if row.from_state else ""
                word = str((outcomes[row.outcome] if row.outcome else left)[-1])
                yield [row.position, row.label, state, word, batches.reason(row)]
            after = found[-1].position
            for row in found:
                db.session.expunge(row)

    batch_id, path = batch.id, files.scratch(".xlsx")
    try:
        sheets.write_sheet(rows(), heads, path, name=gettext("Results"))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path
