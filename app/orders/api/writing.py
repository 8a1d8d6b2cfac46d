"""Making an order, and changing its lines, prices, address and note before it is shipped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.api.routes import Call, Contract, Reply, scoped
from app.api.shapes import AMOUNT, TEXT, TRUE_OR_FALSE, WHOLE, closed, of, shape
from app.api_keys.scopes import Scope
from app.catalog.models import Sku
from app.kit.db import db, rehearsal
from app.kit.errors import RuleViolation
from app.orders import creating, draft_form, edits, handling, line_edits, telling
from app.orders.api.shapes import NO_ORDER, ORDER, ORDER_ID, PATH
from app.orders.creating import Buyer, Delivery
from app.orders.drafts import MOST_LINES, MOST_UNITS, Basket, WantedDiscount, WantedLine
from app.orders.edits import LENGTHS
from app.orders.models import DiscountPayer, Order
from app.shops.models import Shop
from app.stock import holds
from app.stock.api.checkouts import CHECKOUT, HOLDER

_SKU = {**TEXT, "minLength": 1, "maxLength": 64, "description": "SKU code."}
_LINE = closed(
    ["sku", "quantity"],
    sku=_SKU,
    quantity={**WHOLE, "minimum": 1, "maximum": MOST_UNITS},
    price={**AMOUNT, "description": "Instead of the present price; needs price_reason."},
    price_reason={**TEXT, "maxLength": 200},
)
_DISCOUNT = closed(
    ["amount"],
    amount=AMOUNT,
    payer=of(DiscountPayer, "Who bears it; merchant if left out."),
    label={**TEXT, "maxLength": 120},
)
_BASKET: dict[str, Any] = {
    "lines": {"type": "array", "minItems": 1, "maxItems": MOST_LINES, "items": _LINE},
    "discounts": {"type": "array", "maxItems": 20, "items": _DISCOUNT},
    "shipping": AMOUNT,
}
_DRY_RUN = {**TRUE_OR_FALSE, "description": "Do everything, answer, and take it back."}
_DELIVERY = {name: {**TEXT, "maxLength": LENGTHS[name]} for name in ("receiver", "phone", "address")}
NEW = closed(
    ["lines"],
    **_BASKET,
    customer=closed(
        [],
        id={**WHOLE, "description": "A customer that is known."},
        name={**TEXT, "maxLength": 120, "description": "Or a new one, by name and phone."},
        phone={**TEXT, "maxLength": 40},
    ),
    delivery=closed([], **_DELIVERY),
    staff_note={**TEXT, "maxLength": LENGTHS["staff_note"]},
    hold={**HOLDER, "description": "What this checkout holds is let go for the order to hold, at the same moment."},
    dry_run=_DRY_RUN,
)
_MADE = shape(dry_run=TRUE_OR_FALSE, order=ORDER)


@scoped(
    Scope.ORDERS_WRITE,
    "POST",
    "/orders",
    Contract(
        summary="Create an order",
        description="At the prices of this moment, by the same rules as in the console. It waits for payment and holds "
        "its stock; all or nothing.",
        body=NEW,
        example={
            "lines": [
                {"sku": "CUP-BLUE", "quantity": 2},
                {"sku": "CUP-RED", "quantity": 1, "price": "9.90", "price_reason": "scratched"},
            ],
            "discounts": [{"amount": "2.00", "payer": "platform", "label": "Welcome"}],
            "shipping": "8.00",
            "customer": {"name": "王小明", "phone": "13800000000"},
            "delivery": {"receiver": "王小明", "phone": "13800000000", "address": "浙江省杭州市西湖区文三路 1 号"},
        },
        answers={
            201: ("The order that was made.", _MADE),
            200: ("With dry_run: the order as it would be.", _MADE),
        },
        faults={409: "The same request is being worked on, or the hold is gone."},
        cost=2,
    ),
)
def create_order(call: Call) -> Reply:
    """Make one, or try it out."""
    if not call.body.get("dry_run"):
        return Reply({"dry_run": False, "order": _create(call)}, 201)
    with rehearsal():
        told = _create(call)
    return Reply({"dry_run": True, "order": told})


def _create(call: Call) -> dict[str, Any]:
    body, shop = call.body, call.shop
    basket = _basket(shop, body)
    if "hold" in body:
        holds.release(shop.id, CHECKOUT + body["hold"])
    buyer = body.get("customer", {})
    given = {**body.get("delivery", {}), "staff_note": body.get("staff_note", "")}
    order = creating.create(
        shop,
        basket,
        Buyer(buyer.get("id"), buyer.get("name", "").strip(), buyer.get("phone", "").strip()),
        Delivery(**{name: text.strip() for name, text in given.items()}),
        "api",
    )
    return _told(order.id)


@scoped(
    Scope.ORDERS_WRITE,
    "PATCH",
    PATH,
    Contract(
        summary="Change receiver, phone, address or note",
        description="Only the fields that are sent. If-Match is needed.",
        parameters=(ORDER_ID,),
        body=closed([], **_DELIVERY, staff_note={**TEXT, "maxLength": LENGTHS["staff_note"]}),
        example={"address": "浙江省杭州市西湖区文三路 2 号", "staff_note": "Ring twice"},
        answers={200: ("The order, its buyer's data masked.", ORDER)},
        faults={**NO_ORDER, 428: "If-Match is missing."},
        versioned=True,
    ),
)
def edit_order(call: Call, order_id: int) -> Reply:
    """Write the fields."""
    order = handling.locked(order_id)
    call.need_version(order.version)
    mine = {name: text.strip() for name, text in call.body.items()}
    edits.save(order_id, {name: getattr(order, name) for name in mine}, mine)
    return Reply(_told(order_id))


_EFFECT = shape(
    before={**TEXT, "description": "The total before."},
    after={**TEXT, "description": "The total after."},
    owed={**TEXT, "description": "What the buyer owes more; with a minus: what goes back to the buyer."},
)
_CHANGED = shape(dry_run=TRUE_OR_FALSE, effect=_EFFECT, order=ORDER)


@scoped(
    Scope.ORDERS_WRITE,
    "PUT",
    f"{PATH}/lines",
    Contract(
        summary="Change lines, prices, discounts or shipping before shipping",
        description="The body says how the order shall be; a line that stays keeps its agreed price unless `price` is "
        "sent. `discounts` and `shipping` stay as they are when left out. Stock is held anew. With `dry_run` the "
        "answer is the effect on the money, and nothing is kept. If-Match is needed.",
        parameters=(ORDER_ID,),
        body=closed(["lines"], **_BASKET, dry_run=_DRY_RUN),
        example={"lines": [{"sku": "CUP-BLUE", "quantity": 3}], "dry_run": True},
        answers={200: ("The effect on the money, and the order.", _CHANGED)},
        faults={**NO_ORDER, 428: "If-Match is missing."},
        versioned=True,
        cost=2,
    ),
)
def replace_order_lines(call: Call, order_id: int) -> Reply:
    """Change them, or try it out."""
    order = handling.locked(order_id)
    call.need_version(order.version)
    if not call.body.get("dry_run"):
        return Reply({"dry_run": False, **_change(call, order)})
    with rehearsal():
        told = _change(call, order)
    return Reply({"dry_run": True, **told})


def _change(call: Call, order: Order) -> dict[str, Any]:
    state = line_edits.state_of(order.id)
    kept = {
        "shipping": telling.amount(state["shipping"], order.currency),
        "discounts": [
            {"amount": telling.amount(minor, order.currency), "payer": payer, "label": label}
            for minor, payer, label in state["discounts"]
        ],
    }
    effect = line_edits.change(call.shop, order.id, state, _basket(call.shop, {**kept, **call.body}))
    db.session.flush()
    amounts = {name: telling.amount(minor, order.currency) for name, minor in vars(effect).items()}
    return {"effect": amounts, "order": _told(order.id)}


def _basket(shop: Shop, body: Mapping[str, Any]) -> Basket:
    """The basket that a body describes. Raises RuleViolation("sku_not_found", "amount_unreadable")."""
    rows = body["lines"]
    query = select(Sku.code, Sku.id).where(Sku.shop_id == shop.id, Sku.code.in_([row["sku"] for row in rows]))
    ids = {code: sku_id for code, sku_id in db.session.execute(query)}  # noqa: C416 - a result has keys(), too
    if missing := [row["sku"] for row in rows if row["sku"] not in ids]:
        raise RuleViolation("sku_not_found", code=missing[0])
    lines = tuple(
        WantedLine(
            ids[row["sku"]],
            row["quantity"],
            draft_form.minor(row["price"], shop.currency) if "price" in row else None,
            row.get("price_reason", "").strip(),
        )
        for row in rows
    )
    discounts = tuple(
        WantedDiscount(
            draft_form.minor(row["amount"], shop.currency),
            DiscountPayer(row.get("payer", DiscountPayer.MERCHANT)),
            row.get("label", "").strip(),
        )
        for row in body.get("discounts", ())
    )
    return Basket(lines, discounts, draft_form.minor(body.get("shipping", "0"), shop.currency))


def _told(order_id: int) -> dict[str, Any]:
    db.session.flush()
    return telling.one(telling.get(order_id))
