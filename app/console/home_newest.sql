-- When the newest sale that counts was placed.
select o.placed_at
from orders o
where o.shop_id = :shop_id and o.kind = 'sale' and {counts}
order by o.placed_at desc
limit 1
