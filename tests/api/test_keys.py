"""API keys: shown once, kept as a hash, refused as soon as they or their owner may no more."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from app.api_keys import keys
from app.api_keys.models import ApiKey
from app.api_keys.scopes import Scope
from app.console.roles import Role
from app.kit import clock, context, history, journal, people
from app.kit.db import db, transaction
from app.kit.errors import NotFound, RuleViolation
from app.shops.models import ShopMember
from tests import factories as make
from tests.api.conftest import new_key

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_token_has_a_visible_beginning_and_256_random_bits_and_is_kept_as_its_hash() -> None:
    shop = make.shop()
    key, token = new_key(shop, make.staff(Role.MANAGER, shop))

    assert token.startswith(key.prefix + "_") and len(key.prefix) == 18 and len(token) == 18 + 1 + 43
    assert key.secret_hash == hashlib.sha256(token.encode()).hexdigest()
    everything = db.session.execute(text("select api_key::text from api_key")).scalars().all()
    told = db.session.execute(text("select facts::text from journal_entry")).scalars().all()
    assert not any(token[19:] in row for row in [*everything, *told])


def test_a_key_opens_its_shop_and_no_other(program) -> None:
    mine, theirs = make.shop(), make.shop()
    make.sku(mine, code="A-1")
    make.sku(theirs, code="B-1")
    erp = program(mine)

    assert [row["sku"] for row in erp.get("/skus")[1]["items"]] == ["A-1"]
    assert erp.get("/skus/B-1")[0] == 404


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "key_missing"),
        ("Basic eDp5", "key_missing"),
        ("Bearer ", "key_missing"),
        ("Bearer kd_live_x", "key_unknown"),
    ],
)
def test_without_a_good_key_the_answer_is_401(program, header: str, code: str) -> None:
    erp = program()

    status, body = erp.get("/skus", Authorization=header)

    assert (status, body["code"]) == (401, code)
    assert erp.last.headers["WWW-Authenticate"] == 'Bearer realm="Kuaidan"'


def test_one_wrong_character_of_the_secret_is_enough(program) -> None:
    erp = program()
    erp.token = erp.token[:-1] + ("A" if erp.token[-1] != "A" else "B")

    assert erp.get("/skus")[1]["code"] == "key_unknown"


def test_a_revoked_and_an_expired_key_are_refused(program, inside) -> None:
    erp = program()
    with clock.frozen(NOON), inside(), transaction() as session:
        session.get(ApiKey, erp.key_id).expires_at = NOON + timedelta(hours=1)
    with clock.frozen(NOON):
        assert erp.get("/skus")[0] == 200
    with clock.frozen(NOON + timedelta(hours=1)):
        assert erp.get("/skus")[1]["code"] == "key_expired"
    with inside(), transaction():
        keys.revoke(erp.key_id)
    with clock.frozen(NOON):
        assert erp.get("/skus")[1]["code"] == "key_revoked"


def test_a_key_ends_with_the_membership_of_its_owner(program) -> None:
    erp = program()
    with transaction() as session:
        session.execute(ShopMember.__table__.delete().where(ShopMember.user_id == erp.owner.id))

    status, body = erp.get("/skus")

    assert (status, body["code"]) == (401, "key_owner_gone")


def test_a_key_ends_when_its_owner_may_not_sign_in_any_more(program) -> None:
    erp = program()
    with transaction():
        erp.owner.active = False

    assert erp.get("/skus")[1]["code"] == "key_owner_gone"


def test_a_key_never_does_more_than_its_owner_may_today(app, program) -> None:
    erp = program()
    change = "/changes/1"
    assert erp.get(change)[0] == 404
    with transaction():
        erp.owner.roles = [app.appbuilder.sm.find_role(Role.AGENT.value)]

    assert erp.get("/skus")[0] == 200
    status, body = erp.get(change)
    assert (status, body["code"]) == (403, "owner_may_not")


def test_a_scope_that_the_key_lacks_is_403(program) -> None:
    status, body = program(None, Scope.CHANGES_READ).get("/skus")

    assert (status, body["code"], body["facts"]) == (403, "scope_missing", {"scope": "products:read"})


def test_the_last_use_is_noted_once_a_minute(program, inside) -> None:
    erp = program()

    def used() -> datetime:
        db.session.expire_all()
        with inside():
            return db.session.get(ApiKey, erp.key_id).last_used_at

    for seconds, noted in ((0, 0), (59, 0), (60, 60)):
        with clock.frozen(NOON + timedelta(seconds=seconds)):
            erp.get("/skus")
        assert used() == NOON + timedelta(seconds=noted)
    with inside():
        assert history.field_changes("api_key", erp.key_id) == []


def test_making_and_revoking_stand_in_the_history_without_secrets(inside) -> None:
    shop = make.shop()
    owner = make.staff(Role.MANAGER, shop)
    key, _ = new_key(shop, owner, Scope.PRODUCTS_READ)
    with context.shops([shop.id]), context.acting(context.Actor("staff", str(owner.id))), transaction():
        keys.revoke(key.id)
        keys.revoke(key.id)

    with inside():
        told = [(entry.event, entry.facts.get("scopes")) for entry in journal.timeline("api_key", key.id)]
        changes = history.field_changes("api_key", key.id)
    assert told == [("ApiKeyRevoked", None), ("ApiKeyMade", ["products:read"])]
    assert [list(change.changes) for change in changes] == [["revoked_at"]]


def test_another_shop_cannot_revoke_it() -> None:
    mine, theirs = make.shop(), make.shop()
    key, _ = new_key(mine, make.staff(Role.MANAGER, mine))

    with context.shops([theirs.id]), pytest.raises(NotFound), transaction():
        keys.revoke(key.id)
    with context.every_shop("test"):
        assert db.session.scalars(select(ApiKey.revoked_at)).one() is None


@pytest.mark.parametrize(
    ("name", "scopes", "days", "code"),
    [
        (" ", {Scope.PRODUCTS_READ}, 1, "key_name_missing"),
        ("x", set(), 1, "key_scopes_missing"),
        ("x", {Scope.CHANGES_UNDO}, 1, "key_scope_forbidden"),
        ("x", {Scope.PRODUCTS_READ}, 0, "key_expiry_past"),
    ],
)
def test_a_bad_wish_makes_no_key(name: str, scopes: set[Scope], days: int, code: str) -> None:
    shop = make.shop()
    wish = keys.Wish(name, frozenset(scopes), clock.now() + timedelta(days=days))

    with context.shops([shop.id]), pytest.raises(RuleViolation, match=code), transaction():
        keys.make(shop.id, 1, wish, {Scope.PRODUCTS_READ})
    with context.every_shop("test"):
        assert db.session.scalars(select(ApiKey)).all() == []


def test_who_acts_by_a_key_is_told_by_its_name() -> None:
    shop = make.shop()
    key, _ = new_key(shop, make.staff(Role.MANAGER, shop), name="Kingdee")

    from flask_babel import force_locale

    with force_locale("en"):
        assert people.name_of(f"key:{key.id}") == "API key Kingdee"
        assert people.name_of("key:0") == "API key #0"
    with force_locale("zh"):
        assert people.name_of(f"key:{key.id}") == "API 密钥 Kingdee"
