"""What must hold for orders whatever has been done to them (I1 to I9), asked straight from the tables."""

from __future__ import annotations

from sqlalchemy import text

from app.kit.db import db
from tests.stock.conftest import wrong

_WRONG = """
with line as (
    select order_id, sum(amount_minor) as total, sum(amount_minor) filter (where kind = 'product') as items,
           coalesce(sum(discount_minor) filter (where kind = 'product'), 0) as shares,
           coalesce(sum(quantity) filter (where kind = 'product'), 0) as units
    from order_line where shop_id = :s group by order_id
), cut as (select order_id, sum(amount_minor) as minor from order_discount where shop_id = :s group by order_id),
money as (
    select o.id,
        (select coalesce(sum(amount_minor), 0) from order_payment p where p.order_id = o.id)
        + (select coalesce(sum(amount_minor), 0) from payment p where p.order_id = o.id and p.counted)
        + (select coalesce(sum(paid_minor), 0) from order_split s where s.into_id = o.id and s.undone_at is null)
        - (select coalesce(sum(paid_minor), 0) from order_split s where s.from_id = o.id and s.undone_at is null)
            as came,
        (select coalesce(sum(amount_minor), 0) from refund r where r.order_id = o.id and r.counted
            and r.state = 'succeeded') as went
    from orders o where o.kind = 'sale' and o.shop_id = :s
)
select 'I1 lines of ' || o.id from orders o left join line l on l.order_id = o.id left join cut c on c.order_id = o.id
    where o.shop_id = :s and o.kind = 'sale' and (o.total_minor, o.items_minor, o.discount_minor, o.units)
        is distinct from (coalesce(l.total, 0), coalesce(l.items, 0), coalesce(l.shares, 0), coalesce(l.units, 0))
union all select 'I1 discounts of ' || o.id from orders o left join cut c on c.order_id = o.id
    where o.shop_id = :s and o.kind = 'sale' and o.discount_minor <> coalesce(c.minor, 0)
union all select 'I1 money that came for ' || m.id from money m join orders o using (id) where o.paid_minor <> m.came
union all select 'I9 money that went back for ' || m.id from money m join orders o using (id)
    where o.refunded_minor <> m.went
union all select 'I2 refunded of ' || id from orders where shop_id = :s and kind = 'sale'
    and refunded_minor not between 0 and paid_minor
union all select 'I2 refunds of payment ' || p.id from payment p where p.shop_id = :s and p.amount_minor <
    (select coalesce(sum(amount_minor), 0) from refund r where r.payment_id = p.id and r.state <> 'failed')
union all select 'I3 sent of line ' || l.id from order_line l join lateral (
    select coalesce(sum(x.quantity), 0) as sent from parcel_line x join parcel p on p.id = x.parcel_id
    where x.order_line_id = l.id and p.kind = 'sale' and p.state in ('sent', 'signed')) s on true
    where l.shop_id = :s and s.sent > l.quantity and l.kind = 'product' and l.quantity > 0
union all select 'I3 refunded of line ' || order_line_id from refund_part where shop_id = :s and taken_units > units
union all select 'I4 held by a closed order ' || o.id from orders o join stock_hold h on h.holder = 'order:' || o.id
    where o.shop_id = :s and h.shop_id = :s and h.state in ('live', 'confirmed') and o.order_state = 'closed'
union all select 'group of one ' || min(id) from orders where shop_id = :s
    and ship_group_id is not null and order_state = 'open'
    and fulfilment_state = 'unfulfilled' group by ship_group_id having count(*) = 1
        and not exists (select 1 from orders x where x.ship_group_id = min(orders.ship_group_id)
            and x.fulfilment_state <> 'unfulfilled')
"""
_MOVES = """
with moved as (
    select subject_id as id, facts->>'axis' as axis, facts->>'from_state' as came, facts->>'to_state' as went, actor,
        lead(facts->>'from_state') over w as next, row_number() over (partition by subject_id, facts->>'axis'
            order by journal_entry.id desc) as back
    from journal_entry where shop_id = :s and event = 'OrderMoved' and subject_type = 'order'
    window w as (partition by subject_id, facts->>'axis' order by journal_entry.id)
), stands as (
    select id, axis, state from orders cross join lateral (values
        ('order_state', order_state), ('payment_state', payment_state),
        ('fulfilment_state', fulfilment_state), ('after_sale_state', after_sale_state)) as v(axis, state)
    where shop_id = :s
)
select 'I5 chain of ' || id || ' ' || axis from moved where next is not null and next <> went
union all select 'I5 end of ' || id || ' ' || axis from moved join stands using (id, axis)
    where back = 1 and went <> state
union all select 'I5 nobody moved ' || id from moved where actor = '' or came = went
union all select 'I7 left for good ' || id || ' ' || axis from moved
    where came in ('completed', 'refunded') or (axis = 'fulfilment_state' and came = 'delivered')
"""


def wrong_orders(shop_id: int) -> list[str]:
    """Every order, payment, line or level of stock of a shop that does not add up."""
    db.session.flush()
    found = [db.session.scalars(text(one), {"s": shop_id}) for one in (_WRONG, _MOVES)]
    return [*found[0], *found[1], *wrong(shop_id)]
