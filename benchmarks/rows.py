"""The SQL that makes the benchmark's rows; every value is a hash of the row's number, so it is always the same."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import rows_after
from benchmarks.hashing import pick


def statements(orders: int, products: int, customers: int, code: str) -> Iterator[tuple[str, str]]:
    """(name, statement) in order; `orders` get ids 1 … n, newest last, with two lines each."""
    yield "shop", shop(code)
    yield "customers", _customers(customers)
    yield "products", _products(products)
    yield "SKUs", _skus(products)
    yield "warehouse", _WAREHOUSE
    yield "levels", _LEVELS
    yield "ledger", _LEDGER
    yield "lines in the making", _planned_lines(orders, products)
    yield "orders", _orders(orders, customers)
    yield "lines", _LINES
    yield from rows_after.STATEMENTS
    yield "sequences", _SEQUENCES


def shop(code: str) -> str:
    """The one shop, with id 1."""
    return f"""
insert into shop (id, code, name, currency, time_zone, country, locale, invented, version, created_at, updated_at)
overriding system value
values (1, '{code}', 'Bench', 'CNY', 'Asia/Shanghai', 'China', 'zh', true, 1, now(), now())"""


def _customers(count: int) -> str:
    surname = "(array['王','李','张','刘','陈','杨','赵','黄','周','吴','Smith','Brown','Müller','Rossi'])"
    given = "(array['伟','芳','娜','敏','静','丽','强','磊','军','洋','Ann','Bob','Eva','Leo'])"
    return f"""
insert into customer (id, shop_id, number, name, phone, email, country, version, created_at, updated_at)
overriding system value
select i, 1, 'C' || lpad(i::text, 7, '0'),
  {surname}[1 + {pick("i", 1, "14")}] || {given}[1 + {pick("i", 2, "14")}] || {given}[1 + {pick("i", 3, "14")}],
  '13' || lpad({pick("i", 4, "1000000000")}::text, 9, '0'), 'c' || i || '@example.test',
  (array['China','Germany','France','Japan','Spain'])[1 + {pick("i", 5, "5")}], 1, now(), now()
from generate_series(1, {count}) i"""


def _products(count: int) -> str:
    return f"""
insert into product (id, shop_id, code, title, description, status, version, created_at, updated_at)
overriding system value
select i, 1, 'P' || lpad(i::text, 7, '0'),
  (array['Red','Blue','Green','White','Black','Golden'])[1 + {pick("i", 6, "6")}] || ' ' ||
  (array['mug','lamp','bag','clock','scarf','tray','vase','towel'])[1 + {pick("i", 7, "8")}] || ' ' || i,
  'Made for measurements', (array['on_sale','on_sale','on_sale','off_shelf','draft'])[1 + {pick("i", 8, "5")}],
  1, now(), now() - i * interval '1 second'
from generate_series(1, {count}) i"""


def _skus(count: int) -> str:
    return f"""
insert into sku (id, shop_id, product_id, code, barcode, options, price_minor, cost_minor, stock_on_hand,
  low_stock_limit, version, created_at, updated_at)
overriding system value
select i, 1, i, 'S' || lpad(i::text, 7, '0'), '69' || lpad(i::text, 11, '0'), '{{}}',
  100 + {pick("i", 9, "49900")}, 50 + {pick("i", 9, "20000")}, {pick("i", 10, "500")}, 10, 1, now(), now()
from generate_series(1, {count}) i"""


def _planned_lines(orders: int, products: int) -> str:
    return f"""
create temp table planned as
select o as order_id, p as position, s.id as sku_id, s.code, q as quantity, s.price_minor, q * s.price_minor as amount
from generate_series(1, {orders}) o, generate_series(1, 2) p,
  lateral (select 1 + {pick("o * 2 + p", 11, str(products))} as sku, 1 + {pick("o * 2 + p", 12, "5")} as q) pick
join sku s on s.id = pick.sku"""


def _orders(count: int, customers: int) -> str:
    surname = f"(array['王','李','张','刘','陈','杨','赵','黄','周','吴'])[1 + {pick('i', 18, '10')}]"
    given = "(array['伟','芳','娜','敏','静','丽','强','磊','军','洋','红','明','华','超'])"
    return f"""
insert into orders (id, shop_id, number, kind, status, order_state, close_cause, payment_state, fulfilment_state,
  after_sale_state, paid_minor, refunded_minor, paid_at, promise_hours, due_at, placed_at, currency, country,
  customer_id, units, items_minor, charges_minor, total_minor, receiver, phone, address, staff_note, tags, flag,
  version, created_at, updated_at)
