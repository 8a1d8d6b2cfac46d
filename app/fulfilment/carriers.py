"""Carriers: our code, Kuaishou's `expressCode`, names, what people write for them, and how their numbers look.

The table is data. A shape refuses a number only where it is certain; elsewhere it makes a note. Codes are those of
Kuaishou's list of carriers (物流公司编号), where 百世 has become 极兔 and 圆通快运 has become 圆通.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from flask_babel import get_locale

OWN, PICKUP = "own", "pickup"


@dataclass(frozen=True)
class Carrier:
    """One carrier; `words` are further names that people write for it."""

    code: str
    express_code: int | None
    zh: str
    en: str
    words: tuple[str, ...] = ()

    @property
    def numbered(self) -> bool:
        """Whether its parcels have a number."""
        return self.code not in (OWN, PICKUP)

    @property
    def name(self) -> str:
        """Its name in the language of the request."""
        return self.zh if str(get_locale() or "zh").startswith("zh") else self.en


CARRIERS = (
    Carrier("sf", 4, "顺丰速运", "SF Express", ("顺丰", "SF", "SFEXPRESS", "顺丰快递")),
    Carrier("zto", 9, "中通快递", "ZTO Express", ("中通", "ZTO", "中通速递")),
    Carrier("yto", 6, "圆通速递", "YTO Express", ("圆通", "YTO", "圆通快递", "圆通快运", "YT")),
    Carrier("sto", 3, "申通快递", "STO Express", ("申通", "STO", "申通速递")),
    Carrier("yunda", 11, "韵达快递", "Yunda Express", ("韵达", "YUNDA", "YD", "韵达速递")),
    Carrier("jt", 109, "极兔速递", "J&T Express",
            ("极兔", "J&T", "JT", "JTEXPRESS", "百世", "百世快递", "百世汇通", "汇通")),
    Carrier("ems", 2, "EMS", "EMS", ("邮政EMS", "EMS速递", "邮政特快专递", "特快专递")),
    Carrier("post", 8, "邮政快递包裹", "China Post Parcel",
            ("邮政包裹", "邮政", "中国邮政", "邮政小包", "CHINAPOST", "POST")),
    Carrier("post_standard", 97, "邮政标准快递", "China Post Standard", ("邮政标准", "邮政标快")),
    Carrier("post_commerce", 139, "邮政电商标快", "China Post E-commerce", ("邮政电商",)),
    Carrier("jd", 14, "京东", "JD Logistics", ("京东快递", "京东物流", "JD", "JDL")),
    Carrier("jd_freight", 136, "京东快运", "JD Freight"),
    Carrier("jd_large", 137, "京东大件", "JD Large Items"),
    Carrier("deppon", 17, "德邦", "Deppon Logistics", ("德邦物流", "DEPPON")),
    Carrier("deppon_express", 53, "德邦快递", "Deppon Express", ("DBL", "DEPPONEXPRESS")),
    Carrier("zjs", 10, "宅急送", "ZJS Express", ("ZJS",)),
    Carrier("tt", 5, "天天快递", "TTK Express", ("天天", "TTK", "TTKD")),
    Carrier("yunda_freight", 7, "韵达快运", "Yunda Freight"),
    Carrier("zto_freight", 12, "中通快运", "ZTO Freight"),
    Carrier("uce", 15, "优速物流", "UCE Express", ("优速", "优速快递", "UCE")),
    Carrier("kye", 25, "跨越速运", "KYE Express", ("跨越", "KYE")),
    Carrier("ane", 40, "安能快递", "ANE Express", ("安能",)),
    Carrier("ane_freight", 43, "安能快运", "ANE Freight", ("安能物流",)),
    Carrier("sure", 31, "速尔快递", "Sure Express", ("速尔",)),
    Carrier("rrs", 79, "日日顺物流", "RRS Logistics", ("日日顺",)),
    Carrier("suning", 81, "苏宁物流", "Suning Logistics", ("苏宁",)),
    Carrier("sxjd", 86, "顺心捷达", "SX Jieda"),
    Carrier("yimi", 100, "壹米滴答", "Yimidida", ("YIMI",)),
    Carrier("zhongyou", 112, "众邮快递", "Zhongyou Express", ("众邮",)),
    Carrier("cainiao", 113, "菜鸟速递", "Cainiao Express", ("菜鸟", "丹鸟", "丹鸟快递", "CAINIAO")),
    Carrier("zto_global", 120, "中通国际", "ZTO International"),
    Carrier("yto_global", 123, "圆通国际", "YTO International"),
    Carrier("fengwang", 127, "丰网速运", "Fengwang Express", ("丰网",)),
    Carrier("ems_global", 58, "EMS-国际件", "EMS International", ("EMS国际",)),
    Carrier("dhl", 20, "DHL中国件", "DHL", ("DHL",)),
    Carrier("fedex", 77, "联邦快递", "FedEx", ("联邦", "FEDEX")),
    Carrier("ups", 90, "UPS", "UPS"),
    Carrier("usps", 89, "USPS", "USPS"),
    Carrier("tnt", 108, "TNT", "TNT"),
    Carrier("cross_zto", 1001, "跨境-中通快递", "ZTO cross-border", ("跨境中通",)),
    Carrier("cross_yto", 1002, "跨境-圆通快递", "YTO cross-border", ("跨境圆通",)),
    Carrier("cross_sto", 1003, "跨境-申通快递", "STO cross-border", ("跨境申通",)),
    Carrier("cross_best", 1004, "跨境-百世快递", "Best cross-border", ("跨境百世",)),
    Carrier("cross_yunda", 1005, "跨境-韵达快递", "Yunda cross-border", ("跨境韵达",)),
    Carrier("cross_sf", 1007, "跨境-顺丰速运", "SF cross-border", ("跨境顺丰",)),
    Carrier("cross_ems", 1008, "跨境-EMS", "EMS cross-border", ("跨境EMS",)),
    Carrier("other", 9999, "其他快递", "Another carrier", ("其他", "其它", "OTHER")),
    Carrier("cross_other", 19999, "跨境-其他", "Another cross-border carrier", ("跨境其他",)),
    Carrier(OWN, None, "商家自配送", "Own delivery", ("自配送", "自己送货", "送货上门", "OWN DELIVERY")),
    Carrier(PICKUP, None, "到店自提", "Pick-up by the buyer", ("自提", "自取", "PICK-UP", "PICK UP")),
)  # fmt: skip
SHAPES = {
    "sf": (r"(SF)?\d{10,15}", True),
    "zto": (r"(ZTO|[A-Z]{0,2})\d{10,15}", True),
    "yto": (r"(YT|[A-Z])?\d{8,18}", True),
    "sto": (r"(STO|[A-Z]{0,2})\d{10,15}", True),
    "yunda": (r"(YD)?\d{10,15}", True),
    "jt": (r"(JT|[A-Z])?\d{10,15}", True),
    "ems": (r"[A-Z]{2}\d{9}[A-Z]{2}|\d{13}", True),
    "post": (r"[A-Z]{2}\d{9}[A-Z]{2}|\d{13}", True),
    "post_standard": (r"\d{13}", False),
    "post_commerce": (r"\d{13}", False),
    "jd": (r"JD[A-Z0-9]{9,18}|[A-Z]{2}\d{10,15}|\d{10,15}", True),
    "deppon": (r"(DP[A-Z]?)?\d{8,13}", False),
    "deppon_express": (r"(DP[A-Z]?)?\d{8,13}", False),
    "kye": (r"(KY)?\d{10,15}", False),
    "ems_global": (r"[A-Z]{2}\d{9}[A-Z]{2}", False),
    "dhl": (r"\d{10,11}|[A-Z]{2,4}\d{8,30}", False),
    "fedex": (r"\d{12}|\d{15}|\d{20}", False),
    "ups": (r"1Z[A-Z0-9]{16}|\d{9,12}", False),
}
"""What a carrier's numbers look like, and whether that is certain: then another look is refused.

