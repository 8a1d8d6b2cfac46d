"""Staged order rows read into typed entries, one a line, and heads, one an order; writes temp tables alone."""

from __future__ import annotations

from app.imports import charge_codes, moments
from app.imports.staging import Stage
from app.kit.money import exponent

LENGTHS = {"number": 64, "code": 64, "title": 200, "customer": 60, "country": 60, "receiver": 120, "address": 300}
"""The longest text that each field takes."""
LARGEST_AMOUNT_MICROS = 10**18
"""A line of more than 10^12 in the major unit is a slip; it also keeps every sum within bigint."""

WHOLE = r"^[+-]?(\d{1,9}|\d{1,3}(,\d{3}){1,2})(\.0+)?$"
DECIMAL = r"^[+-]?(\d{1,9}|\d{1,3}(,\d{3}){1,2})(\.\d{1,6}0*)?$"


def read(stage: Stage) -> None:
    """Make the temp table `order_entry` of every staged row and mark the rows that cannot be read.

    Quantities are whole numbers, prices have up to six decimals; both may carry a sign, thousands commas and
    full-width digits, prices a currency sign. `amount_minor` is rounded half away from zero, line by line.
    """
    stage.run("set local work_mem = '128MB'")  # sorts and hashes of half a million lines stay off the disk
    moments.resolve(stage, "placed_at")
    _tell_charges(stage)
    _make(stage, "amount_text", _NUMBERS, whole=WHOLE, decimal=DECIMAL)
    _refuse_long_texts(stage)
    _make(stage, "order_entry", _ENTRIES, largest=LARGEST_AMOUNT_MICROS, micros_of_minor=_micros_of_minor(stage))
    stage.run("alter table order_entry add primary key (row)")
    stage.run("analyze order_entry")
    stage.run(_MARK_UNREAD)


def gather(stage: Stage) -> None:
    """Make the temp table `order_head`, one row an order, of the orders without a refused row.

    An order is placed at the earliest time among its rows, bought by the one customer that they name, and sent
    where its first row says. An order with a refused row is refused as a whole, because its total would be wrong.
    """
    stage.refuse(_SEVERAL_CUSTOMERS, "customer", "order_customers_differ")
    drop_broken_orders(stage)
    _make(stage, "order_head", _HEADS)
    stage.run("alter table order_head add primary key (number)")
    stage.run("analyze order_head")


def drop_broken_orders(stage: Stage) -> None:
    """Refuse the other rows of orders that have a refused row, and take all of them out of the temp tables."""
    first_fault = (
        "jsonb_build_object('row', (select min(b.row) from staged b where b.number = s.number "
        "and b.err_code is not null))"
    )
    stage.refuse("s.number in (select b.number from staged b where b.err_code is not null)", "number",
                 "order_row_refused", first_fault)  # fmt: skip
    stage.run("delete from order_entry e using staged s where s.row = e.row and s.err_code is not null")


def _tell_charges(stage: Stage) -> None:
    """The temp table `code_kind`: each distinct code and whether it is a product or a charge."""
    _make(stage, "code_kind", _CODE_KINDS, patterns=charge_codes.like_patterns(charge_codes.patterns(stage.shop.id)))


def _refuse_long_texts(stage: Stage) -> None:
    for key in LENGTHS.keys() & stage.mapped:
        limit = LENGTHS[key]
        stage.refuse(f"length(s.{key}) > {limit}", key, "order_text_too_long", f"jsonb_build_object('limit', {limit})")


def _micros_of_minor(stage: Stage) -> int:
    return 10 ** (6 - exponent(stage.shop.currency))


def _make(stage: Stage, table: str, query: str, **values: object) -> None:
    stage.run(f"drop table if exists {table}")
    stage.run(f"create temp table {table} on commit drop as {query}", **values)


