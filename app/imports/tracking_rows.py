"""Rows of tracking numbers: one row is one order, or some units of it, in one parcel.

The check judges every row by the rules that send parcels (`app.fulfilment.judging`), so that a second row sees what
the first has taken. The commit hands all rows to the bulk act "ship", which sends them in short transactions and keeps
a result for each; rows that the check has refused stand there with their reasons.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.fulfilment import batch_acts, carriers, sending, ship_form
from app.fulfilment.models import Source
from app.fulfilment.wanted import Label, Outcome, Sending, Unit, Wanted
from app.imports import moments, tracking_results
from app.imports.models import ImportKind
from app.imports.staging import Counts, Field, Kind, Stage
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope
from app.orders.models import LineKind, Order, OrderLine

FIELDS = (
    Field("number", _l("Order number"), ("订单号", "订单编号", "订单ID", "主订单编号", "Order no", "Order ID", "Order"),
          required=True),
    Field("carrier", _l("Carrier"), ("快递公司", "物流公司", "快递", "物流", "承运商", "快递名称", "快递公司编码",
          "物流公司编码", "expressCode", "Express company", "Courier", "Shipping company"), required=True,
          hint=_l("A name such as 中通, or Kuaishou's number for it, such as 9.")),
    Field("tracking_no", _l("Tracking number"), ("运单号", "快递单号", "物流单号", "运单编号", "快递号", "单号",
          "expressNo", "Tracking no", "Tracking", "Waybill number"), required=True,
          hint=_l("Blank for own delivery and pick-up.")),
    Field("code", _l("SKU code"), ("SKU编码", "SKU", "规格编码", "商家编码", "货号", "Item code"),
          hint=_l("Only for a part of an order; blank means all that is left.")),
    Field("quantity", _l("Units in this parcel"), ("数量", "发货数量", "件数", "Quantity", "Qty", "Units"),
          hint=_l("Blank means all that is left.")),
    Field("serials", _l("Serial or IMEI numbers"),
          ("序列号", "IMEI", "SN", "SN码", "串号", "Serial numbers", "Serials")),
    Field("picked_up_at", _l("Picked up at"), ("揽收时间", "揽件时间", "取件时间", "Pick-up time"),
          hint=_l("Read in the zone of the shop.")),
    Field("waybill_carrier", _l("Carrier of the e-waybill"),
          ("面单快递", "电子面单快递", "电子面单快递公司", "面单物流公司")),
    Field("waybill_number", _l("Number of the e-waybill"), ("面单号", "电子面单号", "面单单号", "电子面单单号")),
    Field("waybill_address", _l("Address of the e-waybill"), ("面单地址", "电子面单地址", "取号地址")),
)  # fmt: skip


def check(stage: Stage) -> None:
    """Judge every row; leaves what to do in the temp table `tracking_row`, and the faults in `staged`.

    A row in which neither carrier nor number has been filled in leaves its order as it is.
    """
    assert_in_scope(stage.shop.id)
    for key in {field.key for field in FIELDS} - stage.mapped:
        stage.run(f"alter table staged add column if not exists {key} text")
    moments.resolve(stage, "picked_up_at")
    stage.refuse("s.number is null", "number", "tracking_field_missing")
    stage.refuse("s.picked_up_at is not null and not exists (select from moment m where m.text = s.picked_up_at "
                 "and m.at is not null)", "picked_up_at", "bad_date",
                 "jsonb_build_object('value', left(s.picked_up_at, 40))")  # fmt: skip
    stage.refuse("s.quantity is not null and s.quantity !~ '^[1-9][0-9]{0,8}(\\.0+)?$'", "quantity", "units_bad",
                 "jsonb_build_object('value', left(s.quantity, 40))")  # fmt: skip
    rows = stage.run(_ROWS).all()
    orders = _orders(stage, [row.number for row in rows])
    lines = _lines(list(orders.values()))
    told: list[tuple[Any, Wanted | Outcome]] = [(row, _wanted(row, orders, lines)) for row in rows]
    asked = [(row, one) for row, one in told if isinstance(one, Wanted)]
    judged = zip(asked, sending.preview(stage.shop.id, [one for _, one in asked]), strict=True)
    outcomes = {row.row: (one, outcome) for (row, one), outcome in judged}
    refused = {row.row: one for row, one in told if isinstance(one, Outcome)}
    refused |= {place: outcome for place, (_, outcome) in outcomes.items() if outcome.outcome == "refused"}
    _mark(stage, refused)
    _keep(stage, [(row, *outcomes[row.row]) for row, _ in asked])


def _orders(stage: Stage, numbers: Sequence[str]) -> dict[str, int]:
    query = select(Order.number, Order.id).where(Order.shop_id == stage.shop.id, Order.number.in_(set(numbers)))
    return {number: order_id for number, order_id in stage.session.execute(query)}  # noqa: C416 - a result has keys()


def _lines(order_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Order id → SKU code → line; of two lines of one code the first."""
    query = select(OrderLine.order_id, OrderLine.code, OrderLine.id).where(
        OrderLine.order_id.in_(order_ids), OrderLine.kind == LineKind.PRODUCT, OrderLine.quantity > 0
    )
    found: dict[int, dict[str, int]] = {}
    for order_id, code, line_id in db.session.execute(query.order_by(OrderLine.order_id, OrderLine.position)):
        found.setdefault(order_id, {}).setdefault(code, line_id)
    return found