Wider than what carriers print today: a good number refused costs more than a bad one that the platform finds.
"""
MARKS = {
    "SF": "sf",
    "YT": "yto",
    "JT": "jt",
    "JD": "jd",
    "DPK": "deppon_express",
    "KY": "kye",
    "FW": "fengwang",
    "1Z": "ups",
}
"""Beginnings that belong to one house alone."""
BY_CODE = {one.code: one for one in CARRIERS}
_TAILS = re.compile(r"(快递公司|快递|速递|速运|物流|快运|EXPRESS|LOGISTICS|有限公司)+$")


def find(text: str) -> Carrier | None:
    """The carrier that somebody means: our code, Kuaishou's number, a name or one of its short forms."""
    plain = _plain(text)
    words = _words()
    return words.get(plain) or words.get(_TAILS.sub("", plain)) if plain else None


@lru_cache(maxsize=1)
def _words() -> dict[str, Carrier]:
    found: dict[str, Carrier] = {}
    for one in CARRIERS:
        names = (one.code, str(one.express_code or one.code), one.zh, one.en, *one.words)
        for name in names:
            found.setdefault(_plain(name), one)
    return found


def _plain(text: str) -> str:
    return re.sub(r"[\s\-_（）()]+", "", unicodedata.normalize("NFKC", text)).upper().removesuffix(".0")


def tidy(number: str) -> str:
    """A tracking number as it is kept: capitals, half-width, without spaces."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", number)).strip("'`\u200b").upper()


def fits(carrier: Carrier, number: str) -> bool:
    """Whether the number can be one of this carrier's; unknown shapes fit."""
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9\-]{4,39}", number):
        return False
    owner = next((code for mark, code in MARKS.items() if re.match(mark + r"[A-Z]?\d", number)), None)
    if owner is not None and not _kin(owner, carrier.code):
        return False
    shape, certain = SHAPES.get(carrier.code, ("", False))
    return not certain or re.fullmatch(shape, number) is not None


def is_unusual(carrier: Carrier, number: str) -> bool:
    """Whether the number looks unlike those that we know of this carrier, where that is no proof."""
    shape, certain = SHAPES.get(carrier.code, ("", False))
    return bool(shape) and not certain and not re.fullmatch(shape, number)


def _kin(owner: str, code: str) -> bool:
    """The same house: JD and JD freight, Deppon and its express, SF and SF cross-border."""
    return code in ("other", "cross_other") or owner.split("_", maxsplit=1)[0] in code.split("_")
