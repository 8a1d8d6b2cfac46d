"""Money through channels in the report: bills of several days, channels and currencies, added up by the test itself."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask_babel import force_locale

from app.console.roles import Role
from app.insights import figures, metrics, spans, workbook
from app.insights.metrics import Sales
from app.insights.models import Report
from app.kit import clock, context, formats
from app.kit.db import db, transaction
from app.kit.money import Money
from app.payments import differences, reconciling
from app.payments.channels.simulator import Simulator
from app.payments.models import ChannelAccount
from app.payments.providers import Bill, BillKind, BillRow, BillStatus, Exchange, Settlement
from app.shops.models import Shop
from tests import factories as make
from tests.insights.reading import Workbook
from tests.payments.conftest import Browser, apart

FIRST, SECOND, THIRD = date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PAY, BACK = BillKind.PAYMENT, BillKind.REFUND


def row(kind: BillKind, minor: int, currency: str, fee: tuple[int, str], net: tuple[int, str] | None = None) -> BillRow:
    """A row of a bill as a channel tells it: `net` where the bill says what reaches the merchant."""
    settled = Settlement(Money(*net), Money(*fee), "0.05", "channel", NOW) if net else None
    name = f"X{kind.value}{minor}{currency}"
    return BillRow(kind, name, name, Money(minor, currency), NOW, fee=Money(*fee), settlement=settled)


BILLS = {
    ("Shop counter", FIRST): [row(PAY, 10_000, "CNY", (60, "CNY")), row(BACK, 2_500, "CNY", (-15, "CNY"))],
    ("Shop counter", SECOND): [
        row(PAY, 999, "CNY", (6, "CNY")),
        replace(row(PAY, 7, "CNY", (3, "CNY")), succeeded=False),
    ],
    ("Abroad", FIRST): [
        row(PAY, 5_000, "JPY", (812, "CNY"), (23_069, "CNY")),
        row(PAY, 12_345, "KWD", (100, "CNY"), (28_000, "CNY")),
        row(BACK, 1_000, "JPY", (0, "CNY"), (4_776, "CNY")),
    ],
}
"""Written down by hand: what the tests below expect is added up from these, not by the code under test."""
EXPECTED = {
    (FIRST, "Shop counter", "CNY"): (10_000, -2_500, -45, 7_455),
    (SECOND, "Shop counter", "CNY"): (999, 0, -6, 993),
    (FIRST, "Abroad", "JPY"): (5_000, -1_000, 0, 0),
    (FIRST, "Abroad", "KWD"): (12_345, 0, 0, 0),
    (FIRST, "Abroad", "CNY"): (0, 0, -912, 23_069 + 28_000 - 4_776),
}
OPEN = {
    (FIRST, "Shop counter", "CNY"): 2,
    (SECOND, "Shop counter", "CNY"): 0,
    (FIRST, "Abroad", "JPY"): 2,
    (FIRST, "Abroad", "KWD"): 1,
    (FIRST, "Abroad", "CNY"): 0,
}
"""Rows that our side knows nothing of; the one of the second day is resolved below."""


@pytest.fixture
def billed(app: Any, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop with two accounts and the bills above, and a third day whose bill is not there yet."""
    shop = make.shop(locale="en")
    with context.shops([shop.id]), transaction():
        accounts = [_account(shop, "Shop counter", 0), _account(shop, "Abroad", 1)]
    with context.shops([shop.id]):
        for account in accounts:
            for day in (FIRST, SECOND, THIRD):
                _bill(monkeypatch, BILLS.get((account.label, day)), waits=day == THIRD)
                run = reconciling.reconcile(account.id, day, transaction)
                if day == SECOND and account.label == "Shop counter":
                    (stranger,) = differences.of_run(run)
                    with transaction():
                        differences.resolve(stranger.id, "Booked by hand")
    return shop


def _account(shop: Shop, label: str, position: int) -> ChannelAccount:
    account = ChannelAccount(
        shop_id=shop.id, channel="simulator", label=label, enabled=True, callback_token=label, position=position
    )
    db.session.add(account)
    db.session.flush()
    return account


def _bill(monkeypatch: pytest.MonkeyPatch, rows: list[BillRow] | None, *, waits: bool) -> None:
    status = BillStatus.NOT_READY if waits else BillStatus.READY
    answer = Bill(status, Exchange("bill"), tuple(rows or ()))
    monkeypatch.setattr(Simulator, "bill", lambda self, day: answer)


def read(shop: Shop) -> Sales:
    with clock.frozen(NOW), context.shops([shop.id]), transaction():
        return metrics.read(spans.of(shop, FIRST, THIRD))


def added(currency: str) -> tuple[int, ...]:
    """The sums of a currency, by the test's own adding."""
    parts = [minor for (_, _, of), minor in EXPECTED.items() if of == currency]
    return tuple(sum(column) for column in zip(*parts, strict=True))


def test_each_day_channel_and_currency_has_its_own_sums(billed: Shop) -> None:
    rows = read(billed).settlement.rows
    money = {
        (one.day, one.account, one.currency): (one.received_minor, one.refunded_minor, one.fees_minor, one.net_minor)
        for one in rows
        if not one.state
    }
    assert money == EXPECTED
    assert {(one.day, one.account, one.currency): one.differences for one in rows if not one.state} == OPEN
    awaited = [(one.day, one.account, one.state, one.currency) for one in rows if one.state]
    assert awaited == [(THIRD, "Abroad", "waiting", ""), (THIRD, "Shop counter", "waiting", "")]


