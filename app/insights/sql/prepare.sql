-- Every document of one shop and span, and every product of them, summed by class of line: in one
-- statement, so that all figures of a report see the data at one moment.
-- gross (1): quantity > 0 and unit price > 0, not on a credit note; refund (2): every line of a
-- credit note; adjustment (3): the rest (bad debts, give-aways, stock notes).
create temp table sales_part as
with document as (
    select o.id, o.kind, o.customer_id, o.country,
           cast(o.placed_at at time zone :zone as date) as day,
           cast(sale.placed_at at time zone :zone as date) as sale_day
    from orders o
    left join orders sale on sale.id = o.reverses_id
    where o.shop_id = :shop_id and o.kind in ('sale', 'credit_note', 'adjustment')
      and o.placed_at >= :starts_at and o.placed_at < :ends_at
      and {counts}
),
classed as not materialized (
    select l.order_id, l.id, l.code, l.kind, l.sku_id, l.quantity, l.amount_minor,
           case when document.kind = 'credit_note' then 2
                when l.quantity > 0 and l.unit_price_micros > 0 then 1
                else 3 end as class
    from document
    join order_line l on l.order_id = document.id
),
part as (
    select order_id, null as code, null as kind, class, cast(null as bigint) as sku_id, cast(null as bigint) as line_id,
           count(*) as lines, sum(quantity) as units, sum(amount_minor) as amount_minor
    from classed
    group by order_id, class
    union all
    select null, code, kind, class, max(sku_id), max(id), count(*), sum(quantity), sum(amount_minor)
    from classed
    group by code, kind, class
)
select part.order_id, part.code, part.kind, part.sku_id, part.line_id,
       document.day, cast(date_trunc('month', document.day) as date) as month, document.sale_day,
       document.customer_id, document.country,
       case when class = 1 then part.order_id end as sold_id,
       case when class = 1 then document.customer_id end as sold_to,
       case when class = 1 then lines else 0 end as lines,
       case when class = 1 then units else 0 end as units,
       case when class = 2 then -units else 0 end as units_returned,
       case when class = 1 then amount_minor else 0 end as gross_minor,
       case when class = 2 then amount_minor else 0 end as refunds_minor,
       case when class = 3 then amount_minor else 0 end as adjustments_minor,
       amount_minor as net_minor
from part
left join document on document.id = part.order_id
