"""What each error code of each channel means for us: one table, so that nobody decides it in passing.

Sources: the channels' published error lists. A code that stands nowhere here is ASK, the only reading that can
neither lose money nor give it twice.
"""

from __future__ import annotations

from enum import StrEnum

from app.payments.providers import CloseStatus, CreateStatus, RefundStatus


class Verdict(StrEnum):
    """What to do about a code.

    RETRY: nothing happened, the same number may be sent again later. FINAL: this number will never succeed.
    ASK: the outcome is unknown, query it. PERSON: somebody has to put something right at the channel first.
    """

    RETRY = "retry"
    FINAL = "final"
    ASK = "ask"
    PERSON = "person"


RETRY, FINAL, ASK, PERSON = Verdict.RETRY, Verdict.FINAL, Verdict.ASK, Verdict.PERSON

WIRE = {
    "timeout": ASK,
    "cut": ASK,
    "too_large": ASK,
    "unreachable": RETRY,
    "host": PERSON,
    "bad_answer": ASK,
    "bad_signature": ASK,
    "mismatch": ASK,
}
"""What `wire.send` reports, and answers that cannot be believed."""

WECHAT = {
    "APPID_MCHID_NOT_MATCH": PERSON,
    "BANKERROR": ASK,
    "BANK_ERROR": ASK,
    "BIZERR_NEED_RETRY": RETRY,
    "FREQUENCY_LIMITED": RETRY,
    "FREQUENCY_LIMIT_EXCEED": RETRY,
    "INVALID_REQUEST": FINAL,
    "INVALID_TRANSACTIONID": FINAL,
    "MCH_NOT_EXISTS": PERSON,
    "NOT_ENOUGH": PERSON,
    "NO_AUTH": PERSON,
    "NOAUTH": PERSON,
    "NO_STATEMENT_EXIST": FINAL,
    "OPENID_MISMATCH": FINAL,
    "ORDERPAID": ASK,
    "ORDER_CLOSED": FINAL,
    "ORDER_NOT_EXIST": FINAL,
    "ORDERNOTEXIST": FINAL,
    "OUT_TRADE_NO_USED": ASK,
    "PARAM_ERROR": FINAL,
    "RATELIMIT_EXCEEDED": RETRY,
    "REQUEST_BLOCKED": PERSON,
    "RESOURCE_NOT_EXISTS": FINAL,
    "RULE_LIMIT": FINAL,
    "RULELIMIT": FINAL,
    "SIGN_ERROR": PERSON,
    "STATEMENT_CREATING": RETRY,
    "SYSTEM_ERROR": ASK,
    "SYSTEMERROR": ASK,
    "TRADE_ERROR": FINAL,
    "USERPAYING": ASK,
    "USER_ACCOUNT_ABNORMAL": PERSON,
}

ALIPAY = {
    "10003": ASK,
    "20000": ASK,
    "20001": PERSON,
    "40001": FINAL,
    "40002": FINAL,
    "40003": FINAL,
    "40006": PERSON,
    "ACQ.ACCESS_FORBIDDEN": PERSON,
    "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR": FINAL,
    "ACQ.BUYER_ERROR": PERSON,
    "ACQ.BUYER_NOT_EXIST": PERSON,
    "ACQ.CONTEXT_INCONSISTENT": ASK,
    "ACQ.CURRENCY_NOT_SUPPORT": FINAL,
    "ACQ.CUSTOMER_VALIDATE_ERROR": PERSON,
    "ACQ.DISCORDANT_REPEAT_REQUEST": FINAL,
    "ACQ.EXIST_FORBIDDEN_WORD": FINAL,
    "ACQ.INVALID_PARAMETER": FINAL,
    "ACQ.NOT_ALLOW_PARTIAL_REFUND": PERSON,
    "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND": PERSON,
    "ACQ.PARTNER_ERROR": PERSON,
    "ACQ.REASON_TRADE_BEEN_FREEZEN": PERSON,
    "ACQ.REASON_TRADE_REFUND_FEE_ERR": FINAL,
    "ACQ.REASON_TRADE_STATUS_INVALID": ASK,
    "ACQ.REFUND_ACCOUNT_NOT_EXIST": PERSON,
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": FINAL,
    "ACQ.REFUND_CHARGE_ERROR": ASK,
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": PERSON,
    "ACQ.SYSTEM_ERROR": ASK,
    "ACQ.TOTAL_FEE_EXCEED": FINAL,
    "ACQ.TRADE_HAS_CLOSE": FINAL,
    "ACQ.TRADE_HAS_FINISHED": FINAL,
    "ACQ.TRADE_HAS_SUCCESS": ASK,
    "ACQ.TRADE_NOT_ALLOW_REFUND": FINAL,
    "ACQ.TRADE_NOT_EXIST": FINAL,
    "ACQ.TRADE_STATUS_ERROR": ASK,
    "ACQ.USER_NOT_MATCH_ERR": FINAL,
    "isp.bill_not_exist": FINAL,
    "isp.unknow-error": ASK,
    "isv.bill-not-exist": FINAL,
    "isv.invalid-app-id": PERSON,
    "isv.invalid-signature": PERSON,
    "isv.invalid-timestamp": PERSON,
    "isv.missing-signature": PERSON,
    "isv.insufficient-isv-permissions": PERSON,
    "isv.app-call-limited": RETRY,
}