def test_currencies_are_added_up_apart(billed: Shop) -> None:
    totals = {
        one.currency: (one.received_minor, one.refunded_minor, one.fees_minor, one.net_minor)
        for one in read(billed).settlement.totals
    }
    assert totals == {currency: added(currency) for currency in ("CNY", "JPY", "KWD")}
    assert totals["CNY"] == (10_999, -2_500, -963, 54_741)


def test_what_is_kept_for_the_screen_is_what_was_read(billed: Shop) -> None:
    sales = read(billed)
    stored = json.loads(json.dumps(figures.kept(sales)))
    again = figures.restored(Report(shop_id=billed.id, first_day=FIRST, last_day=THIRD, figures=stored))
    assert again.settlement == sales.settlement
    del stored["settlement"]
    older = figures.restored(Report(shop_id=billed.id, first_day=FIRST, last_day=THIRD, figures=stored))
    assert older.settlement.rows == ()


def test_another_shops_bills_are_not_in_it(billed: Shop) -> None:
    assert read(make.shop("other")).settlement.rows == ()


def test_the_sheet_holds_the_same_to_the_minor_unit(billed: Shop, tmp_path: Path) -> None:
    sales = read(billed)
    with context.shops([billed.id]), force_locale("en"):
        workbook.write(sales, workbook.About(billed.name, "Mei Lin"), tmp_path / "r.xlsx")
    book = Workbook(tmp_path / "r.xlsx").book
    head, *cells = book["By channel"].iter_rows(values_only=True)
    assert head == ("Day", "Channel", "Currency", "Received", "Paid back", "Fees of channels", "Net settled",
                    "Open differences", "Bill")  # fmt: skip
    told = {(line[0].date(), line[1], line[2]): line[3:7] for line in cells if line[8] == "Compared"}
    assert told == {
        key: tuple(float(str(Money(minor, key[2]))) for minor in minors) for key, minors in EXPECTED.items()
    }
    assert [line[3:] for line in cells if line[8] == "No bill yet"] == [
        (None, None, None, None, None, "No bill yet")
    ] * 2
    formats_of = {line[2].value: line[3].number_format for line in book["By channel"].iter_rows(min_row=2)}
    assert [formats_of[one].split(";")[0] for one in ("CNY", "JPY", "KWD")] == ["#,##0.00", "#,##0", "#,##0.000"]
    _every_check_holds(book)


def _every_check_holds(book: Any) -> None:
    """Each SUMIFS, worked out here, gives the numbers beside it."""
    checks = [line for line in book["Checks"].iter_rows(min_row=2, values_only=True) if line[0] == "By channel"]
    sums: Counter[tuple[str, str]] = Counter()
    head, *cells = book["By channel"].iter_rows(values_only=True)
    for line in cells:
        if line[8] == "Compared":
            sums.update(
                {(name, line[2]): round(value * 1000) for name, value in zip(head[3:8], line[3:8], strict=True)}
            )
    assert len(checks) == 3 * 5
    for _, figure, whole, of_rows, formula, _ in checks:
        name, currency = figure.split(" · ")
        letter = "DEFGH"[head[3:8].index(name)]
        assert formula == f"=SUMIFS('By channel'!{letter}2:{letter}8,'By channel'!C2:C8,\"{currency}\")"
        assert round(whole * 1000) == round(of_rows * 1000) == sums[name, currency], figure


def test_the_page_shows_the_same_and_the_command_tells_it(
    billed: Shop, app: Any, sign_in: Any, run_jobs: Any, tmp_path: Path
) -> None:
    manager = Browser(apart(sign_in, make.staff(Role.MANAGER, billed)))
    with clock.frozen(NOW):
        span = {"preset": "custom", "first": FIRST.isoformat(), "last": THIRD.isoformat()}
        address = manager.post("/reports/new", data=span).headers["Location"]
        assert run_jobs() == ["done"]
        page = manager.get(address).text
    with force_locale("en"):
        _shows_every_sum(page[page.index('data-table="channels"') :])
    with clock.frozen(NOW):
        result = app.test_cli_runner().invoke(
            args=["report", "sales", "--shop", billed.code, "--from", str(FIRST), "--to", str(THIRD), "--out",
                  str(tmp_path / "c.xlsx"), "--json"]
        )  # fmt: skip
    told = json.loads(result.stdout)["channels"]
    assert told["JPY"] == {"received": "5000", "refunded": "-1000", "fees": "0", "net": "0", "open_differences": 2}
    assert told["KWD"]["received"] == "12.345"
    assert (told["CNY"]["net"], told["CNY"]["fees"], told["CNY"]["open_differences"]) == ("547.41", "-9.63", 2)


def _shows_every_sum(table: str) -> None:
    for (_, _, currency), minors in EXPECTED.items():
        for minor in minors:
            assert formats.money(minor, currency) in table
    for currency in ("CNY", "JPY", "KWD"):
        for minor in added(currency):
            assert f">{formats.money(minor, currency)}</td>" in table[table.index("<tfoot>") :]
