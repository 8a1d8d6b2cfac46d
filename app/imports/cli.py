"""`flask import`: products and past orders from the command line, by the same rules as the console."""

from __future__ import annotations

import json
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click
import yaml
from flask.cli import AppGroup
from flask_babel import force_locale

from app.imports import error_file, faults, intake, mapping, runs, tracking_results
from app.imports.models import ImportKind, ImportMode, ImportRun, ImportState, OnError
from app.kit import context, files, sheets
from app.kit.db import transaction
from app.kit.errors import DomainError, NotFound
from app.shops import shops
from app.shops.models import Shop

ERRORS_TOLD = 100
TOLD = ("rows", "created", "updated", "unchanged", "failed")
HELP = """Import {what} from FILE (.xlsx, .xls or .csv).

Columns are recognised by their Chinese or English header, or as the shop has mapped this header before.
--mapping names a YAML file of `field: header` lines, such as `sku_code: 货号`; then only those columns are taken.

Fields: {fields}

Exit status: 0 done, 1 nothing was committed because of errors, 2 wrong usage.
"""
imports = AppGroup("import", help="Import workbooks and CSV files.")


@dataclass(frozen=True)
class Asked:
    """What the command line says."""

    kind: ImportKind
    file: Path
    mapping: Path | None
    dry_run: bool
    on_error: OnError
    errors: Path | None
    mode: ImportMode
    as_json: bool


def _command(kind: ImportKind, what: str, fields: str) -> None:
    @imports.command(kind.value, help=HELP.format(what=what, fields=fields))
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--shop", "code", required=True, help="Code of the shop.")
    @click.option("--mapping", "mapping_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                  help="YAML file of `field: header`.")  # fmt: skip
    @click.option("--dry-run", is_flag=True, help="Do everything, then take it back.")
    @click.option("--on-error", type=click.Choice([one.value for one in OnError]), default="skip", show_default=True,
                  help="Bad rows: leave them out, stop at the first, or take all rows or none.")  # fmt: skip
    @click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="Error workbook to write.")
    @click.option("--mode", type=click.Choice([one.value for one in ImportMode]), default="both", show_default=True,
                  help="Rows wanted: new ones, known ones, or both.")  # fmt: skip
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
    def command(file: Path, code: str, mapping_file: Path | None, on_error: str, mode: str, **rest: Any) -> None:
        asked = Asked(kind, file, mapping_file, on_error=OnError(on_error), mode=ImportMode(mode), **rest)
        with context.every_shop("which shop is meant"):
            try:
                shop = shops.by_code(code)
            except NotFound as error:
                with force_locale("en"):
                    raise click.UsageError(error.message()) from error
        with context.shops([shop.id]), context.acting(context.Actor("cli", "import")), force_locale("en"):
            _carry_out(asked, shop)


def _carry_out(asked: Asked, shop: Shop) -> None:
    """Import, print, and end with the right status."""
    started = time.monotonic()
    run_id = 0
    try:
        with sheets.checking(asked.file, asked.file.name) as checking:
            run_id = _start(asked, shop)
            result = _run(asked, run_id, checking)
    except DomainError as error:
        if run_id:
            with transaction():
                runs.fail(runs.locked(run_id), error)
        _give_up(asked, error, time.monotonic() - started)
    run = runs.get(run_id)
    told = {key: result[key] for key in TOLD}
    told |= {"seconds": round(time.monotonic() - started, 3), "dry_run": asked.dry_run, "import_run": run_id}
    if result["not_reached"]:
        told["not_reached"] = result["not_reached"]
    told["errors"] = [
        {"row": one.row, "column": one.column, "code": one.code, "message": one.message, "value": one.value}
        for one in faults.page(run, limit=ERRORS_TOLD)
    ]
    if asked.kind is ImportKind.TRACKING:
        _ship(asked, result, told)
    if asked.errors and result["failed"]:
        error_file.write(run, asked.errors)
    _print(asked, told)
    if not asked.dry_run and run.state is not ImportState.DONE:
        sys.exit(1)