UNIONPAY = {
    "01": FINAL,
    "02": PERSON,
    "03": ASK,
    "04": ASK,
    "05": ASK,
    "06": RETRY,
    "10": FINAL,
    "11": PERSON,
    "12": ASK,
    "13": PERSON,
    "30": FINAL,
    "31": PERSON,
    "32": FINAL,
    "33": FINAL,
    "34": FINAL,
    "35": FINAL,
    "36": FINAL,
    "37": RETRY,
    "38": PERSON,
    "39": FINAL,
    "40": FINAL,
    "60": FINAL,
    "61": FINAL,
    "63": FINAL,
    "64": FINAL,
    "65": FINAL,
    "66": FINAL,
    "77": PERSON,
    "89": FINAL,
    "98": FINAL,
}

STRIPE = {
    "amount_too_large": FINAL,
    "amount_too_small": FINAL,
    "api_connection_error": ASK,
    "api_error": ASK,
    "api_key_expired": PERSON,
    "authentication_error": PERSON,
    "balance_insufficient": PERSON,
    "card_error": FINAL,
    "charge_already_refunded": FINAL,
    "charge_disputed": PERSON,
    "idempotency_error": ASK,
    "idempotency_key_in_use": RETRY,
    "insufficient_funds": PERSON,
    "invalid_request_error": FINAL,
    "lock_timeout": RETRY,
    "parameter_invalid_integer": FINAL,
    "parameter_missing": FINAL,
    "parameter_unknown": FINAL,
    "permission_error": PERSON,
    "platform_api_key_expired": PERSON,
    "rate_limit": RETRY,
    "rate_limit_error": RETRY,
    "refund_disputed_payment": PERSON,
    "resource_missing": FINAL,
    "testmode_charges_only": PERSON,
}

TABLE = {"wire": WIRE, "wechat": WECHAT, "alipay": ALIPAY, "unionpay": UNIONPAY, "stripe": STRIPE}


def of(channel: str, code: str) -> Verdict:
    """What to do about a code; the wire's own codes count for every channel, an unlisted one is ASK."""
    return TABLE[channel].get(code) or WIRE.get(code, ASK)


def create_status(verdict: Verdict) -> CreateStatus:
    """How a failed `create` ends: with FINAL and PERSON nothing was made."""
    return CreateStatus.FAILED if verdict in (FINAL, PERSON) else CreateStatus.UNKNOWN


def refund_status(verdict: Verdict) -> RefundStatus:
    """How a failed `refund` ends; ABNORMAL keeps its number for a person to send again."""
    return {FINAL: RefundStatus.FAILED, PERSON: RefundStatus.ABNORMAL}.get(verdict, RefundStatus.UNKNOWN)


def close_status(verdict: Verdict) -> CloseStatus:
    """How a failed `close` ends."""
    return CloseStatus.FAILED if verdict in (FINAL, PERSON) else CloseStatus.UNKNOWN
