"""What is exported and imported again unedited changes nothing, whatever the shop holds."""

from __future__ import annotations

import string

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.catalog import tags
from app.catalog.models import ProductStatus
from app.imports import faults, intake, product_export
from app.imports.models import ImportKind, ImportState
from app.kit import context, files
from app.kit.db import db, transaction
from tests import factories as make
from tests.imports.builders import four, take
from tests.lengths import often

pytestmark = pytest.mark.usefixtures("app")

LETTERS = string.ascii_letters + string.digits + "杯子红蓝0=+-@'\"<>&,;| \n\t\\._x0041_＞％é"
WORDS = st.text(
    st.sampled_from(LETTERS), min_size=1, max_size=20
).map(str.strip).filter(lambda text: text and text != "#CLEAR")  # fmt: skip
CODES = st.text(string.ascii_letters + string.digits + "-_/.=+@ ", min_size=1, max_size=18).map(str.strip).filter(bool)
AMOUNTS = st.integers(0, 10**15 - 1)
SKUS = st.fixed_dictionaries(
    {
        "barcode": st.one_of(st.just(""), st.text(string.digits, min_size=1, max_size=18)),
        "options": st.dictionaries(st.sampled_from(["颜色", "Size", "Ａ", "a:b"]), WORDS, max_size=3),
        "price_minor": AMOUNTS,
        "compare_at_minor": st.none() | AMOUNTS,
        "cost_minor": st.none() | AMOUNTS,
        "stock_on_hand": st.integers(0, 10**9),
        "low_stock_limit": st.integers(0, 10**9),
    }
)
PRODUCTS = st.fixed_dictionaries(
    {
        "title": WORDS,
        "description": st.one_of(st.just(""), WORDS),
        "status": st.sampled_from(ProductStatus),
        "skus": st.lists(SKUS, min_size=1, max_size=3),
        "category": st.none() | WORDS,
        "tags": st.lists(WORDS.filter(lambda word: not set(word) & set(",，\n\t")), max_size=4).map(tags.clean),
        "attributes": st.dictionaries(st.sampled_from(["材质", "Size", "a:b", "Care"]), WORDS, max_size=3),
        "freight": st.none() | WORDS,
    }
)


def _checksum(shop) -> tuple[str, ...]:
    sql = "select md5(coalesce(string_agg(t::text, '|' order by id), '')) from {} t where shop_id = :s"
    return tuple(db.session.scalar(text(sql.format(name)), {"s": shop.id}) for name in ("product", "sku", "category"))


@pytest.mark.soak
@settings(
    max_examples=often(15, 4),
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    products=st.dictionaries(CODES, PRODUCTS, min_size=1, max_size=4),
    currency=st.sampled_from(["CNY", "JPY", "KWD"]),
    locale=st.sampled_from(["zh", "en"]),
)
def test_export_then_import_is_all_unchanged(products, currency, locale) -> None:
    from flask_babel import force_locale

    shop = make.shop(currency=currency)
    with context.shops([shop.id]), force_locale(locale):
        _fill(shop, products)
        before = _checksum(shop)

        path = files.scratch(".xlsx")
        rows = product_export.write(shop, product_export.chosen(shop, "{}"), path, lambda done, total: None)
        seen = intake.look(path, "products.xlsx")
        with transaction():
            run = intake.start(shop.id, ImportKind.PRODUCTS, path, "products.xlsx", seen)
            run.state = ImportState.COMMITTING
        result = take(run)

        assert four(result) == (0, 0, rows, 0), [(f.column, f.code, f.value) for f in faults.page(run)]
        assert _checksum(shop) == before


def _fill(shop, products) -> None:
    number = 0
    categories, templates = {}, {}
    for code, one in products.items():
        name = one["category"]
        if name and name not in categories:
            categories[name] = make.category(shop, name).id
        freight = one["freight"]
        if freight and freight not in templates:
            templates[freight] = make.freight_template(shop, freight).id
        values = {key: one[key] for key in ("title", "description", "status", "tags", "attributes")}
        values["freight_template_id"] = templates.get(freight)
        product = make.product(shop, code=code, category_id=categories.get(name), **values)
        for values in one["skus"]:
            number += 1
            make.sku(shop, product, code=f"{number:06d}", **values)
