"""Orders history from a file: what a row becomes, what is refused, and what a second import does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from app.customers.models import Customer
from app.imports import faults, mapping
from app.imports.charge_codes import ChargeCode
from app.imports.models import ImportFault, ImportKind, OnError
from app.kit import context
from app.kit.audit import FieldChange
from app.kit.db import db
from app.orders.models import LineKind, Order, OrderKind, OrderLine, OrderStatus
from tests import factories as make
from tests.imports.builders import dry, four, run_of, take

HEADER = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
pytestmark = pytest.mark.usefixtures("app", "scope")


@pytest.fixture
def scope(app) -> Any:
    with context.every_shop("test"):
        yield


@pytest.fixture
def shop(app) -> Any:
    return make.shop(currency="GBP", time_zone="Europe/London", locale="en")


def row(number="536365", code="85123A", title="HOLDER", quantity="6", at="2010-12-01 08:26:00", price="2.55",
        customer="17850", country="United Kingdom") -> tuple[str, ...]:  # fmt: skip
    return number, code, title, quantity, at, price, customer, country


def start(shop, *rows, header=HEADER, **values):
    return run_of(
        shop, header, rows, kind=ImportKind.ORDERS, mapping=mapping.guess(ImportKind.ORDERS, header), **values
    )


def order(shop, number="536365") -> Order:
    return db.session.scalars(select(Order).where(Order.shop_id == shop.id, Order.number == number)).one()


def lines(shop, number="536365") -> list[OrderLine]:
    of_order = select(OrderLine).where(OrderLine.order_id == order(shop, number).id).order_by(OrderLine.position)
    return list(db.session.scalars(of_order))


def orders_of(shop) -> list[str]:
    return list(db.session.scalars(select(Order.number).where(Order.shop_id == shop.id).order_by(Order.number)))


def versions(shop) -> list[tuple[object, ...]]:
    kept = select(Order.id, Order.number, Order.version, Order.updated_at).where(Order.shop_id == shop.id)
    return [tuple(one) for one in db.session.execute(kept.order_by(Order.id))]


def refused(run) -> list[tuple[int, str, str]]:
    found = select(ImportFault).where(ImportFault.run_id == run.id).order_by(ImportFault.row)
    return [(fault.row, fault.column, fault.code) for fault in db.session.scalars(found)]


def test_headers_are_known_in_english_and_chinese() -> None:
    chinese = ("订单号", "SKU编码", "商品名称", "数量", "下单时间", "单价", "客户编号", "国家", "收货人", "收货地址")
    keys = ("number", "code", "title", "quantity", "placed_at", "unit_price", "customer", "country")

    assert mapping.guess(ImportKind.ORDERS, HEADER) == {key: index for index, key in enumerate(keys)}
    assert mapping.guess(ImportKind.ORDERS, chinese) == {
        key: index for index, key in enumerate((*keys, "receiver", "address"))
    }


def test_rows_of_one_number_become_an_order_with_lines_and_totals(shop) -> None:
    sku = make.sku(shop, code="85123A")

    result = take(start(shop, row(), row(code="71053", title="LANTERN", price="3.39"), row(code="POST", price="18")))

    assert four(result) == (3, 0, 0, 0)
    made = order(shop)
    assert (made.kind, made.status, made.currency) == (OrderKind.SALE, OrderStatus.COMPLETED, "GBP")
    assert made.placed_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert (made.units, made.items_minor, made.charges_minor, made.total_minor) == (12, 3564, 10800, 14364)
    assert [(line.position, line.kind, line.code, line.sku_id) for line in lines(shop)] == [
        (1, LineKind.PRODUCT, "85123A", sku.id),
        (2, LineKind.PRODUCT, "71053", None),
        (3, LineKind.CHARGE, "POST", None),
    ]


def test_unit_prices_stay_exact_and_amounts_round_half_away_from_zero(shop) -> None:
    take(start(shop, row(price="0.072", quantity="1"), row(price="0.125", quantity="1"),
               row("C1", price="0.125", quantity="-1")))  # fmt: skip

    assert [(line.unit_price_micros, line.amount_minor) for line in lines(shop)] == [(72_000, 7), (125_000, 13)]
    assert lines(shop, "C1")[0].amount_minor == -13


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2011-07-01 08:26:00", datetime(2011, 7, 1, 7, 26, tzinfo=UTC)),
        ("2011/7/1 8:26", datetime(2011, 7, 1, 7, 26, tzinfo=UTC)),
        ("2011年7月1日 8时26分", datetime(2011, 7, 1, 7, 26, tzinfo=UTC)),
        ("2011-07-01T08:26:00+08:00", datetime(2011, 7, 1, 0, 26, tzinfo=UTC)),
        ("2011-07-01", datetime(2011, 6, 30, 23, 0, tzinfo=UTC)),
        ("20110701082600", datetime(2011, 7, 1, 7, 26, tzinfo=UTC)),
        ("1/7/2011 8:26 PM", datetime(2011, 7, 1, 19, 26, tzinfo=UTC)),
        ("31.7.2011", datetime(2011, 7, 30, 23, 0, tzinfo=UTC)),
    ],
)
def test_dates_are_read_in_the_zone_of_the_shop(shop, written: str, instant: datetime) -> None:
    take(start(shop, row(at=written)))

    assert order(shop).placed_at == instant


def test_one_date_above_twelve_tells_the_order_of_day_and_month_for_the_file(shop) -> None:
    take(start(shop, row("1", at="12/1/2010 8:26"), row("2", at="12/31/2010 8:26")))

    assert order(shop, "1").placed_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"number": ""}, ("number", "order_field_missing")),
        ({"code": ""}, ("code", "order_field_missing")),
        ({"quantity": "two"}, ("quantity", "bad_quantity")),
        ({"quantity": "1.5"}, ("quantity", "bad_quantity")),
        ({"quantity": ""}, ("quantity", "order_field_missing")),
        ({"price": "2,55"}, ("unit_price", "bad_price")),
        ({"price": "0.0000001"}, ("unit_price", "bad_price")),
        ({"price": "-1"}, ("unit_price", "negative_price")),
        ({"quantity": "999999999", "price": "999999999"}, ("quantity", "amount_too_large")),
        ({"at": "2010-02-30"}, ("placed_at", "bad_date")),
        ({"at": "2010-12-01 25:00"}, ("placed_at", "bad_date")),
        ({"at": "yesterday"}, ("placed_at", "bad_date")),
        ({"customer": "9" * 61}, ("customer", "order_text_too_long")),
    ],
)
def test_a_bad_cell_is_named_and_nothing_of_its_order_goes_in(shop, changed, fault) -> None:
    run = start(shop, row("1"), row(**{"number": "2", **changed}))

    result = take(run)

    assert four(result) == (1, 0, 0, 1)
    assert refused(run) == [(3, *fault)]
    assert orders_of(shop) == ["1"]
    shown = faults.page(run)[0].message
    assert "%(" not in shown
    assert "refused (" not in shown


def test_an_order_with_one_bad_row_waits_as_a_whole(shop) -> None:
    run = start(shop, row("1"), row("2"), row("2", quantity="x"), row("2", code="71053"))

    assert four(take(run)) == (1, 0, 0, 3)
    assert refused(run) == [
        (3, "number", "order_row_refused"),
        (4, "quantity", "bad_quantity"),
        (5, "number", "order_row_refused"),
    ]
    assert orders_of(shop) == ["1"]


def test_stopping_at_the_first_fault_never_leaves_half_an_order(shop) -> None:
    take(start(shop, row("1"), row("2"), row("3", quantity="x"), row("2", code="71053")), OnError.STOP)

    assert orders_of(shop) == ["1"]


def test_all_or_nothing_writes_nothing_when_a_row_is_bad(shop) -> None:
    take(start(shop, row("1"), row("2", quantity="x")), OnError.ALL)

    assert orders_of(shop) == []


def test_a_dry_run_tells_the_counts_and_writes_nothing(shop) -> None:
    run = start(shop, row("1"), row("C2", quantity="-6"))

    result = dry(run)

    assert four(result) == (2, 0, 0, 0)
    assert result["notes"]["linked"] == 1
    assert orders_of(shop) == []


def test_kinds_come_from_number_and_lines(shop) -> None:
    take(
        start(
            shop,
            row("1"),
            row("C2", quantity="-6"),
            row("C3", quantity="6"),
            row("CN-8", quantity="-1"),
            row("A4", code="B", price="-11062.06", quantity="1"),
            row("A5"),
            row("6", quantity="-10", price="0"),
            row("7", price="0"),
        )
    )

    kinds = {number: order(shop, number).kind for number in orders_of(shop)}
    assert kinds == {
        "1": OrderKind.SALE,
        "C2": OrderKind.CREDIT_NOTE,
        "C3": OrderKind.SALE,
        "CN-8": OrderKind.CREDIT_NOTE,
        "A4": OrderKind.ADJUSTMENT,
        "A5": OrderKind.SALE,
        "6": OrderKind.ADJUSTMENT,
        "7": OrderKind.ADJUSTMENT,
    }
    assert order(shop, "A4").total_minor == -1_106_206


def test_a_credit_note_is_linked_to_the_sale_it_reverses(shop) -> None:
    result = take(
        start(
            shop,
            row("1", at="2010-12-01"),
            row("2", at="2010-12-02"),
            row("C3", at="2010-12-03", quantity="-4"),
            row("C4", at="2010-12-04", quantity="-6"),
            row("C5", at="2010-12-05", quantity="-6"),
            row("C6", at="2010-12-05", quantity="-6", customer=""),
        )
    )

    assert order(shop, "C3").reverses_id == order(shop, "2").id
    assert order(shop, "C4").reverses_id == order(shop, "1").id
    assert order(shop, "C5").reverses_id is None
    assert order(shop, "C6").reverses_id is None
    notes = result["notes"]
    assert (notes["linked"], notes["unlinked_more_than_sold"], notes["unlinked_anonymous"]) == (2, 1, 1)


def test_a_note_that_came_first_is_linked_once_its_sale_is_there(shop) -> None:
    take(start(shop, row("C3", at="2010-12-03", quantity="-4")))
    take(start(shop, row("1", at="2010-12-01")))

    note = order(shop, "C3")
    assert note.reverses_id == order(shop, "1").id
    assert note.version == 2
    assert db.session.scalars(select(FieldChange.changes).where(FieldChange.row_id == note.id)).one() == {
        "reverses_id": [None, note.reverses_id]
    }


def test_a_later_note_counts_what_earlier_imports_took_back(shop) -> None:
    take(start(shop, row("1"), row("C2", at="2010-12-02", quantity="-4")))
    take(start(shop, row("C3", at="2010-12-03", quantity="-4")))

    assert order(shop, "C3").reverses_id is None


def test_customers_are_made_by_number_and_blank_ones_stay_anonymous(shop) -> None:
    known = make.customer(shop, number="17850", country="France")

    take(start(shop, row("1"), row("2", customer=""), row("3", customer="12347", country="Iceland")))

    assert order(shop, "1").customer_id == known.id
    assert order(shop, "2").customer_id is None
    found = select(Customer.number, Customer.country).where(Customer.shop_id == shop.id).order_by(Customer.number)
    assert [tuple(one) for one in db.session.execute(found)] == [("12347", "Iceland"), ("17850", "France")]


def test_one_number_with_two_customers_is_refused(shop) -> None:
    run = start(shop, row("1"), row("1", customer="12347"))

    assert four(take(run)) == (0, 0, 0, 2)
    assert {code for _, _, code in refused(run)} == {"order_customers_differ"}


def test_several_times_give_the_earliest_and_are_told(shop) -> None:
    result = take(start(shop, row(at="2010-12-01 08:27:00"), row(code="71053", at="2010-12-01 08:26:00")))

    assert order(shop).placed_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert result["notes"]["orders_over_several_times"] == 1


def test_exact_duplicates_are_kept_and_counted(shop) -> None:
    result = take(start(shop, row(), row(), row(), row(quantity="7")))

    assert [line.quantity for line in lines(shop)] == [6, 6, 6, 7]
    assert result["notes"]["duplicates_kept"] == 2


def test_codes_that_differ_by_letter_case_are_two(shop) -> None:
    upper, lower = make.sku(shop, code="85123A"), make.sku(shop, code="85123a")

    take(start(shop, row(code="85123A"), row(code="85123a")))

    assert [line.sku_id for line in lines(shop)] == [upper.id, lower.id]


def test_a_shop_may_list_its_own_charge_codes(shop) -> None:
    db.session.add_all([ChargeCode(shop_id=shop.id, pattern="fee_*"), ChargeCode(shop_id=shop.id, pattern="VAT")])
    db.session.flush()

    take(start(shop, row(code="FEE_1"), row(code="FEES"), row(code="vat"), row(code="POST")))

    kinds = [line.kind.value for line in lines(shop)]
    assert kinds == ["charge", "product", "charge", "product"]


def test_the_same_file_again_changes_nothing(shop) -> None:
    rows = [row("1"), row("1", code="71053"), row("C2", quantity="-6")]
    take(start(shop, *rows))
    before = versions(shop)

    result = take(start(shop, *rows))

    db.session.expire_all()
    assert four(result) == (0, 0, 3, 0)
    assert versions(shop) == before
    assert len(lines(shop, "1")) == 2


@pytest.mark.parametrize(
    "changed", [{"quantity": "7"}, {"price": "2.56"}, {"title": "X"}, {"at": "2010-11-30"}, {"customer": "1"},
                {"country": "France"}, {"code": "85123a"}]
)  # fmt: skip
def test_an_order_that_is_there_with_other_content_is_refused(shop, changed) -> None:
    take(start(shop, row(), row(code="71053")))
    run = start(
        shop, row(**changed), row(code="71053", **{k: v for k, v in changed.items() if k == "customer"}), row("2")
    )

    assert four(take(run)) == (1, 0, 0, 2)
    assert refused(run)[0] == (2, "number", "order_differs")
    assert [(line.code, line.quantity) for line in lines(shop)] == [("85123A", 6), ("71053", 6)]


def test_a_missing_line_is_other_content(shop) -> None:
    take(start(shop, row(), row()))

    assert four(take(start(shop, row()))) == (0, 0, 0, 1)


def test_columns_that_the_file_lacks_are_not_compared(shop) -> None:
    take(start(shop, row()))
    few = HEADER[:2] + HEADER[3:6]
    cells = row()

    assert four(take(start(shop, cells[:2] + cells[3:6], header=few))) == (0, 0, 1, 0)


def test_numbers_may_have_commas_signs_and_full_width_digits(shop) -> None:
    take(start(shop, row(quantity="1,200", price="￥２.５０"), row(code="71053", quantity="＋3", price="£1,000.5")))

    assert [(line.quantity, line.unit_price_micros) for line in lines(shop)] == [(1200, 2_500_000), (3, 1_000_500_000)]


def test_the_same_number_in_another_shop_is_another_order(shop) -> None:
    other = make.shop()
    take(start(other, row(quantity="1")))

    take(start(shop, row()))

    assert lines(shop)[0].quantity == 6
    assert lines(other)[0].quantity == 1
