"""Jobs of stock: the proof of a shop."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.kit import jobs
from app.kit.job_runs import Run
from app.stock import proof


@jobs.job(proof.KIND, _l("Proof of the stock"), link=lambda row: "/stock/proof")
def prove_stock(run: Run) -> dict[str, Any]:
    """Recount the shop's stock; twice in a row finds the same."""
    with run.transaction():
        return {"found": proof.prove(run.shop_id)}