def _ship(asked: Asked, result: dict[str, Any], told: dict[str, Any]) -> None:
    """Send the parcels of a tracking file now, and add what became of them to what is told."""
    batch_id = result.get("notes", {}).get("batch")
    if asked.dry_run or not batch_id:
        told |= {"shipped": result["updated"], "refused": result["failed"]}
        return
    told |= {**tracking_results.carry_out(batch_id), "batch": batch_id}
    known = {one["row"] for one in told["errors"]}
    told["errors"] += tracking_results.late_faults(batch_id, known, ERRORS_TOLD)


def _start(asked: Asked, shop: Shop) -> int:
    """The run over a copy of the file. Raises UsageError for a mapping that does not fit."""
    seen = intake.look(asked.file, asked.file.name, is_checked=True)
    path = files.scratch(asked.file.suffix.lower()[:8])
    shutil.copyfile(asked.file, path)
    with transaction():
        run = intake.start(shop.id, asked.kind, path, asked.file.name, seen)
        run.mode = asked.mode
        if asked.mapping:
            run.mapping = _places(asked, run)
        return run.id


def _places(asked: Asked, run: ImportRun) -> mapping.Places:
    named = yaml.safe_load(asked.mapping.read_text(encoding="utf-8")) if asked.mapping else {}
    if not isinstance(named, dict) or not all(isinstance(text, str) for pair in named.items() for text in pair):
        raise click.UsageError(f"{asked.mapping} must hold lines of `field: header`.")
    try:
        return mapping.by_header(asked.kind, run.header, named)
    except DomainError as error:
        raise click.UsageError(error.message()) from error


def _run(asked: Asked, run_id: int, checking: sheets.FileCheck) -> dict[str, Any]:
    """The same two verbs as the console's jobs; nothing of it stays when the check of the file ends badly."""
    with transaction():
        run = runs.locked(run_id)
        run.state = ImportState.CHECKING if asked.dry_run else ImportState.COMMITTING
        result = runs.dry_run(run, _progress) if asked.dry_run else runs.commit(run, asked.on_error, _progress)
        checking.finish()
        return result


def _progress(done: int, step: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{step} {done:,}".ljust(40), nl=False, err=True)


def _give_up(asked: Asked, error: DomainError, seconds: float) -> NoReturn:
    if asked.as_json:
        zeros = dict.fromkeys(TOLD, 0)
        fault = {"code": error.code, "message": error.message()}
        click.echo(json.dumps({**zeros, "seconds": round(seconds, 3), "errors": [fault]}, ensure_ascii=False))
    else:
        click.echo(error.message(), err=True)
    sys.exit(1)


def _print(asked: Asked, told: dict[str, Any]) -> None:
    if asked.as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    if sys.stderr.isatty():
        click.echo("", err=True)
    if asked.dry_run:
        click.echo("Dry run: nothing was written.")
    click.echo(
        "{rows:,} rows: {created:,} created, {updated:,} updated, {unchanged:,} unchanged, {failed:,} refused "
        "in {seconds:.1f} s".format(**told)
    )
    for one in told["errors"]:
        click.echo(f"row {one['row']}, {one['column']}: {one['message']}")


PRODUCT_FIELDS = (
    "product_code, title, description, status, category, sku_code (required), barcode, price, compare_at, cost, "
    "stock, low_stock_limit; columns `Option: NAME` or `选项:NAME` are option values."
)
ORDER_FIELDS = (
    "number, code, quantity, placed_at, unit_price (these are required), title, customer, country, receiver, address."
)
_command(ImportKind.PRODUCTS, "products and their SKUs", PRODUCT_FIELDS)
TRACKING_FIELDS = (
    "number, carrier, tracking_no (these are required), code, quantity, serials, picked_up_at, waybill_carrier, "
    "waybill_number, waybill_address. The JSON also tells shipped, unchanged and refused rows."
)
_command(ImportKind.ORDERS, "past orders, one row a line", ORDER_FIELDS)
_command(ImportKind.TRACKING, "tracking numbers, one row a parcel of an order", TRACKING_FIELDS)
