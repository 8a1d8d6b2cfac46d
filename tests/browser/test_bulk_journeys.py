"""Bulk editing as its users do it: a cut and its undo, a bad file, two editors, a second person; exact outcomes."""

from __future__ import annotations

import openpyxl
import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select, update

from app.catalog.models import Product, Sku
from app.console.roles import Role
from app.kit import context
from app.kit.audit import FieldChange
from app.kit.context import Actor
from app.kit.db import db
from app.kit.jobs import Job
from tests import factories as make
from tests.browser.looking import OTHER_TWO_LOOKS, press, read_again, settled
from tests.imports.test_a3 import BAD, HEAD, _codes, _good, _rows, _without_titles
from tests.lengths import one_of

pytestmark = [pytest.mark.browser, pytest.mark.commits]
A1 = [9990, 10000, 12345, 199, 105, 1]


@pytest.fixture
def work(app, run_jobs):
    """Do what a worker would: run every job that is wanted."""

    def do() -> list[str]:
        with app.app_context():
            return run_jobs()

    return do


@pytest.fixture
def look(app):
    """`look(read)`: what stands in the database now."""

    def read_now(read):
        with app.app_context(), context.every_shop("browser test"):
            return read()

    return read_now


def prices():
    return list(db.session.scalars(select(Sku.price_minor).order_by(Sku.id)))


def changes():
    return db.session.scalar(select(func.count()).select_from(FieldChange))


def cut_all(page, percent: str) -> None:
    """Tick every product, type a cut, and look at the preview."""
    page.goto("/products/")
    settled(page)
    page.locator("thead input[type=checkbox]").check()
    page.get_by_role("button", name="Change prices, stock …").click()
    page.get_by_label("What to change").select_option("price_minor")
    page.get_by_label("Amount").fill(percent)
    page.get_by_role("button", name="Preview").click()
    page.wait_for_url("**/changes/*")


def press_undo(page) -> None:
    read_again(page)
    page.get_by_role("button", name="Undo").click()
    press(page.locator("dialog[open]").get_by_role("button", name="Undo"))


def test_a1_and_a2_a_cut_by_formula_and_the_undo_that_spares_a_later_edit(
    committed, open_page, work, look, axe, shoot
) -> None:
    with committed():
        shop = make.shop("tea")
        for number, price in enumerate(A1):
            make.sku(shop, code=f"K{number}", price_minor=price)
        wei, lina = (make.staff(Role.MANAGER, shop, name=name).id for name in ("wei", "lina"))
    page = open_page("/products/", wei)

    cut_all(page, "-10")
    for shown in ("CN¥89.91", "CN¥90.00", "CN¥111.11", "CN¥1.79", "CN¥0.95"):
        expect(page.get_by_role("cell", name=shown, exact=True)).to_be_visible()
    axe(page)
    shoot(page, "change-preview-en-light-1440")
    page.get_by_role("link", name="Nothing to change (1)").click()
    expect(page.get_by_role("cell", name="K5", exact=True)).to_be_visible()
    assert (look(prices), look(changes)) == (A1, 0)
    press(page.get_by_role("button", name="Change 5 values"))
    assert work() == ["done"]
    assert (look(prices), look(changes)) == ([8991, 9000, 11111, 179, 95, 1], 5)
    assert look(lambda: db.session.scalar(select(func.count()).select_from(Job))) == 1

    with context.acting(Actor("staff", str(lina))), committed():
        db.session.scalars(select(Sku).where(Sku.price_minor == 11111)).one().price_minor = 11500
        db.session.scalars(select(Sku).where(Sku.price_minor == 8991)).one().stock_on_hand = 3
    press_undo(page)
    assert work() == ["done"]
    assert look(prices) == [9990, 10000, 11500, 199, 105, 1]
    assert look(lambda: db.session.scalars(select(Sku.stock_on_hand).order_by(Sku.id)).first()) == 3
    read_again(page)
    page.get_by_role("link", name="Kept (1)").click()
    row = page.get_by_role("row").filter(has_text="K2")
    expect(row).to_contain_text("changed by somebody afterwards")
    expect(row).to_contain_text("Lina")
    axe(page)


@pytest.fixture
def thousand(committed) -> int:
    """The member of staff of a shop with a thousand SKUs, beside another shop that has one of its own."""
    with committed():
        shop, other = make.shop("mine"), make.shop("theirs")
        make.sku(other, code="FOREIGN")
        product = make.product(shop, code="P")
        values = {"shop_id": shop.id, "product_id": product.id, "price_minor": 10**9}
        db.session.add_all(Sku(code=code, **values) for code in _codes())
        return make.staff(Role.MERCHANT, shop, name="wei").id


def upload(page, path, work) -> list[str]:
    """Send a workbook that only updates, and check it; the counts that the page shows."""
    page.goto("/imports/new")
    page.set_input_files("#import-file", path)
    page.get_by_role("button", name="Upload and read the header").click()
    page.get_by_label("Only update; an unknown SKU is an error").check()
    press(page.get_by_role("button", name="Check the rows"))
    assert work() == ["done"]
    return shown_counts(page)


def shown_counts(page) -> list[str]:
    read_again(page)
    return [page.locator(f"[data-count={name}]").inner_text() for name in ("updated", "unchanged", "failed")]


def save_book(path, rows):
    book = openpyxl.Workbook()
    for row in [HEAD, *rows]:
        book.active.append(row)
    book.save(path)
    return path


