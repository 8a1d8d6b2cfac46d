-- Sales and refunds by shop day, classed by line as in the sales report: gross is quantity > 0 at a price > 0
-- outside of credit notes. The second four stop at the same clock time as today.
with document as (
    select o.id, cast(o.placed_at at time zone :zone as date) as day, o.placed_at < :cut as early,
           sum(case when o.kind <> 'credit_note' and l.quantity > 0 and l.unit_price_micros > 0 then l.amount_minor end) as gross,
           sum(case when o.kind = 'credit_note' then l.amount_minor end) as refunds
    from orders o
    join order_line l on l.order_id = o.id
    where o.shop_id = :shop_id and o.kind in ('sale', 'credit_note', 'adjustment')
      and o.placed_at >= :starts_at and o.placed_at < :ends_at and {counts}
    group by o.id
)
select day, count(gross), sum(gross), count(refunds), sum(refunds),
       count(gross) filter (where early), sum(gross) filter (where early),
       count(refunds) filter (where early), sum(refunds) filter (where early)
from document
group by day
