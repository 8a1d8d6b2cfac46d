"""The demo shop 快乐小店 (`kuaile`): invented from a fixed seed; goods, stock and buyers are nobody's."""

from __future__ import annotations

import random
from itertools import product as combinations

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.catalog.models import Category, Product, ProductStatus, Sku
from app.customers.models import Customer
from app.demo import kuaile_cases, kuaile_goods, kuaile_orders
from app.demo.kuaile_goods import Goods
from app.kit import context
from app.shops import shops
from app.shops.models import Shop

CODE = "kuaile"
SEED = 20261123
CUSTOMERS = 120
LOW_STOCK_LIMIT = 10
NOT_ON_SALE = {
    70: ProductStatus.ARCHIVED,
    66: ProductStatus.OFF_SHELF,
    60: ProductStatus.OFF_SHELF,
    71: ProductStatus.DRAFT,
}
"""Products, by their place in the list, that are not on sale."""
SOLD_OUT = frozenset({13, 41, 56})
"""Products of which nothing is left."""
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜"
GIVEN = ("晓雨", "子涵", "欣怡", "浩然", "雨桐", "一诺", "思远", "佳宁", "明轩", "若溪", "嘉禾", "书瑶", "知夏", "文博")


def load(session: Session, *, small: bool) -> int:
    """Make the shop within the open transaction and return how many orders it has; `small` makes fewer of them.

    The same seed gives the same goods, buyers and baskets; only the days follow today.
    """
    values = {"name": "快乐小店", "time_zone": "Asia/Shanghai", "country": "中国", "locale": "zh"}
    shop = shops.open_shop(CODE, "CNY", values)
    shop.invented = True
    chance = random.Random(SEED)  # noqa: S311 - the same data each time, nothing secret
    with context.shops([shop.id]):
        skus = _goods(session, shop, chance)
        buyers = _buyers(session, shop, chance)
        count = kuaile_orders.load(session, shop, skus, buyers, chance, small=small)
        kuaile_cases.load(session, shop)
        return count


def _goods(session: Session, shop: Shop, chance: random.Random) -> list[tuple[Sku, str]]:
    """Categories, products and SKUs; returns the SKUs on sale with what an order line calls them."""
    listed = kuaile_goods.every()
    branches = _categories(session, shop, listed)
    sellable = []
    for place, goods in enumerate(listed, 1):
        product = Product(
            shop_id=shop.id,
            code=f"KL{place:03d}",
            title=goods.title,
            description=f"{goods.title}（演示商品，纯属虚构）。",
            status=NOT_ON_SALE.get(place, ProductStatus.ON_SALE),
            category_id=branches[goods.category, goods.subcategory],
        )
        session.add(product)
        session.flush()
        made = _skus(shop, product, goods, chance)
        if place in SOLD_OUT:
            for sku in made:
                sku.stock_on_hand = 0
        session.add_all(made)
        if product.status is ProductStatus.ON_SALE:
            sellable += [(sku, f"{goods.title} {' '.join(sku.options.values())}".strip()) for sku in made]
    session.flush()
    return sellable


def _categories(session: Session, shop: Shop, listed: list[Goods]) -> dict[tuple[str, str], int]:
    roots: dict[str, Category] = {}
    branches: dict[tuple[str, str], Category] = {}
    for goods in listed:
        if goods.category not in roots:
            roots[goods.category] = Category(shop_id=shop.id, name=goods.category, position=len(roots) + 1)
            session.add(roots[goods.category])
            session.flush()
        key = goods.category, goods.subcategory
        if key not in branches:
            parent = roots[goods.category].id
            branches[key] = Category(
                shop_id=shop.id, parent_id=parent, name=goods.subcategory, position=len(branches) + 1
            )
            session.add(branches[key])
    session.flush()
    return {key: category.id for key, category in branches.items()}


def _skus(shop: Shop, product: Product, goods: Goods, chance: random.Random) -> list[Sku]:
    """One SKU per colour and size; larger sizes of packs cost more, some stock is low, some is gone."""
    made = []
    for number, (colour, size) in enumerate(combinations(goods.colours or ("",), goods.sizes), 1):
        dearer = goods.sizes.index(size) * goods.price_minor // 4 if goods.category in ("食品", "文具") else 0
        made.append(
            Sku(
                shop_id=shop.id,
                product_id=product.id,
                code=f"{product.code}-{number:02d}",
                barcode=_barcode(product.id * 100 + number),
                options={key: value for key, value in (("颜色", colour), ("尺码", size)) if value},
                price_minor=goods.price_minor + dearer,
                compare_at_minor=(goods.price_minor + dearer) * 5 // 4 if chance.random() < 0.3 else None,
                cost_minor=goods.cost_minor + dearer * goods.cost_minor // goods.price_minor,
                stock_on_hand=_stock(chance),
                low_stock_limit=LOW_STOCK_LIMIT,
            )
        )
    return made


def _stock(chance: random.Random) -> int:
    draw = chance.random()
    if draw < 0.06:
        return 0
    return chance.randint(1, LOW_STOCK_LIMIT) if draw < 0.16 else chance.randint(15, 320)


def _barcode(number: int) -> str:
    """An EAN-13 of the range 20-29, which GS1 leaves to shops for use within their walls."""
    digits = f"29{number % 10**10:010d}"
    odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
    return f"{digits}{-(odd + 3 * even) % 10}"


def _buyers(session: Session, shop: Shop, chance: random.Random) -> list[tuple[int, str]]:
    """Invented customers as (id, name): no mobile number begins with 100, and example.com belongs to nobody."""
    rows = [
        {
            "shop_id": shop.id,
            "number": f"KL{number:05d}",
            "name": chance.choice(SURNAMES) + chance.choice(GIVEN),
            "phone": f"100{chance.randrange(10**8):08d}",
            "email": f"kl{number:05d}@example.com" if chance.random() < 0.4 else "",
            "country": shop.country,
        }
        for number in range(1, CUSTOMERS + 1)
    ]
    statement = insert(Customer).returning(Customer.id, Customer.name, sort_by_parameter_order=True)
    return [(row.id, row.name) for row in session.execute(statement, rows)]
