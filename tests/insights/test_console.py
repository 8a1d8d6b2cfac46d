"""Reports in the console: who may do what, the form, the job's course, and the page against the workbook."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, text

from app.console.roles import Role
from app.insights import metrics, reports, spans
from app.insights.models import Report
from app.kit import clock, context, files
from app.kit.db import db, transaction
from app.kit.jobs import Job, JobState
from app.kit.journal import JournalEntry
from app.orders.models import OrderKind
from app.shops.models import Shop, ShopMember
from tests import factories as make

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SPAN = {"preset": "custom", "first": "2026-10-01", "last": "2026-11-02"}
SignIn = Callable[[Any], FlaskClient]
RunJobs = Callable[[], list[str]]


def shop_with_sales() -> Shop:
    shop = make.shop()
    sale = make.order(shop, ("S1", 2, 1250), ("S2", 1, 999), country="China")
    make.order(shop, ("S1", -1, 1250), kind=OrderKind.CREDIT_NOTE, reverses_id=sale.id)
    return shop


def all_rows(model: Any) -> list[Any]:
    with context.every_shop("test"):
        return list(db.session.scalars(select(model).order_by(model.id)))


def made_report(shop: Shop, client: FlaskClient, run_jobs: RunJobs) -> int:
    with clock.frozen(NOW):
        assert client.post("/reports/new", data=SPAN).status_code == 302
    assert run_jobs() == ["done"]
    return all_rows(Report)[-1].id


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (None, 302),
        (Role.AGENT, 403),
        (Role.MERCHANT, 403),
        (Role.AUDITOR, 403),
        (Role.MANAGER, 302),
        (Role.ADMINISTRATOR, 302),
    ],
)
def test_only_managers_want_reports(app: Any, sign_in: SignIn, role: Role | None, status: int) -> None:
    shop = shop_with_sales()
    client = app.test_client() if role is None else sign_in(make.staff(role, shop))
    with clock.frozen(NOW):
        response = client.post("/reports/new", data=SPAN)
    assert response.status_code == status
    allowed = role in (Role.MANAGER, Role.ADMINISTRATOR)
    assert (len(all_rows(Report)), len(all_rows(Job))) == ((1, 1) if allowed else (0, 0))
    assert ("/login/" in response.headers.get("Location", "")) == (role is None)


@pytest.mark.parametrize(
    ("role", "status"), [(None, 302), (Role.AGENT, 403), (Role.MERCHANT, 403), (Role.AUDITOR, 403), (Role.MANAGER, 200)]
)
def test_only_managers_take_the_workbook_and_the_journal_says_who(
    app: Any, sign_in: SignIn, run_jobs: RunJobs, role: Role | None, status: int
) -> None:
    shop = shop_with_sales()
    pk = made_report(shop, sign_in(make.staff(Role.MANAGER, shop)), run_jobs)
    user = make.staff(role, shop) if role else None
    client = sign_in(user) if user else app.test_client()
    response = client.get(f"/reports/{pk}/download")
    assert response.status_code == status
    taken = [(e.actor, e.facts["report_id"]) for e in all_rows(JournalEntry) if e.event == "ReportDownloaded"]
    assert taken == ([(f"staff:{user.id}", pk)] if user is not None and status == 200 else [])


@pytest.mark.parametrize("action", ["cancel", "again"])
@pytest.mark.parametrize("role", [None, Role.AGENT, Role.MERCHANT, Role.AUDITOR])
def test_others_neither_cancel_nor_repeat(app: Any, sign_in: SignIn, role: Role | None, action: str) -> None:
    shop = shop_with_sales()
    with clock.frozen(NOW):
        sign_in(make.staff(Role.MANAGER, shop)).post("/reports/new", data=SPAN)
    pk = all_rows(Report)[0].id
    client = sign_in(make.staff(role, shop)) if role else app.test_client()
    assert client.post(f"/reports/{pk}/{action}").status_code == (403 if role else 302)
    assert [(job.state, job.cancel_requested) for job in all_rows(Job)] == [(JobState.QUEUED, False)]


def test_an_auditor_reads_the_page_without_the_workbook(sign_in: SignIn, run_jobs: RunJobs) -> None:
    shop = shop_with_sales()
    pk = made_report(shop, sign_in(make.staff(Role.MANAGER, shop)), run_jobs)
    client = sign_in(make.staff(Role.AUDITOR, shop))
    page = client.get(f"/reports/{pk}").text
    assert "¥34.99" in page
    assert "/download" not in page
    assert "/download" not in client.get("/reports/").text
    assert client.get("/reports/new").status_code == 403


@pytest.mark.parametrize("path", ["", "/charts", "/download"])
def test_a_report_of_another_shop_does_not_exist(sign_in: SignIn, run_jobs: RunJobs, path: str) -> None:
    shop, other = shop_with_sales(), make.shop()
    pk = made_report(shop, sign_in(make.staff(Role.MANAGER, shop)), run_jobs)
    stranger = sign_in(make.staff(Role.MANAGER, other))
    assert stranger.get(f"/reports/{pk}{path}").status_code == 404
    for action in ("cancel", "again"):
        assert stranger.post(f"/reports/{pk}/{action}", headers={"Accept": "application/json"}).status_code == 404


def test_a_report_whose_maker_lost_the_shop_is_gone_for_them(sign_in: SignIn, run_jobs: RunJobs) -> None:
    shop, other = shop_with_sales(), make.shop()
    maker = make.staff(Role.MANAGER, shop, other)
    client = sign_in(maker)
    client.get(f"/reports/?shop={shop.code}")
    pk = made_report(shop, client, run_jobs)
    assert client.get(f"/reports/{pk}/download").status_code == 200
    db.session.query(ShopMember).filter_by(user_id=maker.id, shop_id=shop.id).delete()
    assert client.get(f"/reports/{pk}/download").status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"first": "2026-11-03"}, "The span begins on 2026-11-03, after its end on 2026-11-02."),
        ({"last": "2026-12-24"}, "The span ends on 2026-12-24, but today is 2026-11-23 in this shop."),
        ({"first": "2001-01-01"}, "A report covers at most 3660 days."),
        ({"first": "yesterday"}, "“yesterday” is not a day."),
        ({"preset": "century"}, "There is no span by that name."),
    ],
)
def test_an_impossible_span_comes_back_with_the_form(sign_in: SignIn, changes: dict[str, str], sentence: str) -> None:
    shop = shop_with_sales()
    client = sign_in(make.staff(Role.MANAGER, shop))
    with clock.frozen(NOW):
        response = client.post("/reports/new", data={**SPAN, **changes})
    assert response.status_code == 422
    assert sentence in response.text
    assert f'value="{SPAN["last"] if "last" not in changes else changes["last"]}"' in response.text
    assert all_rows(Report) == []


def test_the_form_offers_the_newest_month_with_orders_first(sign_in: SignIn) -> None:
    shop = make.shop()
    make.order(shop, placed_at=datetime(2011, 12, 9, 12, tzinfo=UTC))
    client = sign_in(make.staff(Role.MANAGER, shop))
    with clock.frozen(NOW):
        page = client.get("/reports/new").text
        client.post("/reports/new", data={"preset": "newest"})
    assert 'value="newest" checked' in page.replace('" checked', '" checked')
    assert "2011-12-01 – 2011-12-31" in page
    report = all_rows(Report)[0]
    assert (report.first_day, report.last_day) == (date(2011, 12, 1), date(2011, 12, 31))


def test_a_second_wish_for_a_report_in_the_making_leads_to_it(sign_in: SignIn) -> None:
    shop = shop_with_sales()
    client = sign_in(make.staff(Role.MANAGER, shop))
    with clock.frozen(NOW):
        first, second = (client.post("/reports/new", data=SPAN).headers["Location"] for _ in range(2))
    assert first == second
    assert (len(all_rows(Report)), len(all_rows(Job))) == (1, 1)


def test_a_cancelled_report_is_made_on_trying_again(sign_in: SignIn, run_jobs: RunJobs) -> None:
    shop = shop_with_sales()
    client = sign_in(make.staff(Role.MANAGER, shop))
    with clock.frozen(NOW):
        client.post("/reports/new", data=SPAN)
    pk = all_rows(Report)[0].id
    client.post(f"/reports/{pk}/cancel")
    assert "This report was not made" in client.get(f"/reports/{pk}").text
    client.post(f"/reports/{pk}/again")
    assert client.post(f"/reports/{pk}/again", headers={"Accept": "application/json"}).status_code == 422
    assert run_jobs() == ["done"]
    assert "¥34.99" in client.get(f"/reports/{pk}").text
    assert [job.state for job in all_rows(Job)] == [JobState.CANCELLED, JobState.DONE]


def test_a_job_that_runs_twice_makes_one_file(sign_in: SignIn, run_jobs: RunJobs) -> None:
    shop = shop_with_sales()
    pk = made_report(shop, sign_in(make.staff(Role.MANAGER, shop)), run_jobs)
    with context.shops([shop.id]), files.making(".xlsx") as path, transaction():
        before = reports.get(pk).file
        assert reports.make(pk, path, lambda step: None).file == before
    assert [e.event for e in all_rows(JournalEntry)].count("ReportMade") == 1


def test_a_worker_that_lost_its_job_leaves_nothing(
    sign_in: SignIn, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker takes the job over in the middle of the sums; this one may not write any more."""
    shop = shop_with_sales()
    client = sign_in(make.staff(Role.MANAGER, shop))
    before = set(files.folder().rglob("*.xlsx"))

    def overtaken(connection: Any, span: Any) -> Any:
        connection.execute(text("update job set attempt = attempt + 1"))
        return metrics.by_country(connection, span)

    monkeypatch.setitem(metrics.READERS, "countries", overtaken)
    with clock.frozen(NOW):
        client.post("/reports/new", data=SPAN)
    assert run_jobs() == ["none"]
    assert [(row.file, row.figures) for row in all_rows(Report)] == [(None, None)]
    assert [entry.event for entry in all_rows(JournalEntry)] == []
    assert set(files.folder().rglob("*.xlsx")) == before


