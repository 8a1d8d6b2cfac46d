"""Staff, shops, one's own account: passwords shown once, the last administrator stays, denied writes do nothing."""

import re

import pytest
from sqlalchemy import select

from app.console import staff
from app.console.roles import Role
from app.console.staff import Person
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.shops.models import Shop, ShopMember
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
FAB_LEFTOVERS = ("/lang/en", "/back", "/api/v1/menu/", "/static/appbuilder/css/bootstrap.min.css")
LONG = "a short sentence is fine"


@pytest.fixture
def shop():
    return make.shop("tea", name="Tea House")


@pytest.fixture
def admin(shop):
    return make.staff(Role.ADMINISTRATOR, name="root")


@pytest.fixture
def client(admin, sign_in):
    return sign_in(admin)


def _form(**values):
    return {"username": "mei", "name": "Mei Li", "role": "Manager", "active": "y", **values}


def _user(username):
    return db.session.scalars(select(staff.User).where(staff.User.username == username)).one_or_none()


def test_a_new_person_gets_a_password_that_signs_them_in(shop, client, app) -> None:
    page = client.post("/staff/add", data=_form(shops=[shop.id])).text
    password = re.search(r"data-password>([^<]+)<", page).group(1)

    answer = app.test_client().post("/login/", data={"username": "mei", "password": password})

    assert answer.status_code == 302
    assert "/login" not in answer.location
    mei = _user("mei")
    assert staff.role_of(mei) is Role.MANAGER
    assert db.session.scalars(select(ShopMember.shop_id).where(ShopMember.user_id == mei.id)).all() == [shop.id]
    assert password not in client.get("/staff/").text


def test_a_wrong_password_is_told_plainly(admin, app) -> None:
    client = app.test_client()

    page = client.post(
        "/login/", data={"username": "root", "password": "no"}, headers={"Accept-Language": "en"}, follow_redirects=True
    ).text

    assert "Wrong user name or password." in page


@pytest.mark.parametrize(
    "wrong", [{"username": "a b"}, {"name": ""}, {"role": "Emperor"}, {"email": "nowhere"}, {"username": "ROOT"}]
)
def test_a_wrong_form_says_so_and_makes_nobody(client, wrong) -> None:
    before = len(staff.everybody())

    page = client.post("/staff/add", data=_form(**wrong))

    assert page.status_code == 200
    assert "data-password" not in page.text
    assert len(staff.everybody()) == before


def test_role_shops_and_lock_are_edited(shop, client) -> None:
    west = make.shop("west")
    mei = make.staff(Role.AGENT, shop, name="mei")

    client.post(f"/staff/{mei.id}", data={"name": "Mei", "role": "Auditor", "shops": [west.id]})

    db.session.expire_all()
    assert (staff.role_of(mei), mei.active, mei.first_name) == (Role.AUDITOR, False, "Mei")
    assert [one.code for one in staff.shops_of([mei.id])[mei.id]] == ["west"]


def test_the_last_administrator_stays(client, admin) -> None:
    for user in staff.everybody():
        if user.id != admin.id:
            user.active = False
    with pytest.raises(RuleViolation) as refused:
        staff.edit(admin.id, Person("Root", "", Role.MANAGER, frozenset()))

    assert refused.value.code == "last_administrator"
    client.post(f"/staff/{admin.id}", data={"name": "Root", "role": "Administrator"})
    db.session.expire_all()
    assert admin.active is True


def test_a_new_password_replaces_the_old_one(client, app) -> None:
    mei, old = staff.add("mei", Person("Mei", "", Role.AGENT, frozenset()))
    page = client.post(f"/staff/{mei.id}/password").text
    new = re.search(r"data-password>([^<]+)<", page).group(1)

    old_try = app.test_client().post("/login/", data={"username": "mei", "password": old})
    new_try = app.test_client().post("/login/", data={"username": "mei", "password": new})

    assert ("/login" in old_try.location, "/login" in new_try.location) == (True, False)


def test_ones_own_password_needs_the_present_one(sign_in) -> None:
    mei, present = staff.add("mei", Person("Mei", "", Role.AGENT, frozenset()))
    before, client = mei.password, sign_in(mei)
    tries = [
        {"old": "wrong", "new": LONG, "again": LONG},
        {"old": present, "new": "short", "again": "short"},
        {"old": present, "new": f"xx mei {LONG}", "again": f"xx mei {LONG}"},
        {"old": present, "new": LONG, "again": "another sentence"},
    ]
    for one in tries:
        client.post("/account/password", data=one)
        db.session.expire_all()
        assert mei.password == before, one

    client.post("/account/password", data={"old": present, "new": LONG, "again": LONG})

    db.session.expire_all()
    assert staff.check_password_hash(mei.password, LONG)


def test_a_shop_is_opened_once_and_edited_by_the_newest_reader(client) -> None:
    values = {"code": "west", "name": "West", "currency": "EUR", "time_zone": "Europe/Berlin", "locale": "en"}
    client.post("/shops/add", data=values)
    again = client.post("/shops/add", data=values)
    west = db.session.scalars(select(Shop).where(Shop.code == "west")).one()

    client.post(f"/shops/{west.id}", data={**values, "name": "Far West", "version": 1})
    stale = client.post(f"/shops/{west.id}", data={**values, "name": "Wild West", "version": 1})

    db.session.expire_all()
    assert "There is a shop with the code “west” already." in again.text
    assert (west.name, west.currency, west.version) == ("Far West", "EUR", 2)
    assert "Somebody changed this shop" in stale.text


def test_a_manager_reaches_none_of_it(shop, sign_in) -> None:
    client = sign_in(make.staff(Role.MANAGER, shop))

    codes = [client.get(path).status_code for path in ("/staff/", "/staff/add", "/shops/", "/shops/add")]
    codes.append(client.post("/staff/add", data=_form()).status_code)

    assert codes == [403] * 5
    assert _user("mei") is None


def test_no_page_of_fab_is_left(client) -> None:
    for path in (
        "/users/list/",
        "/roles/list/",
        "/resetmypassword/form",
        "/userinfoeditview/form",
        "/users/userinfo/",
        *FAB_LEFTOVERS,
    ):
        assert client.get(path).status_code == 404, path


def test_signing_out_needs_a_post(client) -> None:
    assert client.get("/logout/").status_code == 405
    assert client.get("/jobs/").status_code == 200
    client.post("/logout/")
    assert client.get("/jobs/").status_code == 302
