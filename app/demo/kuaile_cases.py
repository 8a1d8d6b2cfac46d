"""After-sale of the invented shop: cases of every kind, some waiting, one overdue, one whose refund failed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO

from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.after_sale import (
    access,
    cases,
    deadlines,
    negotiation,
    opening,
    reactions,
    refund_ledger,
    refunding,
    returns,
    sending,
)
from app.after_sale.access import By
from app.after_sale.lifecycle import Act
from app.after_sale.models import AfterSaleCase, CaseKind, Party
from app.after_sale.negotiation import Terms
from app.after_sale.opening import Wanted, Wish
from app.after_sale.returns import Came
from app.catalog import pictures
from app.catalog.models import Sku
from app.demo import kuaile_orders
from app.kit import clock, context
from app.kit.db import db
from app.orders.models import Order, OrderKind, OrderLine, OrderStatus
from app.payments import refund_course
from app.shops.models import Shop

BUYER, SHOP, PLATFORM = By(Party.BUYER), By(Party.SELLER, may_approve=True), By(Party.PLATFORM, may_approve=True)
ENOUGH = 10
HOURS_LATER = 2
"""So long after an order came where it stands its case is opened, at the earliest."""
REGISTERED = reactions.__name__
"""A refund that succeeds here has to end its case, as it does everywhere."""


def load(session: Session, shop: Shop) -> int:
    """Open the cases on orders that are there, within the open transaction; returns how many."""
    orders = _orders(session, shop)
    now, made = clock.now(), 0
    for status, hours, story in STORIES:
        order = taken(orders[status], now - timedelta(hours=hours))
        if order is None:
            continue
        case = _at(now, hours, lambda o=order, tell=story: tell(o, now))  # type: ignore[misc]
        made += case is not None
    with context.acting(context.Actor("system", "act_on_late_cases")):
        deadlines.act_on_overdue()
    session.flush()
    return made


def taken(orders: list[Order], at: datetime) -> Order | None:
    """The newest that had come where it stands by then, off the list; None where a small shop has no such order."""
    for place, order in enumerate(orders):
        hours = kuaile_orders.STEP_HOURS[kuaile_orders.PATH.index(order.status)] + HOURS_LATER
        if order.placed_at + timedelta(hours=hours) <= at:
            return orders.pop(place)
    return None


def _orders(session: Session, shop: Shop) -> dict[OrderStatus, list[Order]]:
    """Sales by status, the newest first: their line of most units is of goods of which there is enough."""
    enough = (
        select(OrderLine.id)
        .join(Sku, Sku.id == OrderLine.sku_id)
        .where(OrderLine.order_id == Order.id, Sku.stock_on_hand >= ENOUGH)
        .exists()
    )
    mine = (Order.shop_id == shop.id, Order.kind == OrderKind.SALE, enough)
    found = session.scalars(select(Order).where(*mine).order_by(Order.placed_at.desc())).all()
    return {status: [one for one in found if one.status is status] for status in OrderStatus}


def _at(now: datetime, hours: float, tell: Callable[[], AfterSaleCase]) -> AfterSaleCase:
    with clock.frozen(now - timedelta(hours=hours)):
        return tell()


def _open(order: Order, kind: CaseKind, reason: str, words: str, *, all_units: bool = False) -> AfterSaleCase:
    usable = [one for one in refund_ledger.of(order) if one.line and one.free_units and one.standing.minor_left]
    left = next(one for one in usable if one.line and _in_stock(one.line.sku_id))
    units = left.free_units if all_units else 1
    return opening.open_case(
        order.id, Wish(kind, reason, (Wanted(left.standing.part.order_line_id, units),), words), BUYER
    )


def _in_stock(sku_id: int | None) -> bool:
    """Whether there is enough of it to send it once more."""
    return sku_id is not None and db.session.get_one(Sku, sku_id).stock_on_hand >= ENOUGH


def _wants_money(order: Order, now: datetime) -> AfterSaleCase:
    return _open(order, CaseKind.REFUND_ONLY, "changed_mind", "拍错了，还没发货的话麻烦退款，谢谢。")


def _wants_to_return(order: Order, now: datetime) -> AfterSaleCase:
    case = _open(order, CaseKind.RETURN_REFUND, "damaged", "收到时有磕碰，申请退货退款。")
    cases.say(case, Party.BUYER, "这是照片。", [_picture()])
    return case


def _was_refused(order: Order, now: datetime) -> AfterSaleCase:
    case = _open(order, CaseKind.REFUND_ONLY, "not_received", "显示签收了但我没有收到。")
    return cases.refuse(case.id, SHOP, "sent_already", "物流显示已由驿站代收，请先到驿站查询。")


def _haggles(order: Order, now: datetime) -> AfterSaleCase:
    case = _open(order, CaseKind.RETURN_REFUND, "not_as_described", "颜色和图片差别有点大。", all_units=True)
    half = max(case.amount_minor // 4, 1)
    negotiation.offer(case.id, SHOP, Terms(CaseKind.REFUND_ONLY, half), "您看商品留着用，我们补偿一部分可以吗？")
    negotiation.offer(case.id, BUYER, Terms(CaseKind.REFUND_ONLY, half * 2), "一半可以接受。")
    return case


def _sends_back(order: Order, now: datetime) -> AfterSaleCase:
    case = _open(order, CaseKind.RETURN_REFUND, "wrong_size", "尺寸不合适，想退掉。")
    return cases.agree(case.id, SHOP)


def _waits_for_our_check(order: Order, now: datetime) -> AfterSaleCase:
    """Nobody has opened the parcel for six days: overdue."""
    case = _sends_back(order, now)
    return sending.send_back(case.id, BUYER, "zto", f"7853{order.id:010d}")


def _exchange_on_its_way(order: Order, now: datetime) -> AfterSaleCase:
    case = _open(order, CaseKind.EXCHANGE, "quality", "用了一次就坏了，想换一个新的。")
    cases.agree(case.id, SHOP)
    sending.send_back(case.id, BUYER, "yto", f"YT88{order.id:011d}")
    returns.receive(case.id, {one.id: Came(written_off=one.asked_units) for one in access.lines_of(case.id)}, SHOP)
    return sending.send(case.id, SHOP, "yto", f"YT99{order.id:011d}")


def _disputed(order: Order, now: datetime) -> AfterSaleCase:
    case = _open(order, CaseKind.RETURN_REFUND, "quality", "用了两天就坏了。")
    cases.refuse(case.id, SHOP, "no_fault", "该现象不属于质量问题。")
    return cases.step(case.id, Act.ESCALATE, BUYER, "不认可商家的说法，申请平台介入。")


def _to_be_paid_back(order: Order, now: datetime) -> AfterSaleCase:
    return cases.agree(_wants_money(order, now).id, SHOP)


def _refund_failed(order: Order, now: datetime) -> AfterSaleCase:
    case = _to_be_paid_back(order, now)
    for refund in refunding.refunds_of(case):
        refund_course.give_up(refund.id, "ACCOUNT_CLOSED")
    return case


def _done(order: Order, now: datetime) -> AfterSaleCase:
    case = _open(order, CaseKind.RETURN_REFUND, "wrong_item", "发错款式了。")
    cases.agree(case.id, SHOP)
    sending.send_back(case.id, BUYER, "sf", f"SF2{order.id:012d}")
    returns.receive(case.id, {one.id: Came(restocked=one.asked_units) for one in access.lines_of(case.id)}, SHOP)
    for refund in refunding.refunds_of(case):
        refund_course.paid_back_by_hand(refund.id, "微信转账")
    return case


def _taken_back(order: Order, now: datetime) -> AfterSaleCase:
    case = _open(order, CaseKind.RETURN_REFUND, "late", "等太久了。")
    return cases.step(case.id, Act.CLOSE, BUYER, "已经收到，不退了。")


Story = Callable[[Order, datetime], AfterSaleCase]
STORIES: tuple[tuple[OrderStatus, float, Story], ...] = (
    (OrderStatus.PENDING_SHIPMENT, 46.6, _wants_money),
    (OrderStatus.PENDING_SHIPMENT, 5, _wants_money),
    (OrderStatus.PENDING_SHIPMENT, 20, _to_be_paid_back),
    (OrderStatus.PENDING_SHIPMENT, 22, _refund_failed),
    (OrderStatus.DELIVERED, 30, _wants_to_return),
    (OrderStatus.DELIVERED, 9, _haggles),
    (OrderStatus.DELIVERED, 144, _waits_for_our_check),
    (OrderStatus.DELIVERED, 50, _sends_back),
    (OrderStatus.DELIVERED, 40, _disputed),
    (OrderStatus.DELIVERED, 70, _exchange_on_its_way),
    (OrderStatus.SHIPPED, 26, _was_refused),
    (OrderStatus.COMPLETED, 200, _done),
    (OrderStatus.COMPLETED, 190, _done),
    (OrderStatus.DELIVERED, 100, _taken_back),
)
"""On which order, how many hours ago, what happened."""


def _picture() -> pictures.Picture:
    """A drawn cup with a crack: nobody's photograph."""
    image = Image.new("RGB", (640, 480), "#e9edf2")
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((200, 120, 430, 400), 30, fill="#7aa6c2")
    draw.arc((400, 180, 520, 330), -90, 90, fill="#7aa6c2", width=26)
    draw.line([(300, 120), (285, 175), (312, 210), (292, 260)], fill="#2b2e37", width=5)
    made = BytesIO()
    image.save(made, "PNG")
    return pictures.make(made.getvalue())
