"""What we override of FAB 5.3: the internals are still there, and its holes stay closed."""

from __future__ import annotations

import inspect
import threading

import pytest
from flask_appbuilder import ModelView
from flask_appbuilder.baseviews import BaseCRUDView, BaseModelView
from flask_appbuilder.models.filters import Filters
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import func, select

from app.catalog.models import Category
from app.console.roles import Role
from app.kit import context
from app.kit.audit import FieldChange
from app.kit.db import db
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop(app):
    row = make.shop("tea")
    with context.shops([row.id]):
        yield row


@pytest.fixture
def manager(shop, sign_in):
    return sign_in(make.staff(Role.MANAGER, shop, name="lina"))


def names(shop):
    db.session.expire_all()
    with context.every_shop("test"):
        of_shop = select(Category.name).where(Category.shop_id == shop.id).order_by(Category.name)
        return db.session.scalars(of_shop).all()


def parameters(function):
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize(
    ("owner", "name", "takes"),
    [
        (BaseCRUDView, "_list", ["self", "kwargs"]),
        (BaseCRUDView, "_get_list_widget", ["self", "filters", "actions", "order_column", "order_direction"]),
        (BaseCRUDView, "_get_add_widget", ["self", "form"]),
        (BaseCRUDView, "_get_edit_widget", ["self", "form"]),
        (BaseCRUDView, "pre_add", ["self", "item"]),
        (BaseCRUDView, "pre_update", ["self", "item"]),
        (BaseCRUDView, "pre_delete", ["self", "item"]),
        (ModelView, "list", ["self"]),
        (ModelView, "add", ["self"]),
        (ModelView, "edit", ["self", "pk"]),
        (ModelView, "delete", ["self", "pk"]),
        (ModelView, "action_post", ["self"]),
        (ModelView, "get_action_permission_name", ["self", "name"]),
        (SQLAInterface, "query", ["self", "filters", "order_column", "order_direction", "page", "page_size"]),
        (SQLAInterface, "get", ["self", "id", "filters"]),
        (SQLAInterface, "add", ["self", "item", "commit"]),
        (SQLAInterface, "edit", ["self", "item", "commit"]),
        (SQLAInterface, "delete", ["self", "item", "commit"]),
        (SQLAInterface, "delete_all", ["self", "items"]),
        (SQLAInterface, "apply_filters", ["self", "query", "filters"]),
        (SQLAInterface, "apply_pagination", ["self", "query", "page", "page_size"]),
        (Filters, "clear_filters", ["self"]),
    ],
)
def test_the_internals_that_we_override_are_still_there(owner, name, takes) -> None:
    assert parameters(getattr(owner, name))[: len(takes)] == takes


def test_fab_still_keeps_its_filters_on_the_view() -> None:
    assert "self._filters = self.datamodel.get_filters(" in inspect.getsource(BaseModelView._init_properties)
    assert "get_joined_filters(self._base_filters)" in inspect.getsource(BaseCRUDView._get_list_widget)


def test_the_list_shows_own_categories_in_few_statements(shop, manager, count_sql) -> None:
    top = make.category(shop, "Tea ware")
    for number in range(20):
        make.category(shop, f"Pots {number:02}", parent_id=top.id)
    with context.every_shop("test"):
        make.category(make.shop(), "Foreign")

    with count_sql() as statements:
        page = manager.get("/categories/")

    assert page.status_code == 200, page.text
    assert len(statements) <= 10, statements
    assert "Pots 19" in page.text and "Foreign" not in page.text
    assert page.text.count("<td>Tea ware</td>") == 20


@pytest.mark.parametrize(
    "query",
    [
        "_oc_CategoryView=shop_id&_od_CategoryView=asc",
        "_oc_CategoryView=nothing&_od_CategoryView=asc",
        "_oc_CategoryView=parent&_od_CategoryView=asc",
        "_oc_CategoryView=name&_od_CategoryView=sideways",
        "page_CategoryView=x&psize_CategoryView=x",
        "page_CategoryView=-1&psize_CategoryView=-1",
        "_flt_0_shop_id=1",
        "_flt_9_name=x",
    ],
)
def test_odd_addresses_are_no_fault(shop, manager, query) -> None:
    make.category(shop, "Cups")

    assert manager.get(f"/categories/?{query}").status_code in (200, 404)


def test_a_page_size_is_one_of_ours(shop, manager) -> None:
    for number in range(30):
        make.category(shop, f"C{number:02}")

    assert manager.get("/categories/?psize_CategoryView=2000").text.count('name="rowid"') == 25
    assert manager.get("/categories/?psize_CategoryView=50").text.count('name="rowid"') == 30
    second = manager.get("/categories/?page_CategoryView=1&_oc_CategoryView=name&_od_CategoryView=asc")
    assert second.text.count('name="rowid"') == 5


def test_an_action_with_one_foreign_id_does_nothing_at_all(shop, manager, caplog) -> None:
    ours = [make.category(shop, name) for name in ("A", "B")]
    with context.every_shop("test"):
        other = make.shop()
        foreign = make.category(other, "Foreign")

    answer = manager.post(
        "/categories/action_post", data={"action": "remove", "rowid": [c.id for c in (*ours, foreign)]}
    )

    assert answer.status_code == 403
    assert names(shop) == ["A", "B"]
    assert names(other) == ["Foreign"]
    assert len([r for r in caplog.records if r.name == "app.security"]) == 1


