"""Two tabs on two shops: what a page asks and sends is about the shop that it shows."""

import pytest

from app.console.roles import Role
from app.kit import context
from app.kit.db import db
from app.orders import settings
from app.orders.batch_models import Batch
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shops():
    return make.shop(code="first", name="First"), make.shop(code="second", name="Second")


@pytest.fixture
def manager(shops, sign_in):
    return sign_in(make.staff(Role.MANAGER, *shops))


def test_a_bulk_act_goes_to_the_shop_of_its_page_after_another_tab_has_switched(shops, manager) -> None:
    order = make.order(shops[0])
    manager.get("/orders/?shop=second")

    made = manager.post(
        "/orders/tag", data={"_shop": "first", "ids": [order.id], "tags": "gift", "key": "k1"}, follow_redirects=True
    )

    assert made.status_code == 200
    with context.every_shop("test"):
        assert [(one.shop_id, one.total) for one in db.session.query(Batch)] == [(shops[0].id, 1)]
    assert '<meta name="shop" content="first">' in made.text


def test_settings_are_saved_for_the_shop_of_their_page(shops, manager) -> None:
    manager.get("/orders/settings/?shop=second")

    manager.post("/orders/settings/", data={"_shop": "first", "promise": "72"})

    with context.every_shop("test"):
        assert [settings.of(shop.id).promise_hours for shop in shops] == [72, 48]


def test_what_a_script_of_a_page_asks_switches_no_other_tab(shops, manager) -> None:
    make.order(shops[0], number="SO-1")
    manager.get("/orders/?shop=second")

    asked = manager.get("/orders/counts", headers={"X-Shop": "first"}).json

    assert asked["total"] == 1
    assert manager.get("/orders/counts").json["total"] == 0


@pytest.mark.parametrize("way", ["header", "form"])
def test_the_shop_of_a_page_that_one_may_not_see_is_not_there(shops, manager, way) -> None:
    stranger = make.shop(code="third")

    if way == "header":
        answer = manager.get("/orders/counts", headers={"X-Shop": "third"})
    else:
        answer = manager.post("/orders/settings/", data={"_shop": "third", "promise": "72"})

    assert answer.status_code == 404
    with context.every_shop("test"):
        assert [settings.of(shop.id).promise_hours for shop in (*shops, stranger)] == [48, 48, 48]
