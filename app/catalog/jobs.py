"""Jobs of the catalogue: carrying a change set out, or taking one back."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.catalog import (
    change_makings,
    change_rules,
    change_sets,
    change_undos,
    image_batches,
    image_sources,
    product_list,
    search_index,
)
from app.catalog.change_models import ChangeSet, ChangeSource
from app.kit import files, jobs
from app.kit.job_runs import Run
from app.shops import shops

KIND = "apply_change_set"
STEPS = {
    "locking": _l("Reserving the rows"),
    "checking": _l("Checking"),
    "recording": _l("Recording"),
    "writing": _l("Writing"),
}


@jobs.job(KIND, _l("Change of products"), link=lambda row: f"/changes/{row.arguments['change_set_id']}")
def apply_change_set(run: Run) -> dict[str, Any]:
    """Carry a wanted set out in one transaction; all of it, or after a cancel or a kill nothing."""
    with run.transaction():
        change_set = change_sets.get(int(run.arguments["change_set_id"]))
        steps = list(STEPS)

        def on_step(step: str) -> None:
            run.progress(steps.index(step), len(steps), gettext(str(STEPS[step])))

        if change_makings.is_making(change_set.rule):
            counts = change_makings.carry_out(change_set)
        elif change_set.has_lines:
            counts = change_sets.carry_out(change_set, on_step=on_step)
        else:
            counts = change_sets.apply(change_set, floor=_stage(change_set), on_step=on_step)
        run.check_cancelled()
    return dict(counts)


def want(change_set: ChangeSet) -> jobs.Job:
    """Want the job for a set, once; call it in the transaction that opens the set."""
    job = jobs.enqueue(KIND, change_set.shop_id, key=f"change_set:{change_set.id}", change_set_id=change_set.id)
    change_set.job_id = job.id
    return job


def is_ours(change_set: ChangeSet) -> bool:
    """Whether a set is carried out by this job; an import carries its own out while it has no lines."""
    return change_set.has_lines or change_set.source in (ChangeSource.FORMULA, ChangeSource.SCHEDULE, ChangeSource.UNDO)


def _stage(change_set: ChangeSet) -> int:
    """Fill `wanted` by the set's route; returns the floor for its prices."""
    if change_set.source is ChangeSource.UNDO:
        change_undos.stage_undo(change_set)
        return 0
    rule = change_rules.from_json(change_set.rule)
    shop = shops.get(change_set.shop_id)
    change_rules.stage(shop.id, rule, product_list.chosen(change_set.selection, shop))
    return rule.floor


@jobs.job("add_pictures", _l("Pictures in bulk"), link=lambda row: f"/products/images/{row.id}")
def add_pictures(run: Run) -> dict[str, Any]:
    """Read every picture, then hang all of them in one transaction; after a cancel or a kill none is."""
    path = files.path_of(str(run.arguments["file"]))
    if run.arguments["source"] == "zip":
        with image_sources.from_zip(path) as items:
            prepared = image_batches.prepare(run.shop_id, items, run.progress)
    else:
        items = image_sources.from_lines(path.read_text("utf-8"))
        prepared = image_batches.prepare(run.shop_id, items, run.progress)
    with run.transaction():
        rows = image_batches.add(prepared)
    added = sum(row.result == "ok" for row in rows)
    return {"file": image_batches.keep(rows), "added": added, "failed": len(rows) - added}


def want_pictures(shop_id: int, source: str, file: str) -> jobs.Job:
    """Want the pictures of a kept zip (`source` "zip") or list of addresses ("lines") added."""
    return jobs.enqueue("add_pictures", shop_id, key=f"pictures:{shop_id}:{file}", source=source, file=file)


@jobs.job(search_index.TIDY, _l("Tidy the search of products"))
def tidy_search(run: Run) -> dict[str, Any]:
    """Sort into the search indexes what a bulk write has left beside them."""
    with run.transaction() as session:
        return {"pages": search_index.tidy(session)}