def _wanted(row: Any, orders: dict[str, int], lines: dict[int, dict[str, int]]) -> Wanted | Outcome:
    """The parcel that a row asks for, or why it cannot be read."""
    order_id = orders.get(row.number)
    if order_id is None:
        return _refused("order_unknown", "number", value=row.number[:60])
    carrier = carriers.find(row.carrier or "")
    if not row.carrier:
        return _refused("carrier_missing", "carrier", number=row.tracking_no[:40])
    if carrier is None:
        return _refused("carrier_unknown", "carrier", value=(row.carrier or "")[:60])
    of_order = lines.get(order_id, {})
    units: tuple[Unit, ...] = ()
    quantity = int((row.quantity or "0").split(".")[0])
    if row.code or row.quantity or row.serials:
        line_id = of_order.get(row.code) if row.code else next(iter(of_order.values()), None)
        if not row.code and len(of_order) > 1:
            return _refused("code_missing", "code", order=row.number, wanted=quantity or "–")
        if line_id is None:
            return _refused("line_unknown", "code", order=row.number, sku=(row.code or "–")[:64])
        units = (Unit(line_id, quantity, ship_form.serials(row.serials or "")),)
    label_carrier = carriers.find(row.waybill_carrier or "")
    label = Label(
        label_carrier.code if label_carrier else (row.waybill_carrier or "")[:24],
        carriers.tidy(row.waybill_number or ""),
        row.waybill_address or "",
    )
    number = carriers.tidy(row.tracking_no or "")
    return Wanted(order_id, Sending(carrier.code, number, units, row.picked_at, label), source=Source.IMPORT)


def _refused(code: str, column: str, **facts: Any) -> Outcome:
    return Outcome(0, "refused", None, code, column, facts)


def _mark(stage: Stage, refused: dict[int, Outcome]) -> None:
    values = {
        "rows": list(refused),
        "columns": [one.column or "number" for one in refused.values()],
        "codes": [one.code for one in refused.values()],
        "facts": [json.dumps(one.facts, default=str, ensure_ascii=False) for one in refused.values()],
    }
    stage.run(_MARK, **values)


def _keep(stage: Stage, rows: Sequence[tuple[Any, Wanted, Outcome]]) -> None:
    stage.run("drop table if exists tracking_row")
    stage.run("create temp table tracking_row (row integer primary key, order_id bigint, given jsonb, outcome text) "
              "on commit drop")  # fmt: skip
    values = {
        "rows": [row.row for row, _, _ in rows],
        "orders": [one.order_id for _, one, _ in rows],
        "given": [json.dumps(batch_acts.given(one.sending), ensure_ascii=False) for _, one, _ in rows],
        "outcomes": [outcome.outcome for _, _, outcome in rows],
    }
    stage.run(_KEEP, **values)


def commit(stage: Stage) -> Counts:
    """Hand the rows to the bulk act: `updated` are those to be sent, `unchanged` those that were sent before.

    `notes` name the batch.
    """
    assert_in_scope(stage.shop.id)
    done, unchanged = stage.run(_COUNT).one()
    batch = tracking_results.propose(stage)
    return Counts(updated=int(done), unchanged=int(unchanged), notes={"batch": batch.id})


KIND = Kind(key=ImportKind.TRACKING, title=_l("Tracking numbers"), fields=FIELDS, check=check, commit=commit)

_ROWS = """
select s.row, s.number, s.carrier, s.tracking_no, s.code, s.quantity, s.serials, s.waybill_carrier, s.waybill_number,
       s.waybill_address, m.at as picked_at
from staged s left join moment m on m.text = s.picked_up_at
where s.err_code is null and coalesce(s.carrier, s.tracking_no) is not null order by s.row
"""
_MARK = """
update staged s set err_column = w.place, err_code = w.code, err_facts = cast(w.facts as jsonb)
from unnest(cast(:rows as int[]), cast(:columns as text[]), cast(:codes as text[]), cast(:facts as text[]))
    as w(row, place, code, facts) where s.row = w.row
"""
_KEEP = """
insert into tracking_row (row, order_id, given, outcome)
select * from unnest(cast(:rows as int[]), cast(:orders as bigint[]), cast(:given as jsonb[]),
    cast(:outcomes as text[]))
"""
_COUNT = """
select count(*) filter (where t.outcome = 'done'), count(*) filter (where t.outcome = 'unchanged' or t.row is null)
from staged s left join tracking_row t using (row) where s.err_code is null
"""