def test_an_action_on_own_rows_goes_through(shop, manager) -> None:
    ours = [make.category(shop, name) for name in ("A", "B", "C")]

    answer = manager.post("/categories/action_post", data={"action": "remove", "rowid": [c.id for c in ours[:2]]})

    assert answer.status_code == 302
    assert names(shop) == ["C"]
    assert manager.post("/categories/action_post", data={"action": "zap", "rowid": [ours[2].id]}).status_code == 404
    assert manager.post("/categories/action_post", data={"action": "remove"}).status_code == 403
    assert names(shop) == ["C"]


def test_get_changes_nothing(shop, manager) -> None:
    row = make.category(shop, "Cups")

    assert manager.get(f"/categories/delete/{row.id}").status_code == 405
    assert manager.get(f"/categories/action/remove/{row.id}").status_code == 404
    assert names(shop) == ["Cups"]


def test_a_category_is_added_edited_and_deleted_with_its_history(shop, manager) -> None:
    top = make.category(shop, "Top")
    assert manager.get("/categories/add").status_code == 200
    added = manager.post("/categories/add", data={"name": "Cups", "parent": str(top.id), "position": "3"})
    assert added.status_code == 302, added.text
    with context.every_shop("test"):
        row = db.session.scalars(select(Category).where(Category.name == "Cups")).one()
    assert (row.shop_id, row.parent_id, row.position) == (shop.id, top.id, 3)

    form = manager.get(f"/categories/edit/{row.id}")
    assert 'name="version" value="1"' in form.text
    saved = manager.post(
        f"/categories/edit/{row.id}", data={"name": "Mugs", "parent": str(top.id), "position": "3", "version": "1"}
    )
    assert saved.status_code == 302
    assert names(shop) == ["Mugs", "Top"]
    with context.every_shop("test"):
        change = db.session.scalars(select(FieldChange)).one()
    assert change.changes == {"name": ["Cups", "Mugs"]}
    assert change.actor.startswith("staff:")

    assert manager.post(f"/categories/delete/{row.id}").status_code == 302
    assert names(shop) == ["Top"]


def test_a_stale_form_is_refused_naming_who(shop, manager) -> None:
    row = make.category(shop, "Cups")
    first = {"name": "Mugs", "position": "0", "version": "1"}
    assert manager.post(f"/categories/edit/{row.id}", data=first).status_code == 302

    stale = manager.post(f"/categories/edit/{row.id}", data=first | {"name": "Bowls"})

    assert stale.status_code == 409
    assert "Lina Test changed this" in stale.text
    assert names(shop) == ["Mugs"]


def test_faults_are_sentences_and_never_sql(shop, manager) -> None:
    top, cups = make.category(shop, "Top"), make.category(shop, "Cups")
    below = make.category(shop, "Below", parent_id=cups.id)
    with context.every_shop("test"):
        foreign = make.category(make.shop(), "Foreign")
    edit = {"name": "Cups", "position": "0", "version": "1"}

    again = manager.post("/categories/add", data={"name": "Top", "position": "0"})
    assert again.status_code == 409 and "There is one of that name already" in again.text
    cycle = manager.post(f"/categories/edit/{cups.id}", data=edit | {"parent": str(below.id)})
    assert cycle.status_code == 422 and "cannot stand below itself" in cycle.text
    used = manager.post(f"/categories/delete/{cups.id}")
    assert used.status_code == 409 and "Something still refers to this" in used.text
    blank = manager.post(f"/categories/edit/{top.id}", data={"name": "", "version": "1"})
    assert blank.status_code == 422 and "psycopg" not in blank.text
    assert manager.post(f"/categories/edit/{cups.id}", data=edit | {"parent": str(foreign.id)}).status_code == 422
    assert names(shop) == ["Below", "Cups", "Top"]


@pytest.mark.parametrize("who", ["anonymous", "agent", "auditor", "stranger"])
def test_a_denied_write_changes_nothing(shop, app, sign_in, who) -> None:
    row = make.category(shop, "Cups")
    client = {
        "anonymous": lambda: app.test_client(),  # noqa: PLW0108 - like the others
        "agent": lambda: sign_in(make.staff(Role.AGENT, shop)),
        "auditor": lambda: sign_in(make.staff(Role.AUDITOR, shop)),
        "stranger": lambda: sign_in(make.staff(Role.MANAGER, make.shop("other"))),
    }[who]()
    codes = [
        client.post(f"/categories/edit/{row.id}", data={"name": "X", "position": "0", "version": "1"}).status_code,
        client.post(f"/categories/delete/{row.id}").status_code,
        client.post("/categories/action_post", data={"action": "remove", "rowid": [row.id]}).status_code,
    ]

    assert codes == {"anonymous": [302] * 3, "agent": [403] * 3, "auditor": [403] * 3, "stranger": [404, 404, 403]}[who]
    assert names(shop) == ["Cups"]
    with context.every_shop("test"):
        assert db.session.scalar(select(func.count()).select_from(FieldChange)) == 0


def test_two_requests_never_share_their_filters(app) -> None:
    view = next(v for v in app.appbuilder.baseviews if type(v).__name__ == "CategoryView")
    seen = []

    def ask():
        with app.test_request_context("/categories/?_flt_0_name=x"):
            seen.append(view._filters)
            assert view._filters is view._filters

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({id(one) for one in seen}) == 4
    assert view._filters.get_filters_values() == []
