"""What the catalogue's page tests share: a shop, its people, and a look past the shop wall."""

from __future__ import annotations

import pytest

from app.console.roles import Role
from app.kit import context
from app.kit.db import db
from tests import factories as make


@pytest.fixture
def shop(app):
    """A Chinese shop, in whose scope the test runs until the first request ends."""
    row = make.shop("tea")
    with context.shops([row.id]):
        yield row


@pytest.fixture
def manager(shop, sign_in):
    """A client of a manager named Lina Test."""
    return sign_in(make.staff(Role.MANAGER, shop, name="lina"))


@pytest.fixture
def client_of(app, shop, sign_in):
    """`client_of("stranger")`: anonymous, agent (no permission), stranger (another shop's manager), manager."""

    def make_client(who: str):
        if who == "anonymous":
            return app.test_client()
        if who == "stranger":
            return sign_in(make.staff(Role.MANAGER, make.shop("other")))
        return sign_in(make.staff({"agent": Role.AGENT, "manager": Role.MANAGER}[who], shop))

    return make_client


@pytest.fixture
def look(app):
    """`look(read)`: what `read()` finds in the database now, in any shop."""

    def past_the_wall(read):
        db.session.expire_all()
        with context.every_shop("test"):
            return read()

    return past_the_wall
