"""In exchange leaves the same goods, or another variant of the same product, and nothing else."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.after_sale import cases, exchanging, opening, returns, sending
from app.after_sale.access import By, lines_of
from app.after_sale.exchanging import Variant
from app.after_sale.models import AfterSaleCase, CaseKind, CaseState, Party
from app.after_sale.opening import Wanted, Wish
from app.after_sale.returns import Came
from app.catalog.models import Sku
from app.console.roles import Role
from app.fulfilment import resending
from app.fulfilment.models import Parcel, ParcelKind, ParcelLine, ParcelState
from app.kit import context
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.orders.models import Order, OrderLine, OrderStatus
from tests import factories as make

SHOP = By(Party.SELLER, True)


@pytest.fixture
def shirts(shop) -> dict[str, Sku]:
    """A shirt in two sizes and a cup: S is sold out, of L there are three, of the cup nine."""
    shirt, cup = make.product(shop, "Shirt"), make.product(shop, "Cup")
    return {
        "S": make.sku(shop, shirt, code="SH-S", options={"Size": "S"}, stock_on_hand=0),
        "L": make.sku(shop, shirt, code="SH-L", options={"Size": "L"}, stock_on_hand=3),
        "CUP": make.sku(shop, cup, code="CUP", stock_on_hand=9),
    }


@pytest.fixture
def exchange(shop, shirts) -> AfterSaleCase:
    """An exchange of a shirt S that has come back damaged."""
    order = make.order(shop, ("SH-S", 1, 5000), status=OrderStatus.SHIPPED)
    with context.every_shop("test"), transaction():
        line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
        line.sku_id = shirts["S"].id
        case = opening.open_case(
            order.id, Wish(CaseKind.EXCHANGE, "wrong_size", (Wanted(line.id, 1),)), By(Party.BUYER, False)
        )
        cases.agree(case.id, SHOP)
        sending.send_back(case.id, By(Party.BUYER, False), "sf", "SF1234567890123")
        returns.receive(case.id, {lines_of(case.id)[0].id: Came(damaged=1)}, SHOP)
    return case


def parcels_of(case: AfterSaleCase) -> list[Parcel]:
    """What was sent back, then what was sent."""
    return resending.of_subject(case.shop_id, sending.subject(case))


def left() -> dict[str, int]:
    db.session.expire_all()
    return dict(db.session.execute(select(Sku.code, Sku.stock_on_hand)).all())


def test_the_page_offers_every_variant_with_what_is_left_and_sends_the_one_chosen(
    shop, shirts, exchange, sign_in
) -> None:
    s, large, before = shirts["S"].id, shirts["L"].id, left()
    agent = sign_in(make.staff(Role.AGENT, shop))

    page = agent.get(f"/after-sale/{exchange.id}").text
    parcel = {"carrier": "sf", "tracking": "SF9876543210987", f"instead_{s}": large}
    refused = agent.post(f"/after-sale/{exchange.id}/send", data={**parcel, f"instead_{s}": s})
    sent = agent.post(f"/after-sale/{exchange.id}/send", data=parcel)

    offered = re.search(rf'name="instead_{s}">(.*?)</select>', page, re.S)[1]
    assert re.findall(r">([^<]+)</option>", offered) == ["SH-S · S · 0 available", "SH-L · L · 3 available"]
    assert (refused.status_code, "SH-S: 1 wanted, 0 available" in refused.text) == (422, True)
    assert 'value="SF9876543210987"' in refused.text
    assert sent.status_code == 302
    with context.every_shop("test"):
        gone = db.session.scalars(select(ParcelLine).order_by(ParcelLine.id.desc())).first()
        assert (gone.code, gone.quantity) == ("SH-L", 1)
        assert left() == {**before, "SH-L": 2}
        assert db.session.get(AfterSaleCase, exchange.id).state is CaseState.WAITS_FOR_BUYER


def test_the_order_tells_of_both_parcels_by_their_numbers_and_the_buyers_word_signs_for_ours(
    shop, shirts, exchange, sign_in
) -> None:
    agent = sign_in(make.staff(Role.AGENT, shop))
    with context.every_shop("test"), transaction():
        sending.send(exchange.id, SHOP, "zto", "78530000099999", None, {shirts["S"].id: shirts["L"].id})
        assert [one.state for one in parcels_of(exchange)] == [ParcelState.SIGNED, ParcelState.SENT]

    done = agent.post(f"/after-sale/{exchange.id}/step", data={"act": "confirm"})
    with context.every_shop("test"):
        ours = parcels_of(exchange)[1]
    page = agent.get(f"/orders/{exchange.order_id}").text

    assert (done.status_code, ours.state, ours.kind) == (302, ParcelState.SIGNED, ParcelKind.EXCHANGE)
    assert "1 unit sent back with SF Express SF1234567890123" in page
    assert "Parcel SF1234567890123: Signed for" in page
    assert "1 unit sent with ZTO Express 78530000099999" in page
    assert "Parcel 78530000099999: Signed for" in page


def test_another_product_is_no_exchange(shirts, exchange) -> None:
    before = left()

    for instead in ({shirts["S"].id: shirts["CUP"].id}, {shirts["CUP"].id: shirts["L"].id}, {shirts["S"].id: 999_999}):
        with pytest.raises(RuleViolation, match="not_a_variant"), transaction():
            sending.send(exchange.id, SHOP, "sf", "SF9876543210987", None, instead)

    assert left() == before


def test_only_what_is_sent_again_can_be_chosen(shop, shirts, exchange) -> None:
    variants = [Variant(shirts["S"].id, "SH-S", "S", 0), Variant(shirts["L"].id, "SH-L", "L", 3)]
    (choice,) = exchanging.choices(exchange)
    assert (choice.sku_id, choice.quantity, choice.variants, choice.is_sold_out) == (shirts["S"].id, 1, variants, False)
    assert exchanging.Choice(1, 4, variants).is_sold_out

    order = db.session.get(Order, exchange.order_id)
    with transaction():
        line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
        line.quantity = 2
    with transaction():
        repair = opening.open_case(
            order.id, Wish(CaseKind.REPAIR, "quality", (Wanted(line.id, 1),)), By(Party.BUYER, False)
        )
    assert exchanging.choices(repair) == []
