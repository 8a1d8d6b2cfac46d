-- The oldest and the newest moment of a document that counts.
select max(o.placed_at) as newest, min(o.placed_at) as oldest
from orders o
where o.shop_id = :shop_id and o.kind in ('sale', 'credit_note', 'adjustment') and {counts}
