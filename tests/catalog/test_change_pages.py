"""The pages of limits and approvals: who may do what, and what they say."""

from __future__ import annotations

import re

import pytest

from app.catalog import change_limits
from app.catalog.change_limits import Limits
from app.catalog.models import Sku
from app.console.roles import Role
from app.kit.db import db
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


def test_only_an_administrator_sets_the_limits(shop, sign_in, look) -> None:
    typed = {"cut": "12.5", "rows": "500"}
    manager, administrator = (sign_in(make.staff(role, shop)) for role in (Role.MANAGER, Role.ADMINISTRATOR))

    assert manager.post("/changes/limits/", data=typed).status_code == 403
    assert look(lambda: change_limits.of(shop.id)) == Limits()
    bad = administrator.post("/changes/limits/", data={"cut": "0", "rows": "x"})
    assert bad.status_code == 422 and "is not a whole number" in bad.text
    assert administrator.post("/changes/limits/", data=typed).status_code == 302
    assert look(lambda: change_limits.of(shop.id)) == Limits(125_000, 500, below_cost=False)
    assert 'value="12.5"' in manager.get("/changes/limits/").text


def test_the_pages_of_a_change_that_waits(shop, sign_in, run_jobs, look) -> None:
    sku = make.sku(shop, price_minor=1000)
    wei, mina = (
        sign_in(make.staff(role, shop, name=name)) for role, name in ((Role.MANAGER, "wei"), (Role.MANAGER, "mina"))
    )
    clerk = sign_in(make.staff(Role.MERCHANT, shop))
    typed = {"field": "price_minor", "how": "percent", "amount": "-35", "ids": [str(sku.product_id)]}
    page = wei.post("/products/bulk/preview", data=typed).location
    assert "1 price falls by 30 % or more within 24 hours; the deepest cut is 35 %." in wei.get(page).text

    wei.post(page + "/confirm")
    assert run_jobs() == []
    seen = mina.get(page).text
    seal = {"hash": re.search(r'name="hash" value="(\w+)"', seen)[1]}
    assert "Withdraw the request" in wei.get(page).text and "Withdraw" not in seen
    assert [client.post(page + "/approve", data=seal).status_code for client in (wei, clerk)] == [403, 403]
    assert mina.post(page + "/withdraw").status_code == 404
    assert look(lambda: db.session.get(Sku, sku.id).price_minor) == 1000

    mina.post(page + "/approve", data={**seal, "note": "sale week"})
    assert run_jobs() == ["done"]
    assert look(lambda: db.session.get(Sku, sku.id).price_minor) == 650
    assert "Approved by Mina" in wei.get(page).text and "sale week" in wei.get(page).text
