"""Bulk changes through the pages: form, preview that writes nothing, confirm, job, undo; denials change nothing."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import func, select

from app.catalog import jobs as catalog_jobs
from app.catalog.change_models import ChangeLine, ChangeSet, ChangeState
from app.catalog.models import Product, ProductStatus, Sku
from app.console.roles import Role
from app.kit import context
from app.kit.audit import FieldChange
from app.kit.db import db, transaction
from app.kit.job_runs import Cancelled, Run
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
A1 = [9990, 10000, 12345, 199, 105, 1]
CUT = {"field": "price_minor", "how": "percent", "amount": "-10"}


@pytest.fixture
def skus(shop):
    return [make.sku(shop, code=f"K{n}", price_minor=price) for n, price in enumerate(A1)]


def look(read):
    """What `read()` finds in the database now."""
    db.session.expire_all()
    with context.every_shop("test"):
        return read()


def sets():
    return look(lambda: db.session.scalars(select(ChangeSet).order_by(ChangeSet.id)).all())


def status_of(product_id):
    return look(lambda: db.session.get(Product, product_id).status)


def prices(skus):
    return look(lambda: [db.session.get(Sku, sku.id).price_minor for sku in skus])


def hidden(page, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return found[1].replace("&#34;", '"')


def previewed(client, path="/products/bulk/preview", **data):
    """The page of the draft that a rule gives."""
    answer = client.post(path, data=data)
    assert answer.status_code == 302, answer.text
    return client.get(answer.location)


def confirm(client, page):
    return client.post(page.request.path + "/confirm")


def test_a1_and_a2_through_the_pages(shop, skus, manager, run_jobs) -> None:
    chosen = {"selection": "matching", "query": "tab=on_sale"}
    sent = manager.post("/products/bulk/", data=chosen)
    assert sent.status_code == 303
    form = manager.get(sent.location)
    assert form.status_code == 200

    preview = previewed(manager, **CUT, chosen=hidden(form.text, "chosen"))
    assert preview.status_code == 200, preview.text
    for before, after in zip(
        ("¥99.90", "¥100.00", "¥123.45", "¥1.99", "¥1.05"),
        ("¥89.91", "¥90.00", "¥111.11", "¥1.79", "¥0.95"),
        strict=True,
    ):
        assert before in preview.text and after in preview.text
    assert "Change 5 values" in preview.text
    assert prices(skus) == A1
    assert [one.state for one in sets()] == [ChangeState.DRAFT]

    asked = confirm(manager, preview)
    assert asked.status_code == 302
    assert prices(skus) == A1
    assert run_jobs() == ["done"]
    assert prices(skus) == [8991, 9000, 11111, 179, 95, 1]
    assert look(lambda: db.session.scalar(select(func.count()).select_from(FieldChange))) == 5
    page = manager.get(asked.location)
    assert "¥111.11" in page.text and "Applied" in page.text and "Lina" in page.text

    mina = make.staff(Role.MANAGER, shop, name="mina")
    with context.acting(context.Actor("staff", str(mina.id))), context.shops([shop.id]), transaction():
        db.session.get(Sku, skus[2].id).price_minor = 11500
    undo = manager.post(asked.location + "/undo")
    assert run_jobs() == ["done"]
    assert prices(skus) == [9990, 10000, 11500, 199, 105, 1]
    page = manager.get(undo.location)
    assert "changed by somebody afterwards" in page.text
    assert "Mina" in page.text
    assert manager.get("/changes/").status_code == 200


def test_a_second_run_of_the_job_is_a_no_op(shop, skus, manager, run_jobs) -> None:
    confirm(manager, previewed(manager, **CUT, ids=[str(s.product_id) for s in skus]))
    run_jobs()
    with context.shops([shop.id]), transaction():
        catalog_jobs.want(db.session.scalars(select(ChangeSet)).one())

    assert run_jobs() == ["done"]
    assert prices(skus) == [8991, 9000, 11111, 179, 95, 1]


def test_status_of_many_moves_with_preview_and_undo(shop, manager, run_jobs) -> None:
    on_sale = make.sku(shop).product_id
    draft = make.product(shop, status=ProductStatus.DRAFT).id

    preview = previewed(manager, "/products/bulk/off-shelf", ids=[str(on_sale), str(draft)])
    assert "this status cannot follow the present one" in preview.text
    asked = confirm(manager, preview)
    run_jobs()
    assert status_of(on_sale) is ProductStatus.OFF_SHELF
    assert status_of(draft) is ProductStatus.DRAFT

    manager.post(asked.location + "/undo")
    run_jobs()
    assert status_of(on_sale) is ProductStatus.ON_SALE


def test_the_form_says_what_cannot_be_read(skus, manager) -> None:
    ids = {"ids": [str(skus[0].product_id)]}
    for typed, words in (
        ({"field": ""}, "Choose what to change."),
        ({"field": "price_minor", "how": "set", "amount": "1.234"}, "CNY takes at most 2 decimals."),
        ({"field": "price_minor", "how": "set", "amount": "abc"}, "“abc” is not an amount."),
        ({"field": "price_minor", "how": "set", "amount": "-1"}, "It cannot be below zero."),
        ({"field": "stock_on_hand", "how": "plus", "amount": "1.5"}, "“1.5” is not a whole number."),
        ({"field": "price_minor", "how": "percent", "amount": "x"}, "is not a percentage"),
        ({"field": "price_minor", "how": "copy", "source": "stock_on_hand"}, "Choose another field"),
        ({"field": "price_minor", "how": "round"}, "Choose how to change it."),
        ({"field": "price_minor", "rounding": "step", "step": "0"}, "The step must be more than zero."),
    ):
        answer = manager.post("/products/bulk/preview", data={**ids, **typed})
        assert answer.status_code == 422
        assert words in answer.text, (typed, words)


@pytest.mark.parametrize("form", ["/products/bulk/", "/products/copies/", "/price-windows/new/"])
def test_a_form_has_an_address_that_a_reload_and_back_ask_for_again(shop, skus, manager, form) -> None:
    ticked = sorted({sku.product_id for sku in skus})[:2]

    sent = manager.post(form, data={"ids": [str(one) for one in ticked], "query": "?q=x"})
    page = manager.get(sent.location)

    assert (sent.status_code, page.status_code) == (303, 200)
    assert json.loads(hidden(page.text, "chosen")) == {"ids": ticked}


@pytest.mark.parametrize("path", ["/products/bulk/", "/products/bulk/preview", "/products/bulk/off-shelf"])
def test_one_foreign_id_refuses_the_whole_request(shop, skus, manager, path, caplog) -> None:
    with context.every_shop("test"):
        foreign = make.sku(make.shop())

    answer = manager.post(path, data={**CUT, "ids": [str(skus[0].product_id), str(foreign.product_id)]})

    assert answer.status_code == 403
    assert len([r for r in caplog.records if r.name == "app.security"]) == 1


def cut(client, skus):
    """Ten percent off, previewed and confirmed."""
    return confirm(client, previewed(client, **CUT, ids=[str(sku.product_id) for sku in skus]))


@pytest.mark.parametrize("who", ["anonymous", "agent", "stranger", "manager"])
def test_only_those_who_may_change_in_bulk(shop, skus, who, app, sign_in, manager, run_jobs) -> None:
    draft = previewed(manager, **CUT, ids=[str(sku.product_id) for sku in skus])
    clients = {
        "anonymous": app.test_client,
        "agent": lambda: sign_in(make.staff(Role.AGENT, shop)),
        "stranger": lambda: sign_in(make.staff(Role.MANAGER, make.shop("other"))),
        "manager": lambda: sign_in(make.staff(Role.MANAGER, shop)),
    }
    client = clients[who]()

    wished = client.post("/products/bulk/preview", data={**CUT, "ids": [str(sku.product_id) for sku in skus]})
    answer = confirm(client, draft)
    run_jobs()

    allowed = who == "manager"
    assert wished.status_code == {"anonymous": 302, "agent": 403, "stranger": 403, "manager": 302}[who]
    assert answer.status_code == {"anonymous": 302, "agent": 403, "stranger": 404, "manager": 302}[who]
    assert prices(skus) == ([8991, 9000, 11111, 179, 95, 1] if allowed else A1)
    assert len(sets()) == 1 + int(allowed)


@pytest.mark.parametrize("who", ["anonymous", "agent", "stranger"])
def test_only_those_who_may_undo(shop, skus, who, app, sign_in, manager, run_jobs) -> None:
    cut(manager, skus)
    run_jobs()
    [change_set] = sets()
    clients = {
        "anonymous": app.test_client,
        "agent": lambda: sign_in(make.staff(Role.AGENT, shop)),
        "stranger": lambda: sign_in(make.staff(Role.MANAGER, make.shop("other"))),
    }
    client = clients[who]()

    assert (
        client.post(f"/changes/{change_set.id}/undo").status_code
        == {"anonymous": 302, "agent": 403, "stranger": 404}[who]
    )
    assert run_jobs() == []
    assert [one.state for one in sets()] == [ChangeState.APPLIED]
    if who == "stranger":
        assert client.get(f"/changes/{change_set.id}").status_code == 404


def test_a_cancelled_change_writes_nothing_and_can_be_tried_again(shop, skus, manager, run_jobs) -> None:
    asked = cut(manager, skus)
    job_id = sets()[0].job_id
    manager.post(f"/jobs/{job_id}/cancel")
    assert run_jobs() == []
    page = manager.get(asked.location)
    assert page.status_code == 200 and "The job ended without writing anything." in page.text

    manager.post(asked.location + "/again")
    assert run_jobs() == ["done"]
    assert prices(skus)[0] == 8991
    assert manager.post(asked.location + "/again").status_code == 404


def test_a_damaged_selection_is_refused(skus, manager) -> None:
    for chosen in ("[]", "{", '{"ids": []}'):
        assert manager.post("/products/bulk/preview", data={**CUT, "chosen": chosen}).status_code == 422
    assert sets() == []


def test_a_discarded_preview_leaves_nothing(skus, manager) -> None:
    draft = previewed(manager, **CUT, ids=[str(sku.product_id) for sku in skus])

    answer = manager.post(draft.request.path + "/discard")

    assert answer.location == "/products/"
    assert sets() == []
    assert look(lambda: db.session.scalar(select(func.count()).select_from(ChangeLine))) == 0
    assert manager.get(draft.request.path).status_code == 404


def test_what_is_confirmed_cannot_be_discarded(skus, manager) -> None:
    asked = cut(manager, skus)

    manager.post(asked.location + "/discard")

    assert [one.state for one in sets()] == [ChangeState.QUEUED]


def test_a_row_that_changed_between_preview_and_job_is_left_alone_and_can_be_tried_again(
    shop, skus, manager, run_jobs
) -> None:
    asked = cut(manager, skus)
    mina = make.staff(Role.MANAGER, shop, name="mina")
    with context.acting(context.Actor("staff", str(mina.id))), context.shops([shop.id]), transaction():
        db.session.get(Sku, skus[2].id).price_minor = 11500
    run_jobs()

    assert prices(skus) == [8991, 9000, 11500, 179, 95, 1]
    page = manager.get(asked.location + "?outcome=stale")
    assert "changed by somebody since the preview" in page.text and "Mina" in page.text

    again = manager.get(manager.post(asked.location + "/retry").location)
    assert "¥103.50" in again.text and "Change 1 value" in again.text
    confirm(manager, again)
    run_jobs()
    assert prices(skus) == [8991, 9000, 10350, 179, 95, 1]


def test_the_lines_of_a_set_are_paged_and_filtered(shop, manager, run_jobs) -> None:
    product = make.product(shop)
    skus = [make.sku(shop, product, price_minor=1000) for _ in range(150)] + [make.sku(shop, product, price_minor=1)]
    asked = cut(manager, skus[:1])
    run_jobs()

    first = manager.get(asked.location)
    assert "Next lines" in first.text
    second = manager.get(asked.location + "?after=100")
    assert "Next lines" not in second.text and skus[149].code in second.text
    only = manager.get(asked.location + "?outcome=unchanged&after=x")
    assert skus[150].code in only.text and skus[0].code not in only.text


def test_the_category_of_many_is_changed_by_the_form(shop, manager, run_jobs) -> None:
    category = make.category(shop, "Pots")
    products = [make.product(shop) for _ in range(2)]
    typed = {"field": "category_id", "category": str(category.id), "ids": [str(p.id) for p in products]}

    preview = previewed(manager, **typed)
    assert "Pots" in preview.text
    confirm(manager, preview)
    run_jobs()

    assert look(lambda: [db.session.get(Product, p.id).category_id for p in products]) == [category.id] * 2


@pytest.mark.parametrize("path", ["on-sale", "archive"])
def test_the_quick_moves_have_a_preview(shop, manager, path) -> None:
    product = make.sku(shop, make.product(shop, status=ProductStatus.OFF_SHELF)).product_id

    preview = previewed(manager, f"/products/bulk/{path}", ids=[str(product)])

    assert preview.status_code == 200 and "Change 1 value" in preview.text
    assert status_of(product) is ProductStatus.OFF_SHELF


def test_a_cancel_in_the_last_step_takes_everything_back(shop, skus, manager, run_jobs, monkeypatch) -> None:
    def progress(run, done, total=None, step=None):
        if done == 3:
            raise Cancelled

    cut(manager, skus)
    with monkeypatch.context() as patched:
        patched.setattr(Run, "progress", progress)
        assert run_jobs() == ["cancelled"]

    assert prices(skus) == A1
    assert [one.state for one in sets()] == [ChangeState.QUEUED]
    assert look(lambda: db.session.scalar(select(func.count()).select_from(FieldChange))) == 0
