"""The command line: the same verbs as the console, for people who script."""

from __future__ import annotations

import json
import secrets
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade

from app.console.roles import Role
from app.kit import context
from app.kit.db import db
from app.shops import shops


def init_app(app: Flask) -> None:
    """Register the commands."""
    from app.api_keys.cli import api_key
    from app.demo.cli import demo
    from app.imports.cli import imports
    from app.insights.cli import report

    app.cli.add_command(api_key)
    app.cli.add_command(demo)
    app.cli.add_command(imports)
    app.cli.add_command(prepare)
    app.cli.add_command(report)


@click.command("prepare")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def prepare(as_json: bool) -> None:
    """Bring tables, permissions, roles and the first administrator up to date; harmless when repeated."""
    upgrade()
    _permissions()
    result = _first_administrator()
    with context.every_shop("is there anything to show"):
        result["demo"] = not shops.any_exists()
    click.echo(json.dumps(result) if as_json else _sentence(result))


def _permissions() -> None:
    appbuilder = current_app.appbuilder  # type: ignore[attr-defined]
    appbuilder.sm._create_db()  # `create_db` does nothing while FAB_CREATE_DB is off
    appbuilder.add_permissions(update_perms=True)


def _first_administrator() -> dict[str, Any]:
    """Make `admin` with a password shown once, unless there are staff already."""
    manager = current_app.appbuilder.sm  # type: ignore[attr-defined]
    if manager.count_users():
        return {"created": False}
    password = secrets.token_urlsafe(12)
    role = manager.find_role(Role.ADMINISTRATOR.value)
    if not manager.add_user("admin", "Admin", "Kuaidan", "admin@localhost", role, password):
        raise click.ClickException("The administrator could not be created; see the log above.")
    db.session.remove()
    return {"created": True, "username": "admin", "password": password}


def _sentence(result: dict[str, Any]) -> str:
    if result["created"]:
        return f"Administrator {result['username']} with the one-time password {result['password']}"
    return "Ready."
