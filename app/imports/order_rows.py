"""Rows of orders from another system: one row is one order line; history goes in as it was, and once.

Set-based from end to end: 541,909 lines are read, checked and written by a few statements. The rules are in
`order_entries` (reading), `charge_codes` (what is no product) and `credit_notes` (which sale a note reverses).
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.imports import credit_notes, order_entries
from app.imports.models import ImportKind
from app.imports.staging import Counts, Field, Kind, Stage
from app.kit import clock
from app.kit.shop_wall import assert_in_scope

FIELDS = (
    Field("number", _l("Order number"), ("订单号", "订单编号", "单号", "发票号", "InvoiceNo", "Invoice",
          "Invoice number", "Order no", "Order ID"), required=True),
    Field("code", _l("SKU or charge code"), ("SKU编码", "SKU", "规格编码", "商家编码", "商品编码", "货号", "StockCode",
          "SKU code", "Item code", "Product code"), required=True),
    Field("title", _l("Title"), ("商品名称", "商品标题", "品名", "名称", "标题", "Description", "Product name")),
    Field("quantity", _l("Quantity"), ("数量", "购买数量", "件数", "Qty"), required=True,
          hint=_l("A whole number; negative on credit notes.")),
    Field("placed_at", _l("Placed at"), ("下单时间", "创建时间", "订单时间", "下单日期", "日期", "InvoiceDate",
          "Order date", "Date", "Created at"), required=True, hint=_l("Read in the zone of the shop.")),
    Field("unit_price", _l("Unit price"), ("单价", "商品单价", "成交单价", "价格", "UnitPrice", "Price"), required=True,
          hint=_l("Up to six decimals.")),
    Field("customer", _l("Customer number"), ("客户编号", "客户号", "会员号", "买家账号", "买家ID", "CustomerID",
          "Customer", "Customer no"), hint=_l("A blank one leaves the buyer anonymous.")),
    Field("country", _l("Country"), ("国家", "国家/地区", "国家或地区", "Country/Region")),
    Field("receiver", _l("Receiver"), ("收货人", "收件人", "收货人姓名", "Recipient", "Ship to")),
    Field("address", _l("Address"), ("收货地址", "地址", "详细地址", "Shipping address", "Delivery address")),
)  # fmt: skip


def check(stage: Stage) -> None:
    """Read the staged rows, mark the faults, and leave good orders in `order_entry` and `order_head`.

    An order that the shop has already is left alone when its content is the same, and refused
    (`order_differs`) when it is not: an import of history never rewrites it.
    """
    assert_in_scope(stage.shop.id)
    for key in {field.key for field in FIELDS} - stage.mapped:
        stage.run(f"alter table staged add column if not exists {key} text")
    order_entries.read(stage)
    order_entries.gather(stage)
    _find_known(stage)


def _find_known(stage: Stage) -> None:
    """Tie heads to the orders that exist, and refuse those whose content is another."""
    if not stage.run(_KNOWN).rowcount:
        return
    stage.refuse(_DIFFERS % _compared(stage), "number", "order_differs", "jsonb_build_object('number', s.number)")
    _leave_out_broken(stage)


def _compared(stage: Stage) -> dict[str, str]:
    """SQL of what must be the same: only fields that the file has are compared."""
    same = ["h.placed_at = o.placed_at"]
    same += [f"h.{key} = o.{key}" for key in ("country", "receiver", "address") if key in stage.mapped]
    if "customer" in stage.mapped:
        same.append("h.customer is not distinct from c.number")
    titles = ("e.title", "l.title") if "title" in stage.mapped else ("''", "''")
    return {"same": " and ".join(same), "told_title": titles[0], "kept_title": titles[1]}


def _leave_out_broken(stage: Stage) -> None:
    """Leave orders out whole of which any row has been refused."""
    order_entries.drop_broken_orders(stage)
    stage.run("delete from order_head h where not exists (select from order_entry e where e.row = h.first_row)")


def commit(stage: Stage) -> Counts:
    """Write the good orders with their lines and customers; credit notes are linked to the sale they reverse.

    Orders are `completed`, because they are history. Exact duplicate rows are kept as lines and counted.
    The counts are rows of the file; their notes tell orders, duplicates and links.
    """
    assert_in_scope(stage.shop.id)
    _leave_out_broken(stage)  # rows may have been refused since the check
    stage.run(_CUSTOMERS, now=clock.now())
    stage.run(_CUSTOMER_IDS)
    _write(stage, ["sale", "adjustment"])
    links = credit_notes.link(stage)
    _write(stage, ["credit_note"])
    _count_refunds(stage)
    return _counts(stage, links)


def _write(stage: Stage, kinds: list[str]) -> None:
    stage.run(_ORDERS, kinds=kinds, currency=stage.shop.currency, now=clock.now())
    stage.run("analyze order_head")
    stage.run(_LINES, kinds=kinds)


def _count_refunds(stage: Stage) -> None:
    """Tell the sales that new credit notes reverse how much went back.

    The sums have a key of their own: of orders written a moment ago the planner knows nothing, and would go
    through all sums once for each of them.
    """
    stage.run("drop table if exists order_noted")
    stage.run(_NOTED)
    stage.run("alter table order_noted add primary key (id)")
    stage.run("analyze order_noted")
    stage.run(_REFUNDED, now=clock.now())


def _counts(stage: Stage, links: dict[str, int]) -> Counts:
    created, unchanged, *rest = map(int, stage.run(_TOLD).one())
    names = ("orders", "sales", "credit_notes", "adjustments", "charge_lines", "anonymous_lines",
             "orders_over_several_times", "duplicates_kept")  # fmt: skip
    return Counts(created=created, unchanged=unchanged, notes={**dict(zip(names, rest, strict=True)), **links})


KIND = Kind(key=ImportKind.ORDERS, title=_l("Orders history"), fields=FIELDS, check=check, commit=commit)

_KNOWN = """
update order_head h set order_id = o.id from orders o where o.shop_id = :shop_id and o.number = h.number
"""
_DIFFERS = """
s.number in (
    with told as (
        select h.number, count(*) as lines,
               sum(hashtextextended(concat_ws(chr(31), e.code, e.quantity, e.unit_price, %(told_title)s), 0)) as content
        from order_head h join order_entry e on e.number = h.number where h.order_id is not null group by h.number
    ), kept as (
        select h.number, count(*) as lines,
               sum(hashtextextended(concat_ws(chr(31), l.code, l.quantity, l.unit_price_micros, %(kept_title)s), 0))
                   as content
        from order_head h join order_line l on l.order_id = h.order_id group by h.number
    )
    select h.number
    from order_head h
    join orders o on o.id = h.order_id
    left join customer c on c.id = o.customer_id
    join told on told.number = h.number
    left join kept on kept.number = h.number
    where not (%(same)s) or told.lines is distinct from kept.lines or told.content is distinct from kept.content
)
"""
_CUSTOMERS = """
insert into customer (shop_id, number, country, version, created_at, updated_at)
select distinct on (h.customer) :shop_id, h.customer, h.country, 1, :now, :now
from order_head h
where h.customer is not null and h.order_id is null
order by h.customer, h.placed_at desc, h.first_row desc
on conflict (shop_id, number) do nothing
"""
"""A new customer lives where the latest of these orders went."""
_CUSTOMER_IDS = """
update order_head h set customer_id = c.id from customer c where c.shop_id = :shop_id and c.number = h.customer
"""
_ORDERS = """
with made as (
    insert into orders (shop_id, number, kind, status, placed_at, currency, country, customer_id, reverses_id, units,
                        items_minor, charges_minor, total_minor, receiver, address, version, created_at, updated_at,
                        order_state, payment_state, fulfilment_state, paid_minor)
    select :shop_id, number, kind, 'completed', placed_at, :currency, country, customer_id, reverses_id, units,
           items_minor, charges_minor, items_minor + charges_minor, receiver, address, 1, :now, :now,
           'completed', 'paid', 'delivered', case when kind = 'sale' then items_minor + charges_minor else 0 end
    from order_head where order_id is null and kind = any(cast(:kinds as text[]))
    order by placed_at, number
    returning id, number
)
update order_head h set order_id = made.id, is_new = true from made where made.number = h.number
"""
_LINES = """
insert into order_line (shop_id, order_id, position, kind, sku_id, code, title, quantity, unit_price_micros,
                        amount_minor)
