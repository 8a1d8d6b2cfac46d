"""`flask demo load`: the demo shops from the command line."""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import force_locale

from app.kit import context
from app.kit.errors import DomainError

demo = AppGroup("demo", help="Demonstration data.")
# What loads the shops is imported where it is used: web, workers and every other command start without it.
STEPS = {"reading": "Reading", "checking": "Checking", "writing": "Writing", "done": "Done"}


@demo.command("load")
@click.option("--if-empty", is_flag=True, help="Do nothing when there is any shop.")
@click.option("--small", is_flag=True, help="The first orders only; takes a second.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def load(if_empty: bool, small: bool, as_json: bool) -> None:
    """Load the demo shops `uk-giftware` (real, UCI Online Retail) and `kuaile` (invented), and their staff.

    Harmless when repeated: a shop that exists is left alone. An interrupted load leaves nothing behind.
    """
    from app.demo import loading

    if if_empty and not loading.is_empty():
        _tell({"shops": {}, "staff": [], "seconds": 0.0}, as_json)
        return
    _tell(_load(small), as_json)


@demo.command("sandbox")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--public-url", default="http://127.0.0.1:8000", help="Where the emulated gateways reach Kuaidan.")
@click.option("--off", is_flag=True, help="Switch the accounts off instead.")
def connect_sandbox(folder: Path, public_url: str, off: bool) -> None:
    """Connect the demo shops with the emulated payment gateways whose keys are in FOLDER. No real money."""
    from app.demo import sandbox

    with context.acting(context.Actor("cli", "demo")):
        done = sandbox.disconnect() if off else sandbox.connect(folder, public_url.rstrip("/"))
    click.echo(json.dumps({"accounts" if off else "shops": done}))


def _load(small: bool) -> dict[str, Any]:
    from app.demo import loading, staff

    started = time.monotonic()
    logging.getLogger("app.sql").setLevel(logging.ERROR)  # half a million lines in one statement are slow, and fine
    security = current_app.appbuilder.sm  # type: ignore[attr-defined]
    folder = Path(current_app.config["KUAIDAN_SAMPLE_DATA"])
    with context.acting(context.Actor("cli", "demo")), force_locale("en"):
        hired = staff.hire(security, Path(current_app.config["KUAIDAN_STATE_DIR"]))
        with click.progressbar(length=loading.STEPS, label="Demo shops", file=sys.stderr) as bar:

            def on_progress(done: int, step: str) -> None:
                bar.label = f"Demo shops: {STEPS.get(step, step)}"
                bar.update(max(done - bar.pos, 0))
                bar.render_progress()

            try:
                told = loading.load(folder, security, small=small, on_progress=on_progress)
            except DomainError as error:
                raise click.ClickException(error.message()) from error
    return {"shops": told, "staff": hired, "seconds": round(time.monotonic() - started, 1)}


def _tell(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    for code, facts in result["shops"].items():
        click.echo(f"{code}: " + ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in facts.items()))
    if not result["shops"]:
        click.echo("The demo shops are there already.")
    if result["staff"]:
        from app.demo import staff

        click.echo(f"Demo staff: {', '.join(result['staff'])}; passwords are in {staff.FILE} of the state folder.")
