"""A form that is refused says which field it is about, leads there, and comes back with all that was typed."""

import pytest

from app.console.roles import Role
from app.kit import context
from app.kit.db import db
from app.orders.models import Order, OrderLine
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    return make.shop()


@pytest.fixture
def agent(shop, sign_in):
    return sign_in(make.staff(Role.AGENT, shop))


@pytest.fixture
def manager(shop, sign_in):
    return sign_in(make.staff(Role.MANAGER, shop))


def form(sku, **values):
    return {"sku_id": sku.id, "quantity": "2", "price": "", "reason": "", **values}


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("price", "abc", "Another unit price in line 1: “abc” is not an amount in CNY. Write digits only, such as"),
        ("quantity", "two", "Quantity in line 1: “two” is not a whole number. Write digits only, such as 3."),
        ("discount_amount", "x9", "Discount: “x9” is not an amount in CNY."),
        ("shipping", "free", "Shipping: “free” is not an amount in CNY."),
    ],
)
def test_a_new_order_names_the_field_that_cannot_be_read(shop, agent, field, typed, sentence) -> None:
    discount = {"discount_amount": "", "discount_payer": "merchant", "discount_label": "coupon"}

    answer = agent.post("/orders/new/", data=form(make.sku(shop), **{**discount, field: typed}))

    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'data-refused="{field}" data-refused-at="0"' in answer.text
    assert f'value="{typed}"' in answer.text
    assert 'value="coupon"' in answer.text


def test_the_customer_chosen_for_a_refused_order_is_still_shown(shop, agent) -> None:
    known = make.customer(shop, number="C-7", name="王芳", phone="13900000000")

    answer = agent.post("/orders/new/", data=form(make.sku(shop), customer_id=known.id, price="abc"))

    assert f'name="customer_id" value="{known.id}"' in answer.text
    assert "王芳 · C-7 · 139****0000" in answer.text


def test_the_customer_of_another_shop_is_not_shown(agent, shop) -> None:
    stranger = make.customer(make.shop(), number="C-8", name="李雷", phone="13900000001")

    answer = agent.post("/orders/new/", data=form(make.sku(shop), customer_id=stranger.id, price="abc"))

    assert answer.status_code == 422
    assert "李雷" not in answer.text


def test_the_same_name_and_phone_is_the_same_customer(shop, agent) -> None:
    sku = make.sku(shop, stock_on_hand=9)
    for name in ("王芳", "王芳", "李雷"):
        agent.post("/orders/new/", data=form(sku, customer_name=name, customer_phone="13900000000"))

    with context.every_shop("test"):
        first, second, third = (one.customer_id for one in db.session.query(Order).order_by(Order.id))
    assert first == second
    assert first != third


def test_a_line_says_which_options_it_is(shop, agent) -> None:
    cup = make.product(shop, title="保温杯")
    sku = make.sku(shop, cup, options={"颜色": "白色", "容量": "350ml"})

    agent.post("/orders/new/", data=form(sku))

    with context.every_shop("test"):
        (line,) = db.session.query(OrderLine)
    assert line.title in ("保温杯 白色 350ml", "保温杯 350ml 白色")


def test_settings_of_orders_name_the_field(manager) -> None:
    answer = manager.post("/orders/settings/", data={"promise": "48", "unpaid_hours": "2", "unpaid_minutes": "x9"})

    assert answer.status_code == 422
    assert "Close an order that nobody has paid for after: “x9” is not a whole number." in answer.text
    assert 'data-refused="unpaid_minutes"' in answer.text


def test_settings_of_after_sale_keep_what_was_typed(manager) -> None:
    from app.after_sale import settings

    typed = {f"hours_{state.value}": str(one.hours) for state, one in settings.DEFAULTS.items()}
    typed |= {f"late_{state.value}": one.late.value for state, one in settings.DEFAULTS.items()}

    answer = manager.post("/after-sale/settings/", data={**typed, "hours_refused": "77", "approve_limit": "zwei"})

    assert answer.status_code == 422
    assert "somebody who may approve: “zwei” is not an amount in CNY." in answer.text
    assert 'value="77"' in answer.text
    assert 'value="zwei"' in answer.text


def test_units_of_a_split_and_of_a_case_are_named_and_kept(shop, agent) -> None:
    order = make.order(shop, ("CUP", 2, 1000), ("POT", 1, 500))
    with context.every_shop("test"):
        cup = db.session.query(OrderLine).filter_by(order_id=order.id, code="CUP").one().id

    split = agent.post(f"/orders/{order.id}/split", data={f"units-{cup}": "x"}).text
    case = agent.post(f"/after-sale/new/{order.id}", data={"kind": "refund_only", f"amount_{cup}": "ten"}).text

    assert "Into the second order: “x” is not a whole number." in split
    assert f'name="units-{cup}"' in split
    assert 'value="x"' in split
    assert "Amount · CUP: “ten” is not an amount in CNY." in case
    assert 'value="ten"' in case


def test_no_case_is_offered_for_an_order_that_nobody_has_paid_for(shop, agent) -> None:
    agent.post("/orders/new/", data=form(make.sku(shop)))
    with context.every_shop("test"):
        (order,) = db.session.query(Order)

    page = agent.get(f"/after-sale/new/{order.id}").text

    assert "This order has not been paid for" in page
    assert "Open the case" not in page
