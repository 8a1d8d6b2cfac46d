"""Prices on the product's page and in the product list: now, next, lowest of 30 days, history with its chart."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.catalog import price_layers, price_page
from app.catalog.models import Product, Sku
from app.catalog.price_history import BaseStep, History
from app.catalog.price_layers import Layer
from app.console.roles import Role
from app.kit import clock, context
from app.kit.db import db, transaction
from tests import factories as make
from tests.catalog.test_prices import DAY as MIDNIGHT

pytestmark = pytest.mark.usefixtures("app")
DAY = timedelta(days=1)


@pytest.fixture
def now():
    with clock.frozen(clock.now()):
        yield clock.now()


@pytest.fixture
def sku(shop, now):
    sku = make.sku(shop, make.product(shop, "Cup"), code="K1", price_minor=1000)
    db.session.execute(text("update sku set created_at = :at"), {"at": now - 90 * DAY})
    db.session.expire_all()
    return sku


def cells(page, code):
    """The SKU's row on the product's page: texts of its cells."""
    row = re.search(rf"<tr>\s*<td class=\"k-number\">{code}</td>.*?</tr>", page, re.S)[0]
    found = [re.sub(r"<[^>]+>", " ", cell) for cell in re.findall(r"<td.*?</td>", row, re.S)]
    return [" ".join(cell.replace("CN¥", "¥").split()) for cell in found]


def test_the_product_page_shows_the_price_now_until_when_and_the_lowest(shop, manager, sku, now) -> None:
    make.price_window(shop, {sku.id: 700}, now - DAY, now + DAY, name="Flash")
    make.price_window(shop, {sku.id: 210}, now - 9 * DAY, now - 8 * DAY, name="Clearance")
    make.price_window(shop, {sku.id: 1}, now - 90 * DAY, now - 31 * DAY, name="Long ago")
    end = clock.now() + DAY

    page = manager.get(f"/products/{sku.product_id}").text

    local = end.astimezone(MIDNIGHT.tzinfo)
    shown = f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"
    assert cells(page, "K1")[2:5] == ["¥10.00", f"¥7.00 Flash from {shown}: ¥10.00", "¥2.10"]
    assert "Clearance" in page and "Long ago" in page


def test_a_planned_window_is_announced(shop, manager, sku, now) -> None:
    make.price_window(shop, {sku.id: 700}, now.replace(second=0, microsecond=0) + DAY, None)

    assert re.fullmatch(
        r"¥10.00 from \d{4}-\d\d-\d\d \d\d:\d\d: ¥7.00", cells(manager.get(f"/products/{sku.product_id}").text, "K1")[3]
    )


def test_the_history_names_who_changed_the_base_price_beneath_a_window(shop, manager, sku, now) -> None:
    make.price_window(shop, {sku.id: 700}, now - DAY, now + DAY, name="Flash")
    mina = make.staff(Role.MANAGER, shop, name="mina")
    with context.acting(context.Actor("staff", str(mina.id))), context.shops([shop.id]), transaction():
        db.session.get(Sku, sku.id).price_minor = 1500
    with context.shops([shop.id]):
        other = make.sku(shop, db.session.get(Product, sku.product_id), code="K2", price_minor=333)

    with clock.frozen(clock.now() + timedelta(seconds=5)):
        page = manager.get(f"/products/{sku.product_id}?sku={sku.id}").text
        assert "Mina Test" in page
        history = page.partition('id="prices"')[2].partition("</section>")[0]
        assert all(price in history for price in ("¥10.00", "¥7.00", "¥15.00"))
        assert "¥3.33" not in history
        chosen = (
            manager.get(f"/products/{sku.product_id}?sku={other.id}")
            .text.partition('id="prices"')[2]
            .partition("</section>")[0]
        )
    assert "¥3.33" in chosen and "¥15.00" not in chosen


def test_an_unknown_sku_in_the_address_shows_the_first(shop, manager, sku) -> None:
    assert manager.get(f"/products/{sku.product_id}?sku=x'--").status_code == 200
    bare = make.product(shop, "Bare")
    assert manager.get(f"/products/{bare.id}").status_code == 200


def test_more_skus_cost_no_more_statements(shop, manager, sku, now, count_sql) -> None:
    where = f"/products/{sku.product_id}"
    manager.get(where)  # warms what is kept between requests
    with count_sql() as few:
        manager.get(where)
    with context.shops([shop.id]):
        product = db.session.get(Product, sku.product_id)
        more = [make.sku(shop, product).id for _ in range(10)]
        make.price_window(shop, dict.fromkeys(more, 5), now - DAY, now + DAY)

    with count_sql() as many:
        manager.get(where)

    assert len(many) == len(few) <= 23, many


def test_the_list_shows_the_prices_of_this_moment_in_the_same_statement(shop, manager, sku, now, count_sql) -> None:
    for number in range(20):
        make.sku(shop, make.product(shop, f"Plate {number}"), price_minor=2000 + number)
    manager.get("/products/")  # warms what is kept between requests
    with count_sql() as before:
        plain = manager.get("/products/").text
    make.price_window(shop, {sku.id: 700}, now, now + DAY)

    with count_sql() as after:
        page = manager.get("/products/").text

    assert "¥10.00" in plain and "Price window" not in re.search(r"<tbody.*</tbody>", plain, re.S)[0]
    assert "¥7.00" in page and "¥10.00" not in page
    assert len(after) == len(before) <= 10
    with clock.frozen(now + DAY):
        assert "¥10.00" in manager.get("/products/").text


def test_the_chart_draws_steps_from_zero_with_windows_and_now() -> None:
    start = MIDNIGHT
    base = [BaseStep(start, 1000, ""), BaseStep(start + 50 * DAY, 1100, "staff:1")]
    layer = Layer(1, "Flash", start + 20 * DAY, start + 40 * DAY, 0, 550)
    steps = price_layers.segments([(step.at, step.price_minor) for step in base], [layer], start, None)

    drawn = price_page.chart(History(base, [layer], steps), start + 100 * DAY)

    assert drawn.last == start + 105 * DAY
    assert drawn.line == "M0 35 V35 H190 V110 H381 V35 H476 V19 H1000"
    assert drawn.base == "M0 35 V35 H476 V19 H1000"
    assert (drawn.windows, drawn.now_x, drawn.lowest, drawn.highest) == ([(190, 191)], 952, 550, 1100)