overriding system value
select i, 1, 'SO' || lpad(i::text, 8, '0'), 'sale', s.status,
  case when s.status in ('completed', 'closed') then s.status else 'open' end,
  case when s.status = 'closed' then 'unknown' end,
  case when not s.paid then 'unpaid' when s.after <> 'closed' or {pick("i", 20, "10")} > 6 then 'paid'
    when {pick("i", 20, "10")} < 3 then 'refunded' else 'partly_refunded' end,
  case s.status when 'shipped' then 'fulfilled' when 'delivered' then 'delivered' when 'completed' then 'delivered'
    else 'unfulfilled' end,
  s.after, case when s.paid then l.amount else 0 end,
  case when s.after <> 'closed' or {pick("i", 20, "10")} > 6 then 0 when {pick("i", 20, "10")} < 3 then l.amount
    else l.amount / 2 end,
  case when s.paid then s.placed end, s.hours, s.placed + s.hours * interval '1 hour', s.placed, 'CNY',
  (array['China','China','China','Germany','France','Japan','Spain','Italy'])[1 + {pick("i", 13, "8")}],
  case when {pick("i", 14, "10")} = 0 then null else 1 + {pick("i", 15, str(customers))} end,
  l.units, l.amount, 0, l.amount,
  {surname} || {given}[1 + {pick("i", 21, "14")}] || {given}[1 + {pick("i", 22, "14")}],
  '13' || lpad({pick("i", 23, "1000000000")}::text, 9, '0'), 'Street ' || {pick("i", 16, "900")}, '',
  case when i % 53 = 0 then to_jsonb(array[(array['rush','gift','vip','call'])[1 + i % 4]]) else '[]' end,
  case when i % 67 = 0 then (array['red','yellow','green','blue'])[1 + i % 4] else '' end, 1, now(), now()
from generate_series(1, {count}) i
join (select order_id, sum(quantity) units, sum(amount) amount from planned group by order_id) l on l.order_id = i,
  lateral (select {pick("i", 17, "1000")} as c) chance,
  lateral (select {_STATUS} as status,
    timestamptz '2024-12-01 00:00+08' + i * (interval '720 days' / {count}) as placed) r,
  lateral (select r.status, r.placed, r.status not in ('pending_payment', 'closed') as paid,
    case when r.status in ('pending_payment', 'closed') then null when {pick("i", 24, "5")} = 0 then 2160 else 48 end
      as hours,
    case when r.status not in ('shipped', 'delivered', 'completed') or {pick("i", 19, "40")} > 8 then 'none'
      when {pick("i", 25, "10")} = 0 then 'open' else 'closed' end as after) s
order by i"""


_STATUS = """case when c < 800 then 'completed' when c < 855 then 'pending_shipment'
  when c < 865 then 'pending_payment' when c < 915 then 'shipped' when c < 950 then 'delivered' else 'closed' end"""

_LINES = """
insert into order_line (shop_id, order_id, position, kind, sku_id, code, title, quantity, unit_price_micros,
  amount_minor)
select 1, order_id, position, 'product', sku_id, code, 'Item ' || code, quantity, price_minor * 10000, amount
from planned order by order_id, position"""

# The triggers that would do this are off while rows are made.
_WAREHOUSE = """
insert into warehouse (shop_id, code, name, is_default, version, created_at, updated_at)
select 1, 'MAIN', '默认仓', true, 1, now(), now() where not exists (select from warehouse)"""

_LEVELS = """
insert into stock_level (sku_id, warehouse_id, shop_id, on_hand, reserved)
select k.id, w.id, 1, k.stock_on_hand,
  case when k.id % 9973 = 0 then k.stock_on_hand + 5 else least(k.id % 3, k.stock_on_hand) end
from sku k, warehouse w order by k.id on conflict do nothing"""

_LEDGER = """
insert into stock_movement (sku_id, warehouse_id, shop_id, at, kind, on_hand_delta, actor, request_id)
select k.id, w.id, 1, now(), 'opening', k.stock_on_hand, 'system:benchmark', '-'
from sku k, warehouse w where k.stock_on_hand <> 0
  and not exists (select from stock_movement m where m.sku_id = k.id) order by k.id"""

_SEQUENCES = """
select setval(pg_get_serial_sequence(t, 'id'), 10000000)
from unnest(array['shop', 'customer', 'product', 'sku', 'orders', 'parcel', 'payment', 'refund',
  'after_sale_case']) t"""