def test_a3_a_file_with_seven_bad_rows_of_a_thousand(app, thousand, committed, open_page, work, look, tmp_path) -> None:
    first = save_book(tmp_path / "first.xlsx", _without_titles(_rows(_codes())))
    page = open_page("/imports/new", thousand)
    with committed():  # the prices of the file are deep cuts of 10,000,000.00; this shop does not mind
        from app.catalog import change_limits

        shop_id = db.session.scalars(select(Sku.shop_id).where(Sku.code == "000123")).one()
        change_limits.set_limits(shop_id, change_limits.Limits(cut_ppm=1_000_000))

    assert upload(page, first, work) == ["993", "0", "7"]
    assert look(changes) == 0
    with page.expect_download() as download:
        page.get_by_role("link", name="Error workbook").click()
    download.value.save_as(tmp_path / "errors.xlsx")
    book = openpyxl.load_workbook(tmp_path / "errors.xlsx")
    rows = list(book.active.iter_rows(values_only=True))
    assert len(rows) == 1 + 7
    assert set(BAD.values()) == {row[rows[0].index("_error_code")] for row in rows[1:]}
    press(page.get_by_role("button", name="Write the rows", exact=True))
    assert work() == ["done"]
    assert shown_counts(page) == ["993", "0", "7"]
    assert look(changes) == 993

    fixed = save_book(tmp_path / "fixed.xlsx", _without_titles(_good(_rows(_codes()))))
    assert upload(page, fixed, work) == ["7", "0", "0"]
    press(page.get_by_role("button", name="Write the rows", exact=True))
    assert work() == ["done"]
    assert upload(page, first, work)[2] == "7"
    text_of = select(Sku.code, Sku.barcode).where(Sku.code == "000123")
    assert look(lambda: tuple(db.session.execute(text_of).one())) == ("000123", "06932169358293")


def test_a4_two_editors_are_merged_and_the_third_is_asked(committed, open_page, look, axe, shoot) -> None:
    with committed():
        shop = make.shop("tea")
        product = make.product(shop, "Old title")
        make.sku(shop, product, code="K1", price_minor=1000)
        people = [make.staff(Role.MERCHANT, shop, name=name).id for name in ("ann", "bea", "cai")]
        where = f"/products/{product.id}/edit"
        db.session.execute(update(Product).values(version=7))
    ann, bea, cai = (open_page(where, person) for person in people)

    def version():
        return look(lambda: db.session.scalars(select(Product.version)).one())

    def save(page, label, value):
        page.get_by_label(label, exact=True).first.fill(value)
        press(page.locator("main form button.btn-primary[type=submit]").first)

    save(ann, "Title", "New title")
    assert version() == 8
    save(bea, "Price", "11.00")
    assert version() == 9
    expect(bea.get_by_text("Saved, together with what others have changed meanwhile.")).to_be_visible()
    save(cai, "Price", "12.00")
    for shown in ("¥10.00", "¥12.00", "¥11.00", "Bea"):
        expect(cai.get_by_text(shown).first).to_be_visible()
    axe(cai)
    shoot(cai, "merge-en-light-1440")
    assert version() == 9
    stands = select(Product.title, Sku.price_minor).join(Sku, Sku.product_id == Product.id)
    assert look(lambda: tuple(db.session.execute(stands).one())) == ("New title", 1100)


@pytest.mark.soak
@pytest.mark.parametrize(("locale", "theme", "width"), one_of(OTHER_TWO_LOOKS, ("en", "light", 1440)))
def test_the_pages_of_approval_are_accessible(committed, open_page, axe, shoot, locale, theme, width) -> None:
    with committed():
        shop = make.shop("tea")
        make.sku(shop, code="K1", price_minor=1000, cost_minor=800)
        wei, mina = (make.staff(Role.MANAGER, shop, name=name).id for name in ("wei", "mina"))
    asking = open_page("/products/", wei)
    cut_all(asking, "-35")
    press(asking.get_by_role("button", name="Ask for approval"))

    page = open_page(asking.url, mina, locale=locale, theme=theme, width=width)
    axe(page)
    shoot(page, f"approval-{locale}-{theme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    limits = open_page("/changes/limits/", mina, locale=locale, theme=theme, width=width)
    axe(limits)
    shoot(limits, f"limits-{locale}-{theme}-{width}")


def test_a10_a_deep_cut_waits_for_another_person(committed, open_page, work, look) -> None:
    with committed():
        shop = make.shop("tea")
        for number in range(12):
            make.sku(shop, code=f"K{number:02}", price_minor=1000)
        wei, mina = (make.staff(Role.MANAGER, shop, name=name).id for name in ("wei", "mina"))
    page = open_page("/products/", wei)
    cut_all(page, "-35")
    expect(page.get_by_text("12 prices fall by 30 % or more within 24 hours")).to_be_visible()
    press(page.get_by_role("button", name="Ask for approval"))
    assert work() == []
    assert look(prices) == [1000] * 12

    token = page.locator("[name=csrf_token]").first.get_attribute("value")
    own = page.request.post(f"{page.url}/approve", form={"csrf_token": token, "hash": "x"})
    assert own.status == 403
    with committed():
        db.session.scalars(select(Sku).where(Sku.code == "K04")).one().price_minor = 1100

    approving = open_page(page.url, mina)
    press(approving.get_by_role("button", name="Approve"))
    assert work() == ["done"]
    assert look(prices) == [650] * 4 + [1100] + [650] * 7
    approving.reload()
    approving.get_by_role("link", name="Stale (1)").click()
    row = approving.get_by_role("row").filter(has_text="K04")
    expect(row).to_contain_text("changed by somebody since the preview")
