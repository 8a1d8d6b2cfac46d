"""`flask report`: reports from the command line, by the same verb as the job."""

from __future__ import annotations

import json
import os
import time
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from app.insights import reports, settlement, spans, workbook
from app.insights.metrics import Sales
from app.kit import context
from app.kit.db import transaction
from app.kit.errors import DomainError
from app.kit.money import Money
from app.shops import shops

report = AppGroup("report", help="Reports as workbooks.")


@report.command("sales")
@click.option("--shop", "code", required=True, help="Code of the shop.")
@click.option("--from", "first", required=True, help="First day, such as 2011-12-01, in the shop's zone.")
@click.option("--to", "last", required=True, help="Last day, included.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Workbook to write.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def sales(code: str, first: str, last: str, out: Path, as_json: bool) -> None:
    """Write the sales workbook of a span of days; amounts in major units, refunds negative."""
    started = time.monotonic()
    with force_locale("en"):
        try:
            made = _make(code, spans.day(first), spans.day(last), out)
        except DomainError as error:
            raise click.ClickException(error.message()) from error
        except OSError as error:
            raise click.ClickException(f"{out} cannot be written: {error.strerror}") from error
    result = {**told(made), "file": str(out), "seconds": round(time.monotonic() - started, 2)}
    click.echo(json.dumps(result) if as_json else "\n".join(f"{key}: {value}" for key, value in result.items()))


def _make(code: str, first: date, last: date, out: Path) -> Sales:
    """The workbook is written beside `out` and moved there when it is whole."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    who = context.Actor("cli", "report")
    with context.every_shop("the command line serves every shop"), context.acting(who):
        shop = shops.by_code(code)
        try:
            with force_locale(shop.locale), transaction():
                about = workbook.About(shop.name, "flask report sales")
                made = reports.produce(spans.of(shop, first, last), about, part)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
    return made


def _channels(made: Sales) -> dict[str, dict[str, Any]]:
    """Money through channels, by currency; the days are in the workbook."""
    return {
        one.currency: {
            **{key: str(Money(getattr(one, f"{key}_minor"), one.currency)) for key in settlement.MONEY},
            "open_differences": one.differences,
        }
        for one in made.settlement.totals
    }


def told(made: Sales) -> dict[str, Any]:
    """The figures for programs: amounts as decimal strings in major units."""
    whole, currency = made.totals, made.span.currency
    amounts = {
        "gross": whole.gross_minor,
        "refunds": whole.refunds_minor,
        "adjustments": whole.adjustments_minor,
        "net": whole.net_minor,
        "average_order_value": whole.average_minor or 0,
    }
    return {
        **{name: str(Money(minor, currency)) for name, minor in amounts.items()},
        "currency": currency,
        "orders": whole.orders,
        "customers": whole.customers,
        "units": whole.units,
        **({"channels": _channels(made)} if made.settlement.rows else {}),
        "as_of": made.as_of.isoformat(timespec="seconds"),
    }