_CODE_KINDS = """
select code, case when upper(code) like any(cast(:patterns as text[])) then 'charge' else 'product' end as kind
from (select distinct code from staged where code is not null) c
"""
_NUMBERS = """
select text, case when plain ~ :whole then split_part(replace(plain, ',', ''), '.', 1)::bigint end as whole,
       case when bare ~ :decimal then (replace(bare, ',', '')::numeric * 1000000)::bigint end as micros
from (
    select text, translate(text, '０１２３４５６７８９．，－−＋', '0123456789.,--+') as plain,
           translate(text, '０１２３４５６７８９．，－−＋¥￥£$€元 ', '0123456789.,--+') as bare
    from (select quantity as text from staged where quantity is not null
          union select unit_price from staged where unit_price is not null) t
) n
"""
"""Each distinct text once: a file has far fewer quantities and prices than rows."""
_ENTRIES = """
select row, number, code, kind, title, quantity, unit_price, placed_at, customer, country, receiver, address,
       case when not too_large then sign(quantity * unit_price)::bigint
                 * ((2 * abs(quantity * unit_price) + :micros_of_minor) / (2 * :micros_of_minor)) end as amount_minor,
       case when number is null then 'number' when code is null then 'code' when quantity is null then 'quantity'
            when unit_price is null then 'unit_price' when placed_at is null then 'placed_at'
            when unit_price < 0 and kind = 'product' then 'unit_price' when too_large then 'quantity' end as wrong
from (
    select s.row, s.number, s.code, k.kind, coalesce(s.title, '') as title, q.whole as quantity,
           p.micros as unit_price, m.at as placed_at, s.customer, coalesce(s.country, '') as country,
           coalesce(s.receiver, '') as receiver, coalesce(s.address, '') as address,
           abs(q.whole::float8 * p.micros) > :largest as too_large
    from staged s
    left join moment m on m.text = s.placed_at
    left join code_kind k on k.code = s.code
    left join amount_text q on q.text = s.quantity
    left join amount_text p on p.text = s.unit_price
) entry
"""
"""Integers all the way, as in `kit.money.divide_half_up`: below `largest` twice the product fits into bigint."""
_MARK_UNREAD = """
update staged s set err_column = e.wrong,
    err_facts = jsonb_build_object('value', left(case e.wrong when 'quantity' then s.quantity
                                                 when 'unit_price' then s.unit_price else s.placed_at end, 120)),
    err_code = case when e.wrong = 'number' or e.wrong = 'code' then 'order_field_missing'
                    when e.wrong = 'quantity' and s.quantity is null then 'order_field_missing'
                    when e.wrong = 'unit_price' and s.unit_price is null then 'order_field_missing'
                    when e.wrong = 'placed_at' and s.placed_at is null then 'order_field_missing'
                    when e.wrong = 'quantity' and e.quantity is not null then 'amount_too_large'
                    when e.wrong = 'unit_price' and e.unit_price is not null then 'negative_price'
                    when e.wrong = 'quantity' then 'bad_quantity'
                    when e.wrong = 'unit_price' then 'bad_price'
                    else 'bad_date' end
from order_entry e where e.row = s.row and e.wrong is not null and s.err_code is null
"""
_SEVERAL_CUSTOMERS = """
s.number in (select number from order_entry where customer is not null
             group by number having min(customer) <> max(customer))
"""
_HEADS = """
select t.*, f.country, f.receiver, f.address, null::bigint as customer_id, null::bigint as reverses_id,
       null::bigint as order_id, false as is_new,
       case when t.number ~ '^[Cc]' and not t.gives then 'credit_note'
            when t.number ~ '^[Aa][0-9]' and t.only_charges then 'adjustment'
            when t.sells then 'sale' else 'adjustment' end as kind
from (
    select number, min(row) as first_row, count(*) as lines, max(customer) as customer,
           min(placed_at) as placed_at, min(placed_at) <> max(placed_at) as several_times,
           bool_or(quantity > 0) as gives, bool_or(quantity > 0 and unit_price > 0) as sells,
           bool_and(kind = 'charge') as only_charges,
           coalesce(sum(quantity) filter (where kind = 'product'), 0) as units,
           coalesce(sum(amount_minor) filter (where kind = 'product'), 0) as items_minor,
           coalesce(sum(amount_minor) filter (where kind = 'charge'), 0) as charges_minor
    from order_entry group by number
) t join order_entry f on f.row = t.first_row
"""
"""C… with nothing handed out is a credit note; A… with charges alone (bad debt) and what sells nothing (stock
notes, write-offs at no price) are adjustments; everything else is a sale."""
