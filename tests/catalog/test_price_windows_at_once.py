"""Price windows with real commits: the same save twice at once makes one, a decision and an edit take turns."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.catalog import price_window_drafts, price_window_limits, price_windows, prices
from app.catalog.formulas import Formula, Percent
from app.catalog.models import Product
from app.catalog.price_window_models import PriceWindow, PriceWindowLine, WindowState
from app.catalog.price_windows import WindowDraft
from app.kit import clock, context
from app.kit.db import db, transaction
from app.kit.errors import Conflict
from app.kit.journal import JournalEntry
from app.shops.models import Shop
from tests import factories as make

pytestmark = [pytest.mark.commits, pytest.mark.slow]
CUT = Formula("price_minor", (Percent(-100_000),))


def at_once(*deeds):
    """Run deeds in threads that start together; what they returned or raised, in order."""
    together, found = threading.Barrier(len(deeds)), [None] * len(deeds)

    def run(number, deed):
        try:
            found[number] = deed(together)
        except Exception as error:  # noqa: BLE001 - told to the test's own thread
            found[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


@pytest.fixture
def shop_id(app):
    with app.app_context(), context.every_shop("test"), transaction():
        shop = make.shop()
        for _ in range(30):
            make.sku(shop, price_minor=1000)
        return shop.id


def test_the_same_save_twice_at_the_same_moment_makes_one_window(app, shop_id) -> None:
    chosen = select(Product.id).where(Product.shop_id == shop_id)
    draft = WindowDraft("Sale", None, None, 0, "", "the-same-key")

    def save(together):
        with app.app_context(), context.shops([shop_id]), transaction():
            price_window_drafts.fill(shop_id, CUT, chosen)
            seen = price_window_drafts.figures().content_hash
            together.wait(10)
            return price_windows.make(shop_id, draft, CUT, chosen, seen).id

    first, second, third = at_once(save, save, save)

    assert first == second == third
    with app.app_context(), context.every_shop("test"):
        assert db.session.scalar(select(func.count()).select_from(PriceWindowLine)) == 30
        assert [row.event for row in db.session.scalars(select(JournalEntry))] == ["PriceWindowMade"]
        ids = list(db.session.scalars(select(PriceWindowLine.sku_id)))
        assert {price.price_minor for price in prices.at(shop_id, ids).values()} == {900}


def test_an_edit_and_an_approval_of_what_was_seen_before_take_turns(app, shop_id) -> None:
    with app.app_context(), context.every_shop("test"), transaction():
        shop = db.session.get(Shop, shop_id)
        start = clock.now() + timedelta(days=1)
        window = make.price_window(shop, {}, start, None, state=WindowState.PENDING, skus=1)
        window_id, seen = window.id, window.seal

    def edit(together):
        with app.app_context(), context.shops([shop_id]), transaction():
            base = {name: getattr(price_windows.get(window_id), name) for name in price_windows.EDITABLE}
            together.wait(10)
            return price_windows.change(window_id, base, base | {"priority": 9}).priority

    def approve(together):
        with app.app_context(), context.shops([shop_id]), transaction():
            row = price_windows.get(window_id)
            together.wait(10)
            return price_window_limits.approve(row, seen)

    edited, approved = at_once(edit, approve)

    with app.app_context(), context.every_shop("test"):
        row = db.session.scalars(select(PriceWindow)).one()
        first_edit = isinstance(approved, Conflict) and edited == 9
        assert (row.state, row.priority) == ((WindowState.PENDING, 9) if first_edit else (WindowState.PLANNED, 0))
        assert first_edit or (approved == 0 and edited.code == "price_window_approved")
