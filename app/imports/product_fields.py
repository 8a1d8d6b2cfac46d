"""The fields of a product row: names, headers by which files call them, words for the status."""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _l

from app.catalog.models import ProductStatus
from app.catalog.tag_sql import MOST_TAGS, TAG_LONGEST
from app.imports.staging import CLEAR, Field
from app.kit.errors import MESSAGES

FIELDS = (
    Field(
        "product_code",
        _l("Product code"),
        ("product code", "product_code", "spu", "spu code", "商品编码", "商品货号", "商品代码", "款号", "SPU编码"),
        hint=_l("Groups SKUs into one product. Left out, each SKU is its own product."),
    ),
    Field(
        "title",
        _l("Title"),
        ("title", "name", "product name", "product title", "标题", "商品标题", "商品名称", "商品名", "品名", "名称"),
        hint=_l("Needed for a new product. At most 200 characters."),
    ),
    Field(
        "description",
        _l("Description"),
        ("description", "details", "描述", "商品描述", "详情", "商品详情", "说明"),
        hint=_l("May be emptied with #CLEAR."),
    ),
    Field(
        "status",
        _l("Status"),
        ("status", "state", "状态", "商品状态", "上架状态", "销售状态"),
        hint=_l("Draft, On sale, Off shelf or Archived. A new product without one is a draft."),
    ),
    Field(
        "category",
        _l("Category"),
        ("category", "category path", "分类", "类目", "商品分类", "商品类目", "分类路径"),
        hint=_l("A path such as Kitchen > Cups; missing categories are made. May be emptied with #CLEAR."),
    ),
    Field(
        "sku_code",
        _l("SKU code"),
        ("sku code", "sku", "sku_code", "stock code", "stockcode", "SKU编码", "规格编码", "商家编码", "货号", "SKU"),
        required=True,
        hint=_l("Required; the key of the row. Kept as text, leading zeros too."),
    ),
    Field(
        "barcode",
        _l("Barcode"),
        ("barcode", "ean", "upc", "gtin", "条码", "条形码", "商品条码", "国际条码"),
        hint=_l("Kept as text. May be emptied with #CLEAR."),
    ),
    Field(
        "price",
        _l("Price"),
        ("price", "selling price", "unit price", "价格", "售价", "销售价", "单价", "现价"),
        hint=_l("In the shop's currency, such as 12.50. Needed for a new SKU."),
    ),
    Field(
        "compare_at",
        _l("Compare-at price"),
        ("compare-at price", "compare at", "list price", "rrp", "msrp", "划线价", "原价", "市场价", "吊牌价"),
        hint=_l("The price that is struck through. May be emptied with #CLEAR."),
    ),
    Field(
        "cost",
        _l("Cost"),
        ("cost", "cost price", "purchase price", "成本", "成本价", "进价", "采购价"),
        hint=_l("May be emptied with #CLEAR."),
    ),
    Field(
        "stock",
        _l("Stock"),
        ("stock", "quantity on hand", "on hand", "inventory", "库存", "库存数量", "现有库存", "可售库存"),
        hint=_l("A whole number of pieces, 0 or more."),
    ),
    Field(
        "low_stock_limit",
        _l("Low-stock limit"),
        ("low-stock limit", "low stock", "reorder level", "库存预警", "库存预警值", "预警库存", "安全库存"),
        hint=_l("At or under this stock the SKU is shown as low."),
    ),
    Field(
        "tags",
        _l("Tags"),
        ("tags", "tag", "labels", "标签", "商品标签"),
        hint=_l("All tags of the product, set apart by commas. May be emptied with #CLEAR."),
    ),
    Field(
        "freight_template",
        _l("Freight template"),
        ("freight template", "freight", "shipping template", "运费模板", "运费模版", "物流模板"),
        hint=_l("The name of a freight template of this shop. May be emptied with #CLEAR."),
    ),
)
OPTION_HEADER = _l("Option: %(name)s")
ATTRIBUTE_HEADER = _l("Attribute: %(name)s")
ATTRIBUTE = "attribute:"
"""Before the name of an open-ended column that is an attribute of the product, not an option of the SKU."""
_OPTION = re.compile(r"^(?:选项|规格项?|option)\s*[:：]\s*(\S.*)$", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"^(?:商品属性|属性|attribute)\s*[:：]\s*(\S.*)$", re.IGNORECASE)

STATUS_WORDS = {
    ProductStatus.DRAFT: ("draft", "草稿", "未上架"),
    ProductStatus.ON_SALE: ("on sale", "on_sale", "onsale", "active", "在售", "上架", "已上架", "出售中"),
    ProductStatus.OFF_SHELF: ("off shelf", "off_shelf", "offshelf", "下架", "已下架"),
    ProductStatus.ARCHIVED: ("archived", "归档", "已归档"),
}
"""What a cell may say for each status, in lower case."""

LONGEST = {"product_code": 64, "title": 200, "description": 100_000, "sku_code": 64, "barcode": 64}
OPTION_LONGEST = 80
CLEARABLE = frozenset({"description", "category", "tags", "freight_template", "barcode", "compare_at", "cost"})


def extra_name(header: str) -> str | None:
    """ "选项:颜色" → "颜色", "Attribute: Material" → "attribute:Material"; None for any other header."""
    if attribute := _ATTRIBUTE.match(header.strip()):
        return ATTRIBUTE + attribute.group(1).strip()
    found = _OPTION.match(header.strip())
    return found.group(1).strip() if found and not found.group(1).startswith(ATTRIBUTE) else None


MESSAGES.update(
    {
        "sku_code_missing": _l("The SKU code is missing."),
        "text_too_long": _l("The text has %(length)s characters; at most %(limit)s fit."),
        "cannot_be_cleared": _l("This field cannot be emptied; write a value, or leave the cell blank."),
        "sku_twice": _l("SKU %(code)s stands in row %(first)s already; this second row was not taken."),
        "sku_unknown": _l("There is no SKU %(code)s in this shop."),
        "sku_exists": _l("There is a SKU %(code)s already, and only new ones were wanted."),
        "sku_of_other_product": _l("SKU %(code)s belongs to product %(product)s; a SKU does not change its product."),
        "title_missing": _l("A new product needs a title."),
        "price_missing": _l("A new SKU needs a price."),
        "not_a_number": _l("“%(value)s” is not a number that can be read without doubt. Write it like 1234.50."),
        "not_whole": _l("“%(value)s” is not a whole number."),
        "number_negative": _l("%(value)s is below zero."),
        "too_many_decimals": _l("%(value)s has more decimals than %(currency)s has (%(digits)s)."),
        "number_too_large": _l("%(value)s is too large to be meant."),
        "status_unknown": _l("There is no status “%(value)s”. Allowed are: Draft, On sale, Off shelf, Archived."),
        "status_move": _l("A product that is “%(present)s” cannot become “%(wanted)s” directly."),
        "category_bad": _l("“%(value)s” is not a category path. Write it like Kitchen > Cups, each name at most 80."),
        "tags_bad": _l("A product has at most %(most)s tags of at most %(longest)s characters each."),
        "freight_unknown": _l("There is no freight template “%(value)s” in this shop."),
        "product_differs": _l("Row %(first)s says something else for the same product: “%(value)s”."),
    }
)

__all__ = [
    "ATTRIBUTE",
    "ATTRIBUTE_HEADER",
    "CLEAR",
    "CLEARABLE",
    "FIELDS",
    "LONGEST",
    "MOST_TAGS",
    "OPTION_HEADER",
    "OPTION_LONGEST",
    "STATUS_WORDS",
    "TAG_LONGEST",
    "extra_name",
]
