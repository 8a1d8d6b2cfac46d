"""Parcels: what has left the house, by whom, under which number; and what the platform would refuse."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "carrier_unknown": _l(
            "There is no carrier “%(value)s”. Write its name, such as 中通, or Kuaishou's number for it."
        ),
        "carrier_missing": _l("The carrier is missing. Say who carries %(number)s."),
        "tracking_missing": _l("The tracking number is missing. Parcels of %(carrier)s have one."),
        "tracking_shape": _l("“%(number)s” is no number of %(carrier)s. Check the carrier and the number."),
        "tracking_two_addresses": _l("%(number)s belongs to a parcel to another address. Use a number of its own."),
        "tracking_signed_before": _l("%(number)s has been signed for at another address. Use a fresh number."),
        "tracking_other_shop": _l("Another shop has used the number %(number)s. Use another one, or ask the carrier."),
        "tracking_over_30_days": _l("%(number)s was sent more than 30 days ago. Use a fresh number."),
        "tracking_other_carrier": _l("%(number)s is on its way with %(carrier)s. Correct the carrier."),
        "tracking_in_use": _l("%(number)s belongs to another parcel already."),
        "picked_up_before_payment": _l("%(number)s was picked up before the order was paid for. Use a fresh number."),
        "waybill_carrier_differs": _l(
            "The e-waybill of this order is of %(carrier)s. Ship with it, or cancel the e-waybill."
        ),
        "waybill_number_differs": _l(
            "The e-waybill of this order has the number %(number)s. Ship with it, or cancel it."
        ),
        "waybill_address_differs": _l("The address was changed after the e-waybill was taken. Take a new one."),
        "order_unknown": _l("There is no order “%(value)s” in this shop."),
        "order_closed": _l("Order %(order)s is closed; nothing of it is sent."),
        "order_not_paid": _l("Order %(order)s has not been paid for."),
        "order_refunded": _l("The money of order %(order)s has gone back; nothing of it is sent."),
        "order_completed": _l("Order %(order)s is completed; there is nothing left to send."),
        "group_not_formed": _l("Order %(order)s waits for its buying group. Ship it when the group has formed."),
        "risk_hold": _l("Order %(order)s is held because of a risk. Ship it when the hold is lifted."),
        "shipping_held": _l("The shop holds order %(order)s back. Release it on its page first."),
        "after_sale_holds": _l(
            "The buyer of order %(order)s wants something put right. Settle that before it is sent."
        ),
        "shipped_with_other_number": _l(
            "Order %(order)s has left already with %(number)s. Correct that parcel, or add a number on its page."
        ),
        "quantity_differs": _l("%(number)s holds %(present)s of %(sku)s already, not %(wanted)s."),
        "over_quantity": _l("Of %(sku)s %(left)s are left to send, not %(wanted)s."),
        "line_unknown": _l("Order %(order)s has no line %(sku)s."),
        "units_bad": _l("“%(value)s” is not a number of units. Write a whole number from 1."),
        "nothing_typed": _l("Give at least one order its tracking number."),
        "nothing_to_send": _l("Choose at least one unit to send."),
        "serials_missing": _l(
            "%(sku)s leaves only with its serial numbers: %(wanted)s are needed, %(present)s are given."
        ),
        "serial_twice": _l("The serial number %(serial)s has left already or stands here twice."),
        "tracking_field_missing": _l("The cell is blank; every row names its order."),
        "code_missing": _l("Order %(order)s has several lines. Say of which SKU %(wanted)s units leave."),
        "parcel_not_open": _l("This parcel has left already; it can be corrected, not cancelled."),
        "parcel_not_sent": _l("This parcel has not left yet."),
        "order_has_not_left": _l("Order %(order)s has not left whole. Ship what is left instead of adding a number."),
        "parcel_limit": _l("At most %(limit)s orders go into one pick list or set of slips."),
    }
)
K1009 = {
    "tracking_shape": "运单号和物流公司不匹配",
    "tracking_two_addresses": "同一个运单号对应收件地址超过1个",
    "picked_up_before_payment": "运单揽收时间早于支付时间",
    "tracking_other_shop": "运单号已被其他商家使用",
    "waybill_address_differs": "收货地址与电子面单取号地址不一致",
    "tracking_over_30_days": "运单发货间隔超过30天",
    "waybill_number_differs": "回传运单号与电子面单不一致",
    "carrier_unknown": "快递公司不存在",
    "tracking_signed_before": "收货地址与签收地址不一致",
    "waybill_carrier_differs": "电子面单取号与发货快递公司不一致",
}
"""The ten reasons for which Kuaishou blocks a shipment (its K1009, code 11), by the code that we give before it."""