def test_an_empty_span_says_so(sign_in: SignIn, run_jobs: RunJobs) -> None:
    shop = make.shop()
    client = sign_in(make.staff(Role.MANAGER, shop))
    pk = made_report(shop, client, run_jobs)
    page = client.get(f"/reports/{pk}").text
    assert "There are no sales in this span." in page
    assert "data-chart=" not in page


def test_the_pages_take_at_most_ten_statements(sign_in: SignIn, run_jobs: RunJobs, count_sql: Any) -> None:
    shop = shop_with_sales()
    client = sign_in(make.staff(Role.MANAGER, shop))
    pk = made_report(shop, client, run_jobs)
    for address in ("/reports/", f"/reports/{pk}", f"/reports/{pk}/charts", "/reports/new"):
        with count_sql() as statements:
            assert client.get(address).status_code == 200
        assert len(statements) <= 10, (address, statements)


class Tables(HTMLParser):
    """The tables of a page by name: lists of rows of cell texts, and the figures above them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.figures: dict[str, str] = {}
        self._rows: list[list[str]] | None = None
        self._kpi = ""
        self._text: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if name := values.get("data-table"):
            self._rows = self.tables[name] = []
        elif self._rows is not None and tag == "tr":
            self._rows.append([])
        self._kpi = values.get("data-kpi") or self._kpi
        if (self._rows is not None and tag in ("td", "th")) or "k-kpi-value" in (values.get("class") or ""):
            self._text = []

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._rows = None
        if self._text is None or tag not in ("td", "th", "div"):
            return
        text, self._text = "".join(self._text).strip(), None
        if self._rows is not None:
            self._rows[-1].append(text)
        else:
            self.figures[self._kpi] = text


def minor(text: str) -> int:
    return int(re.sub(r"[^0-9-]", "", text.replace("−", "-")))


def test_screen_workbook_charts_and_sql_agree_to_the_fen(sign_in: SignIn, run_jobs: RunJobs) -> None:
    shop = shop_with_sales()
    client = sign_in(make.staff(Role.MANAGER, shop))
    pk = made_report(shop, client, run_jobs)
    with clock.frozen(NOW), context.shops([shop.id]), transaction():
        sales = metrics.read(spans.of(shop, date(2026, 10, 1), date(2026, 11, 2)))
    page = Tables(client.get(f"/reports/{pk}").text)
    charts = json.loads(client.get(f"/reports/{pk}/charts").text)
    book = load_workbook(io.BytesIO(client.get(f"/reports/{pk}/download").data))
    assert {key: minor(page.figures[key]) for key in ("gross", "refunds", "net")} == {
        "gross": sales.totals.gross_minor,
        "refunds": sales.totals.refunds_minor,
        "net": sales.totals.net_minor,
    }
    for sheet, name in ((book["By day"], "days"), (book["By product"], "products"), (book["By country"], "countries")):
        column = [cell.value for cell in sheet[1]].index("Net sales")
        of_sql = [row.figures.net_minor for row in getattr(sales, name)]
        assert [round(row[column].value * 100) for row in sheet.iter_rows(min_row=2)][:-1] == of_sql, name
        assert [minor(row[column]) for row in page.tables[name][1:-1]] == of_sql, name
    drawn = {trace["name"]: [minor(value) for value in trace["y"]] for trace in charts["days"]["data"]}
    assert drawn["Net sales"] == [row.figures.net_minor for row in sales.days]
    bars = {trace["name"]: [minor(value) for value in trace["x"]] for trace in charts["products"]["data"]}
    assert bars["Gross sales"] == [row.figures.gross_minor for row in sales.products]
