"""What a list says of a product beyond its own row: SKUs, prices, stock, picture; one statement a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from app.catalog import prices
from app.catalog.models import Product
from app.kit import clock
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope


@dataclass(frozen=True)
class Summary:
    """A product's SKUs taken together; prices of this moment in minor units, None without SKUs.

    `laid_over` counts the SKUs whose price comes from a price window.
    """

    skus: int = 0
    lowest: int | None = None
    highest: int | None = None
    stock: int = 0
    short: int = 0
    image_id: int | None = None
    laid_over: int = 0

    @property
    def is_out(self) -> bool:
        """Nothing left of any SKU."""
        return self.skus > 0 and self.stock == 0

    @property
    def is_low(self) -> bool:
        """Something left, but a SKU is at or under its limit."""
        return self.short > 0 and not self.is_out


_SQL = text(f"""
with {prices.live(":now", ":now")}
select p.id, s.skus, s.lowest, s.highest, s.stock, s.short, s.laid_over, i.id as image_id
from product p
cross join lateral (
    select count(*) as skus, min(coalesce(w.price_minor, sku.price_minor)) as lowest,
        max(coalesce(w.price_minor, sku.price_minor)) as highest,
        coalesce(sum(stock_on_hand), 0)::bigint as stock,
        count(*) filter (where stock_on_hand <= low_stock_limit) as short, count(w.id) as laid_over
    from sku left join lateral ({prices.covering("sku.id", ":now")} limit 1) w on true
    where sku.product_id = p.id) s
left join lateral (
    select id from product_image where product_image.product_id = p.id order by position, id limit 1) i on true
where p.id = any(:ids) and p.shop_id = :shop_id""")  # noqa: S608 - own constants


def load(products: Sequence[Product]) -> dict[int, Summary]:
    """The summaries of products of one shop, by id."""
    if not products:
        return {}
    shop_id = assert_in_scope(products[0].shop_id)
    values = {"ids": [product.id for product in products], "shop_id": shop_id, "now": clock.now()}
    rows = db.session.execute(_SQL, values).mappings()
    return {row["id"]: Summary(**{key: row[key] for key in row if key != "id"}) for row in rows}


def attach(products: Sequence[Product]) -> None:
    """Hang each product's summary on it, for the cells of a list."""
    found = load(products)
    for product in products:
        setattr(product, "summary", found.get(product.id, Summary()))  # noqa: B010 - not a mapped attribute


def of(product: Product) -> Summary:
    """The summary that `attach` has hung on a product."""
    return product.__dict__.get("summary") or Summary()
