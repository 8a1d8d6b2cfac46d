-- Sales and refunds by shop day, classed by line as in the sales report: gross is quantity > 0 at a price > 0
-- outside of credit notes. The second four stop at the same clock time as today. Day after day, and each
-- document's lines beside it, so that nothing is collected or sorted on the way.
select day.day, sold.*
from generate_series(cast(:first_day as timestamp), cast(:last_day as timestamp), interval '1 day') as at_midnight,
     lateral (select cast(at_midnight as date) as day) as day,
     lateral (
        select count(gross), sum(gross), count(refunds), sum(refunds),
               count(gross) filter (where early), sum(gross) filter (where early),
               count(refunds) filter (where early), sum(refunds) filter (where early)
        from orders o,
             lateral (
                select o.placed_at < :cut as early,
                       cast(sum(l.amount_minor) filter (
                           where o.kind <> 'credit_note' and l.quantity > 0 and l.unit_price_micros > 0
                       ) as bigint) as gross,
                       cast(sum(l.amount_minor) filter (where o.kind = 'credit_note') as bigint) as refunds
                from order_line l
                where l.order_id = o.id
             ) as document
        where o.shop_id = :shop_id and o.kind in ('sale', 'credit_note', 'adjustment')
          and o.placed_at >= cast(day.day as timestamp) at time zone :zone
          and o.placed_at < cast(day.day + 1 as timestamp) at time zone :zone
          and {counts}
     ) as sold