select :shop_id, h.order_id, row_number() over (partition by h.order_id order by e.row), e.kind, k.id, e.code, e.title,
       e.quantity, e.unit_price, e.amount_minor
from order_head h
join order_entry e on e.number = h.number
left join sku k on k.shop_id = :shop_id and k.code = e.code and e.kind = 'product'
where h.is_new and h.kind = any(cast(:kinds as text[]))
order by h.order_id, e.row
"""
_NOTED = """
create temp table order_noted on commit drop as
select n.reverses_id as id, -sum(n.total_minor) as minor
from (select distinct reverses_id as id from order_head where is_new and kind = 'credit_note') sale
join orders n on n.reverses_id = sale.id
where n.shop_id = :shop_id and n.kind = 'credit_note'
group by n.reverses_id
having sum(n.total_minor) < 0
"""
"""Of the sales that new credit notes reverse: how much all their notes took back."""
_REFUNDED = """
update orders o set refunded_minor = least(noted.minor, o.paid_minor), version = o.version + 1, updated_at = :now,
    payment_state = case when noted.minor >= o.paid_minor then 'refunded' else 'partly_refunded' end
from order_noted noted where noted.id = o.id and o.kind = 'sale' and o.order_state = 'completed'
    and o.payment_state in ('paid', 'partly_refunded')
    and o.refunded_minor < least(noted.minor, o.paid_minor)
"""
_TOLD = """
with suspect as (
    select number, code, quantity, unit_price from order_entry group by number, code, quantity, unit_price
    having count(*) > 1
), twin as (
    select count(*) as rows
    from suspect join order_entry e using (number, code, quantity, unit_price)
    join order_head h on h.number = e.number and h.is_new
    group by e.number, e.code, e.title, e.quantity, e.unit_price, e.placed_at, e.customer, e.country, e.receiver,
             e.address
), line as (
    select count(*) filter (where e.kind = 'charge') as charges, count(*) filter (where e.customer is null) as anonymous
    from order_entry e join order_head h on h.number = e.number and h.is_new
)
select coalesce(sum(h.lines) filter (where h.is_new), 0), coalesce(sum(h.lines) filter (where not h.is_new), 0),
       count(*) filter (where h.is_new), count(*) filter (where h.is_new and h.kind = 'sale'),
       count(*) filter (where h.is_new and h.kind = 'credit_note'),
       count(*) filter (where h.is_new and h.kind = 'adjustment'),
       (select charges from line), (select anonymous from line),
       count(*) filter (where h.is_new and h.several_times), (select coalesce(sum(rows - 1), 0) from twin)
from order_head h
"""
