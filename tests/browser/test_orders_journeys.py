"""A5, A8 and A9 as people live them: the last units live, the deadline board, and the wall between two shops."""

from __future__ import annotations

import logging
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, text

from app.console.roles import Role
from app.kit import clock, context
from app.kit.db import db, transaction
from app.orders import unpaid
from app.orders.models import Order, OrderStatus
from tests import factories as make
from tests.stock.conftest import numbers, wrong

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def programs(app, live):
    """Clients beside the browser post without a token; the browser is served as ever."""
    app.config["WTF_CSRF_ENABLED"] = False
    yield
    app.config["WTF_CSRF_ENABLED"] = True


def test_a5_fifty_people_write_orders_for_the_last_ten_units(app, committed, sign_in, open_page, programs) -> None:
    """Fifty clients post the form at once: ten orders, forty refusals; what stays unpaid comes back, seven are sent."""
    with committed():
        shop = make.shop("live", name="Live")
        sku_id, user = make.sku(shop, code="CUP", price_minor=1000, stock_on_hand=10).id, make.staff(Role.AGENT, shop)
        shop_id, user_id = shop.id, user.id
        clients = [sign_in(user) for _ in range(50)]
    gate = Barrier(50)
    form = {"sku_id": sku_id, "quantity": "1", "price": "", "reason": "", "shipping": ""}

    def buy(client) -> int:
        gate.wait(60)
        return client.post("/orders/new/", data=form).status_code

    with ThreadPoolExecutor(50) as pool:
        told = Counter(pool.map(buy, clients))
    assert told == {302: 10, 422: 40}
    with app.app_context(), context.every_shop("test"):
        assert numbers(sku_id) == (10, 10, 0, 0)
        order_ids = list(db.session.scalars(select(Order.id).where(Order.shop_id == shop_id).order_by(Order.id)))
        with transaction() as session:
            late = {"ids": order_ids[:3]}
            session.execute(text("update orders set pay_by = now() - interval '1 second' where id = any(:ids)"), late)
    for order_id in order_ids[3:]:
        clients[0].post(f"/orders/{order_id}/move", data={"step": "pay"})
    with app.app_context(), context.every_shop("ticker"), transaction():
        assert unpaid.close_due() == 3
    with app.app_context(), context.every_shop("test"):
        assert numbers(sku_id) == (10, 7, 0, 3)

    page = open_page(f"/orders/{order_ids[3]}/ship", user_id)
    page.get_by_label("Carrier").first.select_option("sf")
    page.get_by_label("Tracking number").first.fill("SF1000000000001")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Shipped")
    with app.app_context(), context.every_shop("test"):
        from app.fulfilment import parcels
        from app.fulfilment.wanted import Sending

        for place, order_id in enumerate(order_ids[4:]):
            with transaction():
                parcels.send(order_id, Sending("sf", f"SF2000000000{place:03d}"))
        assert numbers(sku_id) == (3, 0, 0, 3)
        assert wrong() == []


def test_a8_the_board_in_a_browser(committed, open_page, axe, shoot) -> None:
    with committed():
        shop = make.shop("store", name="Store")
        user_id = make.staff(Role.AGENT, shop).id
        now = clock.now()
        waits = [("SO-1", 47.5, 48), ("SO-2", 23, 24), ("SO-3", 71, 72), ("SO-4", 49, 48)]
        for number, hours, promise in waits:
            paid_at = now - timedelta(hours=hours) + timedelta(minutes=2)  # the page is looked at a moment later
            due_at = paid_at + timedelta(hours=promise)
            make.order(shop, number=number, paid_at=paid_at, promise_hours=promise, due_at=due_at)

    page = open_page("/orders/board/", user_id)

    assert re.findall(r"SO-\d", page.locator("tbody").last.inner_text()) == ["SO-4", "SO-1", "SO-3", "SO-2"]
    assert [one.inner_text() for one in page.locator("[data-count]").all()] == ["1", "3", "4"]
    axe(page)
    shoot(page, "journey-a8")


def test_a9_an_agent_of_one_shop_never_meets_the_other(app, committed, open_page, sign_in, caplog, programs) -> None:
    with committed():
        ours, theirs = make.shop("ours", name="Ours"), make.shop("theirs", name="Theirs")
        user = make.staff(Role.MANAGER, ours)
        user_id = user.id
        mine = [make.order(ours, number=f"AA-{n}", status=OrderStatus.PENDING_PAYMENT).id for n in range(2)]
        foreign = make.order(theirs, number="BB-1", status=OrderStatus.PENDING_PAYMENT).id
        client = sign_in(user)

    page = open_page("/orders/", user_id)
    assert re.findall(r"\b(?:AA|BB)-\d", page.locator("tbody").inner_text()) == ["AA-1", "AA-0"]
    expect(page.locator("#list-tabs .active [data-count]")).to_have_text("2")
    page.locator("#list-search").fill("BB-1")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    assert client.get("/orders/counts").json["total"] == 2
    for address in (f"/orders/{foreign}", f"/orders/{foreign}/lines", f"/orders/{foreign}/split"):
        assert client.get(address).status_code == 404
    assert client.post(f"/orders/{foreign}/cancel", data={"cause": "staff"}).status_code == 404
    with caplog.at_level(logging.WARNING, "app.security"):
        answer = client.post("/orders/cancel", data={"ids": [*mine, foreign], "cause": "staff", "key": "k"})
    assert answer.status_code == 403
    assert [record.name for record in caplog.records] == ["app.security"]
    with app.app_context(), context.every_shop("test"):
        rows = db.session.execute(select(Order.status, Order.version)).all()
        assert {tuple(row) for row in rows} == {(OrderStatus.PENDING_PAYMENT, 1)}
        assert db.session.scalar(text("select count(*) from batch")) == 0
