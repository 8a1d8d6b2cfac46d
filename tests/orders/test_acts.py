"""The pages around one order and many: writing one by hand, cancelling, comments, tags, and results row by row."""

import re

import pytest
from sqlalchemy import select

from app.console.roles import Role
from app.kit import context
from app.kit.db import db
from app.orders.models import Order, OrderPayment, OrderState, OrderStatus, PaymentMethod, PaymentState
from app.orders.side_models import OrderComment, OrderMention
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    return make.shop()


@pytest.fixture
def agent(shop, sign_in):
    return sign_in(make.staff(Role.AGENT, shop, name="agnes"))


def orders(shop) -> list[Order]:
    with context.every_shop("test"):
        db.session.expire_all()
        return list(db.session.scalars(select(Order).where(Order.shop_id == shop.id).order_by(Order.id)))


def form(sku, **values):
    return {"sku_id": sku.id, "quantity": "2", "price": "", "reason": "", "shipping": "8", **values}


def test_an_order_is_written_paid_and_cancelled_by_an_agent(shop, agent) -> None:
    sku = make.sku(shop, code="CUP", price_minor=1000)

    quoted = agent.post("/orders/new/quote", data=form(sku)).text
    made = agent.post(
        "/orders/new/", data=form(sku, customer_name="王芳", customer_phone="13900000000", receiver="王芳")
    )
    (order,) = orders(shop)
    paid = agent.post(f"/orders/{order.id}/payment", data={"amount": "28.00", "method": "transfer", "reference": "T1"})

    assert "¥28.00" in quoted
    assert (made.status_code, paid.status_code) == (302, 302)
    (order,) = orders(shop)
    assert (order.total_minor, order.payment_state, order.receiver) == (2800, PaymentState.PAID, "王芳")
    page = agent.get(f"/orders/{order.id}").text
    assert "¥28.00 received (Bank transfer)" in page
    refused = agent.post(f"/orders/{order.id}/cancel", data={"cause": "fraud"}, headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json["code"]) == (422, "cancel_paid")
    assert orders(shop)[0].close_cause is None


@pytest.mark.parametrize("amount", ["1.00", "28.00"])
def test_an_order_of_which_the_shop_holds_money_is_closed_by_no_button(shop, agent, amount) -> None:
    agent.post("/orders/new/", data=form(make.sku(shop, code="CUP", price_minor=1000), receiver="Li Lei"))
    (order,) = orders(shop)
    agent.post(f"/orders/{order.id}/payment", data={"amount": amount, "method": "cash"})

    for address, data in (("cancel", {"cause": "buyer"}), ("move", {"step": "close"})):
        answer = agent.post(f"/orders/{order.id}/{address}", data=data, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json["code"]) == (422, "cancel_paid")

    assert (orders(shop)[0].order_state, orders(shop)[0].close_cause) == (OrderState.OPEN, None)


@pytest.mark.parametrize("field", ["phone", "customer_phone"])
def test_a_phone_that_nobody_can_call_is_refused_with_all_that_was_typed_kept(shop, agent, field) -> None:
    typed = form(make.sku(shop, code="CUP"), receiver="Li Lei", customer_name="Li Lei", **{field: "abc 12"})

    answer = agent.post("/orders/new/", data=typed)

    assert answer.status_code == 422
    assert "A phone number has at least 5 digits." in answer.text
    assert "abc 12" in answer.text
    assert orders(shop) == []


def test_a_refused_order_comes_back_as_it_was_filled_in(shop, agent) -> None:
    sku = make.sku(shop, code="CUP", stock_on_hand=1)

    answer = agent.post("/orders/new/", data=form(sku, receiver="Li Lei", staff_note="by phone"))

    assert answer.status_code == 422
    assert "CUP: 2 wanted, 1 available" in answer.text
    assert "Li Lei" in answer.text
    assert "by phone" in answer.text
    assert orders(shop) == []


def test_marking_as_paid_records_what_was_still_owed(shop, agent) -> None:
    order = make.order(shop, status=OrderStatus.PENDING_PAYMENT)

    for _ in range(2):
        agent.post(f"/orders/{order.id}/move", data={"step": "pay"})

    with context.every_shop("test"):
        (payment,) = db.session.scalars(select(OrderPayment)).all()
    assert (payment.amount_minor, payment.method) == (1000, PaymentMethod.OTHER)
    (row,) = orders(shop)
    assert (row.payment_state, row.paid_minor) == (PaymentState.PAID, 1000)


@pytest.mark.parametrize("amount", ["abc", "1.234", "-5", "NaN", "1e400"])
def test_an_unreadable_payment_writes_nothing(shop, agent, amount) -> None:
    order = make.order(shop, status=OrderStatus.PENDING_PAYMENT)

    agent.post(f"/orders/{order.id}/payment", data={"amount": amount, "method": "cash"})

    assert (orders(shop)[0].payment_state, orders(shop)[0].paid_minor) == (PaymentState.UNPAID, 0)


def test_skus_and_buyers_are_found_only_in_our_shop(shop, agent) -> None:
    make.sku(shop, code="CUP-1")
    make.customer(shop, name="王芳", phone="13900000000")
    with context.every_shop("test"):
        theirs = make.shop()
        make.sku(theirs, code="CUP-2")
        make.customer(theirs, name="王芳芳")

    assert [one["code"] for one in agent.get("/orders/new/skus?q=CUP").json["found"]] == ["CUP-1"]
    (buyer,) = agent.get("/orders/new/buyers?q=王芳").json["found"]
    assert (buyer["text"], "139****0000" in buyer["hint"]) == ("王芳", True)


