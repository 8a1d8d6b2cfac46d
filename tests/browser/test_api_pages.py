"""API keys and the page of the API in a real browser: accessible, under the strict content security policy."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.api_keys import keys
from app.api_keys.scopes import Scope
from app.console.roles import Role
from app.kit import clock
from app.kit.db import db
from tests import factories as make
from tests.browser.looking import TWO_LOOKS
from tests.lengths import dealt, often

pytestmark = [pytest.mark.browser, pytest.mark.commits]


@pytest.fixture
def manager(committed) -> int:
    """A manager whose shop has a working, an expired and a revoked key."""
    with committed():
        shop = make.shop("tea", name="Tea House")
        user = make.staff(Role.MANAGER, shop, name="lina")
        for name in ("ERP stock sync", "Old script", "Price bot"):
            wish = keys.Wish(name, frozenset(Scope), clock.now() + timedelta(days=90))
            keys.make(shop.id, user.id, wish, frozenset(Scope))
        _, old, bot = sorted(keys.of_shop(shop.id), key=lambda key: key.id)
        old.expires_at = clock.now() - timedelta(days=1)
        keys.revoke(bot.id)
        db.session.flush()
        return user.id


@pytest.mark.soak
def test_the_pages_are_accessible(manager, sound) -> None:
    paths = {"list": "/api-keys/", "add": "/api-keys/add", "show": "/api-keys/1"}
    sound("api", dealt(paths, TWO_LOOKS), manager)


@pytest.mark.soak
def test_the_page_of_the_api_is_accessible(manager, sound) -> None:
    """It has all of the API's parts, webhooks too, and thousands of lines."""
    sound("api", dealt({"docs": "/api/docs/"}, TWO_LOOKS, 1), manager, cards=often(1000, 8))


def test_a_key_is_made_copied_and_revoked_by_keyboard(manager, open_page, axe, shoot) -> None:
    page = open_page("/api-keys/", manager)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Make a key").click()
    page.get_by_label("Key name").fill("Kingdee")
    page.get_by_label("Read products").check()
    page.get_by_label("Write products").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Make the key").press("Enter")

    token = page.get_by_label("API key").input_value()
    assert token.startswith("kd_live_")
    page.get_by_role("button", name="Copy it").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == token
    axe(page)
    shoot(page, "api-key-made-en-light-1440")
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Kingdee").click()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()

    expect(page.get_by_text("The key “Kingdee” works no more.")).to_be_visible()
    assert token not in page.content()


def test_a_shop_without_keys_says_what_they_are_for(committed, open_page, axe, shoot) -> None:
    with committed():
        user = make.staff(Role.MANAGER, make.shop("tea", name="Tea House")).id

    page = open_page("/api-keys/", user, locale="zh")

    expect(page.get_by_text("还没有 API 密钥")).to_be_visible()
    axe(page)
    shoot(page, "api-keys-empty-zh-light-1440")
