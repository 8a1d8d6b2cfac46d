"""Products of the demo shop `uk-giftware`, derived from its order lines, because the data set has none.

Said in sample_data/README.md: titles and prices come from the lines; categories, stock and the low-stock limit
are our derivation; costs are unknown and stay empty.
"""

from __future__ import annotations

import json

from app.imports.staging import Stage
from app.kit import clock

CATEGORIES = (
    ("Christmas", "CHRISTMAS|XMAS|ADVENT|SANTA|REINDEER|SNOWMAN|BAUBLE|NATIVITY|TINSEL"),
    ("Bags and purses", r"\mBAGS?\M|PURSE|SHOPPER|RUCKSACK|SATCHEL|HANDBAG|LUNCH ?BAG|WALLET"),
    ("Lights and candles", "LIGHT|CANDLE|LANTERN|LAMP|T-LIGHT|TLIGHT|CHANDELIER|INCENSE"),
    ("Kitchen and table", "MUG|CUP|PLATE|BOWL|TEA|COFFEE|KITCHEN|CAKE|BAKING|SPOON|JUG|JAR|TRAY|NAPKIN|APRON|BREAD|"
     "LUNCH ?BOX|SNACK|EGG|GLASS|BOTTLE|RECIPE|DISH|CUTLERY|COASTER|OVEN"),
    ("Paper, cards and wrap", r"\mCARDS?\M|WRAP|PAPER|STICKER|NOTEBOOK|PENCIL|PEN\M|STATIONERY|ENVELOPE|RIBBON|TISSUE|"
     "ALBUM|CALENDAR|DOILEY|DOILIES|STAMP|CHALK"),
    ("Toys and party", "TOY|GAME|DOLL|PLAY|PARTY|BALLOON|BUNTING|PUZZLE|SKIPPING|CHILD|KIDS|BABY|TEDDY|SOLDIER|DOMINO|"
     "JIGSAW"),
    ("Garden", "GARDEN|PLANT|FLOWER|BIRD|WATERING|TROWEL|PARASOL|PICNIC|HERB|SEED"),
    ("Jewellery", "NECKLACE|BRACELET|EARRING|RING\\M|BROOCH|BANGLE|CHARM|HAIR|JEWEL"),
    ("Home decoration", "HEART|FRAME|CLOCK|MIRROR|CUSHION|SIGN|HOOK|DOORMAT|DRAWER|KNOB|WALL|CABINET|BOX|TIN|BASKET|"
     "HANGER|DECORATION|WREATH|ORNAMENT|VASE|QUILT|RUG|THROW"),
    ("Other gifts", "."),
)  # fmt: skip
"""Category and the words of a title that put a product there; the first that fits wins."""


def derive(stage: Stage) -> None:
    """Make the categories, products and SKUs of every product code in `order_entry`; needs `order_rows.check`.

    Title: the most frequent description among lines with a price (at a price of 0 stand stock notes such as
    "damaged"; names of goods are in capitals). Price: the latest one above 0, rounded to pence. Stock: units sold
    in the last 30 days; low-stock limit: those of the last 7. On sale when sold in the last 90 days, off the shelf
    when sold before, archived when never sold at a price.
    """
    words = json.dumps([{"name": name, "words": words} for name, words in CATEGORIES])
    stage.run(_CATEGORIES, words=words, now=clock.now())
    for table, query in (("demo_title", _TITLES), ("demo_price", _PRICES), ("demo_sold", _SOLD)):
        stage.run(f"drop table if exists {table}")
        stage.run(f"create temp table {table} on commit drop as {query}")
        stage.run(f"analyze {table}")
    stage.run(_PRODUCTS, words=words, now=clock.now())
    stage.run(_SKUS, now=clock.now())


_CATEGORIES = """
insert into category (shop_id, name, position, version, created_at, updated_at)
select :shop_id, c.value ->> 'name', c.ordinality, 1, :now, :now
from jsonb_array_elements(cast(:words as jsonb)) with ordinality as c
"""
_TITLES = """
select distinct on (code) code, case when priced > 0 or is_name then title else '' end as title from (
    select code, title, count(*) filter (where unit_price > 0) as priced, count(*) as seen,
           title = upper(title) and title ~ '[A-Z]{3}' as is_name
    from order_entry where kind = 'product' group by code, title
) t
order by code, priced desc, is_name desc, seen desc, title
"""
_PRICES = """
select distinct on (code) code, round(unit_price / 10000.0)::bigint as price_minor
from order_entry where kind = 'product' and unit_price > 0 and quantity > 0
order by code, placed_at desc, row desc
"""
_SOLD = """
select e.code, max(e.placed_at) as last_at,
       coalesce(sum(e.quantity) filter (where e.placed_at > last.at - interval '30 days'), 0) as month_units,
       coalesce(sum(e.quantity) filter (where e.placed_at > last.at - interval '7 days'), 0) as week_units,
       max(e.placed_at) > last.at - interval '90 days' as is_recent
from order_entry e
join order_head h on h.number = e.number and h.kind = 'sale'
cross join (select max(placed_at) as at from order_head) last
where e.kind = 'product' and e.quantity > 0 and e.unit_price > 0
group by e.code, last.at
"""
_PRODUCTS = """
insert into product (shop_id, code, title, status, category_id, version, created_at, updated_at)
select :shop_id, t.code, coalesce(nullif(t.title, ''), t.code),
       case when s.is_recent then 'on_sale' when s.code is not null then 'off_shelf' else 'archived' end,
       g.id, 1, :now, :now
from demo_title t
left join demo_sold s on s.code = t.code
cross join lateral (
    select c.value ->> 'name' as name from jsonb_array_elements(cast(:words as jsonb)) with ordinality as c
    where coalesce(nullif(t.title, ''), t.code) ~ (c.value ->> 'words') order by c.ordinality limit 1
) w
join category g on g.shop_id = :shop_id and g.parent_id is null and g.name = w.name
order by t.code
"""
_SKUS = """
insert into sku (shop_id, product_id, code, price_minor, stock_on_hand, low_stock_limit, version, created_at,
                 updated_at)
select :shop_id, p.id, p.code, coalesce(c.price_minor, 0), coalesce(s.month_units, 0), coalesce(s.week_units, 0), 1,
       :now, :now
from product p
left join demo_price c on c.code = p.code
left join demo_sold s on s.code = p.code
where p.shop_id = :shop_id
order by p.id
"""
