"""What comes after an order in the benchmark's database: parcels, payments, refunds, after-sale cases."""

from __future__ import annotations

from benchmarks.hashing import pick

PARCELS = 200_000
_MOVED = f"o.placed_at + interval '30 hours' + {pick('o.id', 31, '96')} * interval '1 hour'"

_PARCELS = f"""
insert into parcel (id, shop_id, kind, state, carrier_code, tracking_no, units, source, last_event, moved_at, sent_at,
  signed_at, version, created_at, updated_at)
overriding system value
select o.id, 1, 'sale', case when o.fulfilment_state = 'delivered' then 'signed' else 'sent' end,
  (array['SF','YTO','ZTO','STO','YUNDA'])[1 + {pick("o.id", 30, "5")}], 'SF' || lpad((o.id * 7919)::text, 13, '0'),
  o.units, 'import', case when o.fulfilment_state = 'delivered' then 'signed'
    when {pick("o.id", 32, "20")} = 0 then 'problem' else 'in_transit' end,
  {_MOVED}, o.placed_at + interval '20 hours', case when o.fulfilment_state = 'delivered' then {_MOVED} end,
  1, now(), now()
from orders o where o.fulfilment_state in ('fulfilled', 'delivered') order by o.id desc limit {PARCELS}"""

_PARCEL_ORDERS = "insert into parcel_order (parcel_id, order_id, shop_id) select id, id, 1 from parcel"

_PARCEL_LINES = """
insert into parcel_line (shop_id, parcel_id, order_id, order_line_id, sku_id, code, title, quantity)
select 1, p.id, p.id, l.id, l.sku_id, l.code, l.title, l.quantity
from parcel p join order_line l on l.order_id = p.id order by p.id, l.position"""

_ACCOUNT = """
insert into channel_account (shop_id, channel, label, callback_token, version, created_at, updated_at)
values (1, 'simulator', 'Simulator', 'benchmark', 1, now(), now())"""

_PAYMENTS = f"""
insert into payment (id, shop_id, number, order_id, account_id, channel, scene, state, amount_minor, currency, counted,
  refunded_minor, channel_trade_no, failure_code, expires_at, paid_at, ended_at, version, created_at, updated_at)
overriding system value
select o.id, 1, 'P' || lpad(o.id::text, 12, '0'), o.id, a.id, (array['wechat','alipay','simulator'])[1 + o.id % 3],
  'qr',
  case when o.payment_state = 'partly_refunded' then 'partially_refunded' when o.payment_state = 'refunded'
    then 'refunded' when o.payment_state = 'paid' then 'succeeded' when o.status = 'closed' then
    (array['failed','closed','expired'])[1 + {pick("o.id", 33, "3")}] else 'pending' end,
  o.total_minor, 'CNY', o.paid_minor > 0, o.refunded_minor, 'T' || lpad((o.id * 104729)::text, 18, '0'), '',
  o.placed_at + interval '30 minutes', o.paid_at, o.paid_at, 1, o.placed_at, o.placed_at
from orders o, channel_account a where o.id % 5 = 0 and o.total_minor > 0 order by o.id"""

_REFUNDS = f"""
insert into refund (id, shop_id, number, order_id, payment_id, channel, state, amount_minor, currency, counted, subject,
  key, asked_by, channel_refund_no, version, created_at, updated_at)
overriding system value
select o.id, 1, 'R' || lpad(o.id::text, 12, '0'), o.id, p.id, coalesce(p.channel, 'manual'),
  case when {pick("o.id", 34, "100")} > 2 then 'succeeded'
    else (array['processing','failed','asked'])[1 + o.id % 3] end,
  o.refunded_minor, 'CNY', true, 'after_sale:' || o.id, 'benchmark:' || o.id, 'system:benchmark',
  'B' || lpad((o.id * 15485863)::text, 18, '0'), 1, o.placed_at, o.placed_at
from orders o left join payment p on p.order_id = o.id where o.refunded_minor > 0 order by o.id"""

_LIVE = """(array['refund_asked','return_asked','refused','waits_for_return','waits_for_check','waits_for_buyer',
  'disputed','platform_asks','platform_return','refunding'])"""
_REASONS = "(array['quality','wrong_item','missing_parts','wrong_size','not_received','late','price','other'])"

_CASES = f"""
insert into after_sale_case (id, shop_id, order_id, customer_id, number, kind, state, opened_by, opened_at, due_at,
  reason, currency, amount_minor, refunded_minor, tracking_no, ended_at, version, created_at, updated_at)
overriding system value
select o.id, 1, o.id, o.customer_id, 'AS' || lpad(o.id::text, 9, '0'),
  case when o.refunded_minor > 0 then (array['refund_only','return_refund'])[1 + o.id % 2]
    else (array['refund_only','return_refund','exchange','resend','repair'])[1 + {pick("o.id", 35, "5")}] end,
  case when c.live then {_LIVE}[1 + {pick("o.id", 36, "10")}] when o.refunded_minor > 0 then 'done' else 'closed' end,
  'buyer', c.opened, case when c.live then c.opened + interval '14 days' else c.opened + interval '5 days' end,
  {_REASONS}[1 + {pick("o.id", 37, "8")}], 'CNY', case when c.live then o.total_minor else o.refunded_minor end,
  o.refunded_minor, case when {pick("o.id", 38, "3")} = 0 then 'YT' || lpad((o.id * 7919)::text, 13, '0') else '' end,
  case when not c.live then c.opened + interval '5 days' end, 1, c.opened, c.opened
from orders o, lateral (select o.after_sale_state = 'open' as live,
  case when o.after_sale_state = 'open' then now() - {pick("o.id", 39, "20000")} * interval '1 minute'
    else o.placed_at + interval '5 days' end as opened) c
where o.after_sale_state <> 'none' order by o.id"""

STATEMENTS = (
    ("parcels", _PARCELS),
    ("parcels' orders", _PARCEL_ORDERS),
    ("parcels' lines", _PARCEL_LINES),
    ("channel account", _ACCOUNT),
    ("payments", _PAYMENTS),
    ("refunds", _REFUNDS),
    ("after-sale cases", _CASES),
)
"""(name, statement) in order; the triggers are off, the orders are there."""