def test_a_comment_reaches_whom_it_names_and_nobody_of_another_shop(shop, agent, sign_in) -> None:
    lina = make.staff(Role.MANAGER, shop, name="lina")
    make.staff(Role.MANAGER, make.shop(), name="otto")
    order = make.order(shop)

    agent.post(f"/orders/{order.id}/comment", data={"comment": "@lina @otto please call the buyer <b>now</b>"})

    with context.every_shop("test"):
        assert db.session.scalars(select(OrderMention.user_id)).all() == [lina.id]
    client = sign_in(lina)
    mentions = client.get("/orders/mentions").text
    assert "please call the buyer &lt;b&gt;now" in mentions
    assert f">Order {order.number}</a>" in mentions
    assert "please call the buyer" in client.get(f"/orders/{order.id}").text
    assert "Comments that name me" in client.get("/").text
    client.post(f"/orders/{order.id}/seen")
    assert "please call the buyer" not in client.get("/orders/mentions").text


def test_tags_and_a_flag_are_set_and_shown(shop, agent) -> None:
    order = make.order(shop)

    agent.post(f"/orders/{order.id}/marks", data={"tags": "gift，VIP, gift", "flag": "red", "flag_text": "call first"})

    (row,) = orders(shop)
    assert (row.tags, row.flag, row.flag_text) == (["gift", "VIP"], "red", "call first")
    page = agent.get(f"/orders/{order.id}").text
    assert re.search(r"Red: call first", page)


def test_cancelling_many_tells_what_became_of_each(shop, agent, run_jobs) -> None:
    waiting = make.order(shop, number="SO-1", status=OrderStatus.PENDING_PAYMENT)
    done = make.order(shop, number="SO-2", status=OrderStatus.COMPLETED)
    closed = make.order(shop, number="SO-3", status=OrderStatus.CLOSED)
    ids = [waiting.id, done.id, closed.id]

    asked = agent.post("/orders/cancel", data={"ids": ids}, follow_redirects=True)
    made = agent.post("/orders/cancel", data={"ids": ids, "cause": "out_of_stock"})
    run_jobs()
    told = agent.get(made.location).text

    assert "3 orders are chosen" in asked.text
    assert "3 of 3 tried" in told
    rows = re.findall(r">(SO-\d)</a>.*?</svg>(\w+)</span></td>\s*<td>(.*?)</td><td[^>]*>(.*?)</td>", told, re.S)
    assert [one[:3] for one in rows] == [
        ("SO-1", "Done", "To be paid"),
        ("SO-2", "Refused", "Order completed"),
        ("SO-3", "Unchanged", "Order closed"),
    ]
    assert "“Order completed” and cannot become “Order closed”" in rows[1][3]
    assert [o.status for o in orders(shop)] == [OrderStatus.CLOSED, OrderStatus.COMPLETED, OrderStatus.CLOSED]


@pytest.mark.parametrize(("address", "data"), [("/orders/cancel", {"cause": "staff"}), ("/orders/tag", {"tags": "x"})])
def test_many_with_one_foreign_id_are_refused_whole(shop, agent, address, data) -> None:
    own = make.order(shop)
    with context.every_shop("test"):
        foreign = make.order(make.shop())

    answer = agent.post(address, data={"ids": [own.id, foreign.id], **data})

    assert answer.status_code == 403
    (row,) = orders(shop)
    assert (row.status, row.tags) == (OrderStatus.PENDING_SHIPMENT, [])


@pytest.mark.parametrize(
    ("address", "data"),
    [
        ("/orders/{id}/payment", {"amount": "10.00", "method": "cash"}),
        ("/orders/{id}/cancel", {"cause": "staff"}),
        ("/orders/{id}/reopen", {}),
        ("/orders/{id}/comment", {"comment": "hello"}),
        ("/orders/{id}/marks", {"tags": "x"}),
        ("/orders/{id}/lines", {"base": "{}", "sku_id": "1", "quantity": "1", "price": "", "reason": ""}),
        ("/orders/{id}/lines/quote", {"base": "{}"}),
        ("/orders/{id}/seen", {}),
    ],
)
def test_an_order_of_another_shop_does_not_exist_for_any_deed(shop, agent, address, data) -> None:
    with context.every_shop("test"):
        foreign = make.order(make.shop(), status=OrderStatus.PENDING_PAYMENT)

    answer = agent.post(address.format(id=foreign.id), data=data)

    assert answer.status_code == 404
    with context.every_shop("test"):
        db.session.expire_all()
        row = db.session.get(Order, foreign.id)
        assert (row.status, row.version, row.paid_minor, row.tags) == (OrderStatus.PENDING_PAYMENT, 1, 0, [])
        assert db.session.scalars(select(OrderComment)).all() == []


def test_names_in_a_comment_that_nobody_has_are_said_and_mail_addresses_are_no_names(shop, agent) -> None:
    make.staff(Role.MANAGER, shop, name="lina")
    order = make.order(shop)
    words = "@lina @lena. @Lina, mail jo@lina.example or ask @lena"

    told = agent.post(f"/orders/{order.id}/comment", data={"comment": words}, follow_redirects=True).text
    quiet = agent.post(f"/orders/{order.id}/comment", data={"comment": "@lina, jo@nowhere"}, follow_redirects=True).text

    assert "Nobody in this shop is called @lena @Lina: nobody was told." in told
    assert "nobody was told" not in quiet
    with context.every_shop("test"):
        assert len(db.session.scalars(select(OrderMention)).all()) == 2


def test_an_auditor_reads_and_writes_nothing(shop, sign_in) -> None:
    auditor = sign_in(make.staff(Role.AUDITOR, shop))
    order = make.order(shop)

    for address in ("/orders/new/", f"/orders/{order.id}/cancel", f"/orders/{order.id}/marks", "/orders/cancel"):
        assert auditor.post(address, data={}).status_code == 403
    assert orders(shop)[0].version == 1
