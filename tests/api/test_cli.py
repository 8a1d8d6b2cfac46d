"""`flask api-key make`: a key by script, under the same rules as by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.api_keys.models import ApiKey
from app.console.roles import Role
from app.kit import clock, people
from app.kit.db import db
from app.kit.journal import JournalEntry
from tests import factories as make
from tests.api.conftest import count

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _run(app: Any, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["api-key", "make", *arguments])


def test_it_prints_a_token_that_works(app, inside) -> None:
    shop = make.shop("tea")
    make.staff(Role.MANAGER, shop, name="lina")
    with clock.frozen(NOON):
        result = _run(
            app, "--shop", "tea", "--owner", "lina", "--name", "ERP", "--scope", "products:read", "--days", "7"
        )
        token = result.output.strip().splitlines()[-1]
        answer = app.test_client().get("/api/v1/skus", headers={"Authorization": f"Bearer {token}"})

    assert (result.exit_code, answer.status_code) == (0, 200)
    with inside():
        key = db.session.query(ApiKey).one()
        made = db.session.query(JournalEntry).filter_by(event="ApiKeyMade").one()
    assert (key.name, key.scopes, key.expires_at) == ("ERP", ["products:read"], datetime(2026, 11, 30, 12, tzinfo=UTC))
    assert (made.actor, people.name_of(f"staff:{key.owner_id}")) == ("cli:api-key", "Lina Test")


@pytest.mark.parametrize(
    ("owner", "scope", "words"),
    [
        ("nobody", "products:read", "nobody has no access to tea."),
        ("stranger", "products:read", "stranger has no access to tea."),
        ("agent", "products:write", "You may not give “products:write” away"),
    ],
)
def test_it_gives_nobody_more_than_they_may(app, owner: str, scope: str, words: str) -> None:
    shop = make.shop("tea")
    make.staff(Role.MANAGER, make.shop(), name="stranger")
    make.staff(Role.AGENT, shop, name="agent")

    result = _run(app, "--shop", "tea", "--owner", owner, "--name", "ERP", "--scope", scope)

    assert (result.exit_code, words in result.output) == (1, True)
    assert count("api_key") == 0
