"""`flask api-key make`: a key for a program, for operators who set up a shop by script."""

from __future__ import annotations

from datetime import timedelta

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from app.api import callers
from app.api_keys import keys
from app.api_keys.scopes import Scope
from app.console import access
from app.kit import clock, context
from app.kit.db import transaction
from app.kit.errors import DomainError
from app.shops import shops

api_key = AppGroup("api-key", help="Keys of the REST API.")


@api_key.command("make")
@click.option("--shop", "code", required=True, help="Code of the shop.")
@click.option("--owner", "username", required=True, help="User name; the key never does more than they may.")
@click.option("--name", required=True, help="What uses the key.")
@click.option("--scope", "scopes", required=True, multiple=True, type=click.Choice([one.value for one in Scope]),
              help="May be given several times.")  # fmt: skip
@click.option("--days", type=click.IntRange(1, 3650), help="Works so many days; without it for good.")
def make(code: str, username: str, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a key and print its token, which is shown this once."""
    end = clock.now() + timedelta(days=days) if days else None
    wish = keys.Wish(name, frozenset(Scope(one) for one in scopes), end)
    with context.every_shop("which shop is meant"), force_locale("en"):
        try:
            token = _make(code, username, wish)
        except DomainError as error:
            raise click.ClickException(error.message()) from error
    click.echo(token)


def _make(code: str, username: str, wish: keys.Wish) -> str:
    shop = shops.by_code(code)
    owner = access.security_manager().find_user(username=username)
    if owner is None or not owner.is_active or shop.id not in {one.id for one in access.load_shops(owner)}:
        raise click.ClickException(f"{username} has no access to {code}.")
    grantable = callers.grantable(owner)
    with context.shops([shop.id]), context.acting(context.Actor("cli", "api-key")), transaction():
        _, token = keys.make(shop.id, owner.id, wish, grantable)
    return token
