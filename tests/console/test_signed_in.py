"""Who is signed in is what the database says at each request, however often the same answer is made only once."""

from __future__ import annotations

import pytest
from flask_appbuilder.security.sqla.models import Group

from app.console import signed_in
from app.console.roles import Role
from app.kit import context
from app.kit.db import db, transaction
from app.shops import shops
from app.shops.models import ShopMember
from tests import factories as make


@pytest.fixture
def shop(app):
    return make.shop(name="Cups & Co")


def _role(name: Role):
    from flask import current_app

    return current_app.appbuilder.sm.find_role(name.value)


def test_a_role_taken_away_counts_at_the_next_request(shop, sign_in) -> None:
    person = make.staff(Role.MANAGER, shop)
    client = sign_in(person)
    assert client.get("/customers/").status_code == 200

    with transaction():
        person.roles = [_role(Role.MERCHANT)]

    assert client.get("/customers/").status_code == 403
    assert client.get("/products/").status_code == 200


def test_a_role_lent_by_a_group_counts_and_ends_with_it(shop, sign_in) -> None:
    person = make.staff(Role.MERCHANT, shop)
    client = sign_in(person)
    assert client.get("/customers/").status_code == 403

    with transaction() as session:
        group = Group(name="desk", roles=[_role(Role.AGENT)])
        session.add(group)
        person.groups = [group]
    assert client.get("/customers/").status_code == 200

    with transaction():
        person.groups = []
    assert client.get("/customers/").status_code == 403


def test_a_shop_is_seen_under_its_new_name_and_no_longer_without_membership(shop, sign_in) -> None:
    person = make.staff(Role.MANAGER, shop)
    client = sign_in(person)
    assert "Cups &amp; Co" in client.get("/orders/").text

    with transaction():
        shop.name = "Mugs"
    assert "Mugs" in client.get("/orders/").text

    with transaction() as session, context.every_shop("test"):
        session.query(ShopMember).where(ShopMember.user_id == person.id).delete()
    assert client.get("/orders/").status_code == 403


def test_somebody_locked_out_is_a_stranger_at_the_next_request(shop, sign_in) -> None:
    person = make.staff(Role.MANAGER, shop)
    client = sign_in(person)
    assert client.get("/orders/").status_code == 200

    with transaction():
        person.active = False

    assert client.get("/orders/").status_code == 302
    assert signed_in.find(person.id) is None


def test_an_administrator_sees_every_shop_and_others_theirs_by_name(shop) -> None:
    second = make.shop(name="Aprons")
    admin, manager = make.staff(Role.ADMINISTRATOR), make.staff(Role.MANAGER, shop)

    with transaction():
        shops.add_member(second.id, manager.id)

    seen = signed_in.find(manager.id)
    assert [(one.code, one.currency, one.created_at) for one in seen.shops] == [
        (one.code, one.currency, one.created_at) for one in (second, shop)
    ]
    assert {shop.id, second.id} <= {one.id for one in signed_in.find(admin.id).shops}
    assert not any(one in db.session for one in seen.shops)
