"""Price windows through the pages: preview, save, list by the clock, edit, end, cancel; denials change nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.catalog import prices
from app.catalog.models import Sku
from app.catalog.price_window_models import PriceWindow, PriceWindowLine, WindowState
from app.console.roles import Role
from app.kit import clock, context
from app.kit.db import db, transaction
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CUT = {
    "how": "percent",
    "amount": "-10",
    "name": "Black Friday",
    "starts": "2026-11-27T00:00",
    "ends": "2026-11-28T00:00",
}


@pytest.fixture(autouse=True)
def _at_noon(app):
    with clock.frozen(NOW):
        yield


@pytest.fixture
def sku(shop):
    return make.sku(shop, make.product(shop, "Cup"), code="K1", price_minor=1000, created_at=NOW - 90 * DAY)


def hidden(page):
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return {name: value.replace("&#34;", '"').replace("&amp;", "&") for name, value in found.items()}


def save(client, sku, **typed):
    page = client.post("/price-windows/new/preview", data={**CUT, "ids": [str(sku.product_id)], **typed})
    assert page.status_code == 200, page.text
    return client.post("/price-windows/new/save", data=hidden(page.text))


def windows(look):
    return look(lambda: db.session.scalars(select(PriceWindow).order_by(PriceWindow.id)).all())


def price(sku, moment):
    with context.every_shop("test"):
        return prices.at(sku.shop_id, [sku.id], moment)[sku.id].price_minor


def test_a_window_is_made_from_the_product_list(shop, manager, sku, look) -> None:
    sent = manager.post("/price-windows/new/", data={"selection": "matching", "query": "tab=on_sale"})
    assert sent.status_code == 303
    form = manager.get(sent.location)
    assert form.status_code == 200
    assert "All products that match the list" in form.text

    preview = manager.post("/price-windows/new/preview", data={**CUT, **hidden(form.text)})
    assert preview.status_code == 200, preview.text
    assert "2026-11-27 00:00" in preview.text and "2026-11-28 00:00" in preview.text
    assert "¥10.00" in preview.text and "¥9.00" in preview.text and "−10 %" in preview.text
    assert windows(look) == []
    saved = manager.post("/price-windows/new/save", data=hidden(preview.text))

    assert saved.status_code == 302
    (window,) = windows(look)
    assert (window.name, window.skus, window.state) == ("Black Friday", 1, WindowState.PLANNED)
    assert window.starts_at == datetime(2026, 11, 26, 16, tzinfo=UTC)
    assert [price(sku, window.starts_at - DAY), price(sku, window.starts_at)] == [1000, 900]
    page = manager.get(saved.location)
    assert page.status_code == 200
    assert "Planned" in page.text and "¥9.00" in page.text and "Price: −10 %" in page.text and "Lina Test" in page.text


def test_a_double_click_makes_one_window(shop, manager, sku, look) -> None:
    page = manager.post("/price-windows/new/preview", data={**CUT, "ids": [str(sku.product_id)]})

    answers = [manager.post("/price-windows/new/save", data=hidden(page.text)) for _ in range(2)]

    assert answers[0].location == answers[1].location
    assert len(windows(look)) == 1
    assert look(lambda: db.session.scalar(select(func.count()).select_from(PriceWindowLine))) == 1


def test_who_goes_back_and_previews_again_makes_another_window(shop, manager, sku, look) -> None:
    save(manager, sku)
    save(manager, sku, name="Cyber Monday")

    assert [window.name for window in windows(look)] == ["Black Friday", "Cyber Monday"]


def test_a_preview_that_is_saved_after_its_end_comes_back_as_the_form(shop, manager, sku, look) -> None:
    page = manager.post("/price-windows/new/preview", data={**CUT, "ids": [str(sku.product_id)]})

    with clock.frozen(NOW + 30 * DAY):
        late = manager.post("/price-windows/new/save", data=hidden(page.text))

    assert late.status_code == 422
    assert "The end must lie after the start and after now." in late.text and "Black Friday" in late.text
    assert windows(look) == []


def test_a_price_that_changed_after_the_preview_is_shown_again(shop, manager, sku, look) -> None:
    page = manager.post("/price-windows/new/preview", data={**CUT, "ids": [str(sku.product_id)]})
    with context.shops([shop.id]), transaction():
        db.session.get(Sku, sku.id).price_minor = 2000

    again = manager.post("/price-windows/new/save", data=hidden(page.text))
    assert again.status_code == 409
    assert "Prices have changed since the preview" in again.text and "¥18.00" in again.text
    assert windows(look) == []
    assert manager.post("/price-windows/new/save", data=hidden(again.text)).status_code == 302
    assert price(sku, NOW + 4 * DAY) == 1800


def test_the_preview_warns_and_shows_who_wins(shop, manager, sku) -> None:
    make.price_window(shop, {sku.id: 600}, NOW + 4 * DAY, NOW + 9 * DAY, priority=5, name="Flash")
    make.price_window(shop, {sku.id: 210}, NOW - 5 * DAY, NOW - 4 * DAY, name="Old")

    typed = {**CUT, "how": "set", "amount": "12", "ids": [str(sku.product_id)]}
    page = manager.post("/price-windows/new/preview", data=typed)

    assert "1 price lies above the base price." in page.text
    assert "1 price lies above the lowest price of the 30 days before" in page.text
    assert "¥2.10" in page.text
    assert "Flash" in page.text and "The other one wins" in page.text
    assert "2026-11-27 12:00 – 2026-11-28 00:00" in page.text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "This is needed."),
        ({"starts": "2026-11-22T00:00"}, "This lies in the past."),
        ({"ends": "2026-11-27T00:00"}, "The end must lie after the start"),
        ({"starts": "soon"}, "Give day and time"),
        ({"priority": "high"}, "Give a whole number"),
        ({"priority": "0000000000009"}, "Give a whole number"),
        ({"priority": "1001"}, "Give a whole number"),
        ({"amount": "x"}, "is not a percentage"),
        ({"note": "n" * 501}, "This is too long."),
        ({"ids": [], "scope": ""}, "Choose the products."),
    ],
)
def test_the_form_says_what_cannot_be_read(shop, manager, sku, look, typed, words) -> None:
    answer = manager.post("/price-windows/new/preview", data={**CUT, "ids": [str(sku.product_id)], **typed})

    assert answer.status_code == 422
    assert words in answer.text
    assert windows(look) == []


def test_all_faults_are_said_at_once(shop, manager, sku) -> None:
    typed = {**CUT, "ids": [str(sku.product_id)], "amount": "x", "name": "", "ends": "x"}
    answer = manager.post("/price-windows/new/preview", data=typed)

    assert all(words in answer.text for words in ("is not a percentage", "This is needed.", "Give day and time"))


def test_a_repeated_time_of_london_is_asked_for(app, sign_in, look) -> None:
    shop = make.shop("uk", currency="GBP", time_zone="Europe/London", locale="en")
    with context.shops([shop.id]):
        sku = make.sku(shop, price_minor=1000)
    client = sign_in(make.staff(Role.MANAGER, shop))
    typed = {**CUT, "ids": [str(sku.product_id)], "starts": "2027-10-31T01:30", "ends": ""}

    asked = client.post("/price-windows/new/preview", data=typed)
    assert asked.status_code == 422
    assert "comes twice" in asked.text
    assert "The earlier one: 01:30 (UTC+01:00)" in asked.text and "The later one: 01:30 (UTC+00:00)" in asked.text
    skipped = client.post("/price-windows/new/preview", data={**typed, "starts": "2027-03-28T01:30"})
    assert "There is no 01:30 on 2027-03-28 in Europe/London" in skipped.text
    answered = client.post("/price-windows/new/preview", data={**typed, "starts_which": "second"})
    assert client.post("/price-windows/new/save", data=hidden(answered.text)).status_code == 302
    assert windows(look)[0].starts_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_the_tabs_follow_the_clock(shop, manager, sku) -> None:
    for name, starts, ends, state in (
        ("Now", NOW - DAY, NOW + DAY, "planned"),
        ("For good", NOW, None, "planned"),
        ("Soon", NOW + DAY, None, "planned"),
        ("Gone", NOW - 2 * DAY, NOW, "planned"),
        ("Off", NOW - DAY, NOW + DAY, "cancelled"),
        ("Asked", NOW + DAY, None, "pending"),
        ("No", NOW + DAY, None, "rejected"),
    ):
        make.price_window(shop, {sku.id: 1}, starts, ends, state=WindowState(state), name=f"W-{name}.")

    def listed(tab):
        return sorted(re.findall(r"W-([\w ]+)\.", manager.get(f"/price-windows/?tab={tab}").text))

    assert listed("running") == ["For good", "Now"]
    assert listed("planned") == ["Soon"]
    assert listed("ended") == ["Gone"]
    assert (listed("cancelled"), listed("pending"), listed("rejected")) == (["Off"], ["Asked"], ["No"])
    assert manager.get("/price-windows/counts").json["tabs"] == {
        "": 7,
        "running": 2,
        "planned": 1,
        "ended": 1,
        "pending": 1,
        "cancelled": 1,
        "rejected": 1,
    }
    with clock.frozen(NOW + DAY):
        assert listed("running") == ["For good", "Soon"]
        assert listed("ended") == ["Gone", "Now"]


def test_the_list_and_the_page_of_a_window_cost_few_statements(shop, manager, count_sql) -> None:
    skus = [make.sku(shop) for _ in range(120)]
    for number in range(3):
        window = make.price_window(shop, {sku.id: 500 + number for sku in skus}, NOW, None)

    with count_sql() as statements:
        assert manager.get("/price-windows/").status_code == 200
    assert len(statements) <= 8, statements
    with count_sql() as statements:
        first = manager.get(f"/price-windows/{window.id}")
    assert len(statements) <= 12, statements
    assert first.text.count("¥5.02") >= 100
    following = re.search(r"\?after=(\d+)", first.text)[0]
    assert skus[119].code in manager.get(f"/price-windows/{window.id}{following}").text


def test_edit_keeps_what_others_changed_and_refuses_the_same_field(shop, manager, sku, look) -> None:
    save(manager, sku)
    (window,) = windows(look)
    where = f"/price-windows/{window.id}/edit"
    opened = hidden(manager.get(where).text) | {
        "name": "Black Friday",
        "ends": "2026-11-28T00:00",
        "priority": "0",
        "note": "",
    }

    assert manager.post(where, data=opened | {"name": "Friday"}).status_code == 302
    assert manager.post(where, data=opened | {"priority": "3"}).status_code == 302
    refused = manager.post(where, data=opened | {"name": "Saturday"})

    assert refused.status_code == 409
    assert all(words in refused.text for words in ("Black Friday", "Saturday", "Friday", "Lina Test"))
    (window,) = windows(look)
    assert (window.name, window.priority) == ("Friday", 3)
    for typed, words in (
        ({"base": "[]"}, "The form is damaged"),
        ({"ends": "x"}, "Give day and time"),
        ({"name": " "}, "This is needed."),
    ):
        answer = manager.post(where, data=opened | typed)
        assert (answer.status_code, words in answer.text) == (422, True)


def test_cancel_bring_back_and_end_now(shop, manager, sku, look) -> None:
    made = save(manager, sku).location

    assert manager.post(made + "/cancel").status_code == 302
    assert "Bring back" in manager.get(made).text
    assert manager.post(made + "/restore").status_code == 302
    assert manager.post(made + "/end").status_code == 422
    with clock.frozen(NOW + 4 * DAY):
        assert manager.post(made + "/cancel").status_code == 422
        assert manager.post(made + "/end").status_code == 302
        page = manager.get(made).text
    assert windows(look)[0].ends_at == NOW + 4 * DAY
    assert all(words in page for words in ("Cancelled", "Brought back", "Ended", "Made"))


def test_a_window_is_copied_to_another_time(shop, manager, sku, look) -> None:
    made = save(manager, sku)
    form = manager.get("/price-windows/new/copy/" + made.location.rsplit("/", 1)[1])
    assert "Prices of window #" in form.text
    later = {"name": "Again", "starts": "2027-01-01T00:00", "ends": ""}
    page = manager.post("/price-windows/new/preview", data=hidden(form.text) | later)
    assert page.status_code == 200, page.text
    assert manager.post("/price-windows/new/save", data=hidden(page.text)).status_code == 302

    first, second = windows(look)
    assert (second.made_from_id, second.skus, second.ends_at) == (first.id, 1, None)
    assert price(sku, second.starts_at) == 900


@pytest.mark.parametrize(
    "rule", ["", "[]", "{}", '{"copy_of": true}', '{"copy_of": 1e30}', '{"copy_of": 9223372036854775808}']
)
def test_a_damaged_rule_is_refused(shop, manager, sku, look, rule) -> None:
    sent = {**CUT, "ids": [str(sku.product_id)], "rule": rule, "key": "\0", "seen": "x"}

    assert manager.post("/price-windows/new/save", data=sent).status_code == 422
    assert windows(look) == []


def test_one_foreign_product_refuses_the_whole_request(shop, manager, sku, look) -> None:
    with context.every_shop("test"):
        foreign = make.sku(make.shop())

    ids = [str(sku.product_id), str(foreign.product_id)]
    for path in ("", "preview", "save"):
        assert manager.post(f"/price-windows/new/{path}", data={**CUT, "ids": ids, "rule": "{}"}).status_code == 403
    assert windows(look) == []


@pytest.mark.parametrize("who", ["anonymous", "agent", "stranger", "manager"])
def test_only_those_who_may_write_price_windows(shop, sku, client_of, look, who) -> None:
    window = make.price_window(shop, {sku.id: 700}, NOW + DAY, NOW + 2 * DAY)
    client = client_of(who)
    paths = ["", "/edit", "/cancel", "/restore", "/end"]
    codes = [client.get(f"/price-windows/{window.id}").status_code]
    codes += [client.post(f"/price-windows/{window.id}{path}").status_code for path in paths[1:]]

    expected = {
        "anonymous": [302] * 5,
        "agent": [403] * 5,
        "stranger": [404] * 5,
        "manager": [200, 422, 302, 302, 422],
    }
    assert codes == expected[who]
    version = windows(look)[0].version
    assert version == (3 if who == "manager" else 1)


def test_an_auditor_reads_and_writes_nothing(shop, sku, sign_in, look) -> None:
    window = make.price_window(shop, {sku.id: 700}, NOW + DAY, None)
    auditor = sign_in(make.staff(Role.AUDITOR, shop))

    page = auditor.get(f"/price-windows/{window.id}")
    assert page.status_code == 200
    assert "Cancel the window" not in page.text
    assert auditor.post(f"/price-windows/{window.id}/cancel").status_code == 403
    assert windows(look)[0].state is WindowState.PLANNED
