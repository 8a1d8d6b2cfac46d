"""The page of API keys: make one and see it once, list, revoke; only for those who may, in their shop."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from app.api_keys.models import ApiKey
from app.api_keys.scopes import Scope
from app.console.roles import Role
from app.kit import clock
from app.kit.db import db
from tests import factories as make
from tests.api.conftest import count, new_key

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WISH = {"name": "ERP", "scopes": ["products:read", "products:write"], "expires": "2026-12-31"}


def test_a_new_key_is_shown_once_and_works(app, sign_in, inside) -> None:
    shop = make.shop(time_zone="Asia/Shanghai")
    make.sku(shop, code="A-1")
    client = sign_in(make.staff(Role.MANAGER, shop))
    with clock.frozen(NOON):
        page = client.post("/api-keys/add", data=WISH).text
        token = re.search(r'value="(kd_live_[^"]+)"', page).group(1)
        answer = app.test_client().get("/api/v1/skus/A-1", headers={"Authorization": f"Bearer {token}"})

    assert answer.json["sku"] == "A-1"
    with inside():
        key = db.session.get(ApiKey, 1) or db.session.query(ApiKey).one()
        assert key.scopes == ["products:read", "products:write"]
        assert key.expires_at == datetime(2026, 12, 31, 16, tzinfo=UTC)
    listed = client.get("/api-keys/").text
    assert key.prefix in listed and token not in listed and token not in client.get(f"/api-keys/{key.id}").text


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"scopes": []}, {"scopes": ["everything"]}, {"expires": "2020-01-01"}]
)
def test_a_form_that_is_not_right_makes_no_key(sign_in, change) -> None:
    client = sign_in(make.staff(Role.MANAGER, make.shop()))

    assert client.post("/api-keys/add", data=WISH | change).status_code == 200
    assert count("api_key") == 0


@pytest.mark.parametrize("role", [Role.MERCHANT, Role.AGENT, Role.AUDITOR])
def test_others_can_neither_make_nor_revoke(sign_in, role: Role) -> None:
    shop = make.shop()
    key, _ = new_key(shop, make.staff(Role.MANAGER, shop))
    client = sign_in(make.staff(role, shop))

    assert client.post("/api-keys/add", data=WISH).status_code == 403
    assert client.post(f"/api-keys/{key.id}/revoke").status_code == 403
    db.session.refresh(key)
    assert (count("api_key"), key.revoked_at) == (1, None)


def test_a_manager_of_another_shop_sees_and_revokes_nothing(sign_in) -> None:
    shop = make.shop()
    key, _ = new_key(shop, make.staff(Role.MANAGER, shop), name="Secret project")
    client = sign_in(make.staff(Role.MANAGER, make.shop()))

    assert "Secret project" not in client.get("/api-keys/").text
    assert client.get(f"/api-keys/{key.id}").status_code == 404
    assert client.post(f"/api-keys/{key.id}/revoke").status_code == 404
    db.session.refresh(key)
    assert key.revoked_at is None


def test_revoking_ends_it_at_once(program, sign_in) -> None:
    erp = program(None, Scope.PRODUCTS_READ)
    client = sign_in(make.staff(Role.MANAGER, erp.shop))

    assert client.post(f"/api-keys/{erp.key_id}/revoke").status_code == 302
    assert erp.get("/skus")[1]["code"] == "key_revoked"
    page = client.get(f"/api-keys/{erp.key_id}").text
    assert "Revoked" in page and "ERP" in page


def test_the_page_of_the_api_has_every_route_and_a_command_to_try(sign_in) -> None:
    page = sign_in(make.staff(Role.MANAGER, make.shop())).get("/api/docs/").text

    for text in ("GET /api/v1/skus/{code}", "changes:undo", "curl &#39;http://localhost/api/v1/skus&#39;"):
        assert text in page
