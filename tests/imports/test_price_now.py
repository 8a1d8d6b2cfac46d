"""The exported workbook tells the price of this moment, and an import takes no notice of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_babel import force_locale
from openpyxl import load_workbook
from sqlalchemy import text

from app.imports import intake, product_export
from app.imports.models import ImportKind, ImportState
from app.kit import clock, context, files
from app.kit.db import db, transaction
from tests import factories as make
from tests.imports.builders import four, take

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize(("locale", "header"), [("zh", "当前价（只读）"), ("en", "Price now (read only)")])
def test_the_price_now_goes_out_and_does_not_come_in(locale, header) -> None:
    shop = make.shop()
    with context.shops([shop.id]), force_locale(locale):
        product = make.product(shop)
        laid = make.sku(shop, product, code="A", price_minor=1000)
        make.sku(shop, product, code="B", price_minor=2000)
        make.price_window(shop, {laid.id: 750}, clock.now() - timedelta(hours=1), None)

        path = files.scratch(".xlsx")
        product_export.write(shop, product_export.chosen(shop, "{}"), path, lambda done, total: None)
        rows = [[cell.value for cell in row] for row in load_workbook(path).active.iter_rows()]
        assert rows[0][-1] == header
        assert [row[-1] for row in rows[1:]] == [7.5, 20]

        seen = intake.look(path, "products.xlsx")
        with transaction():
            run = intake.start(shop.id, ImportKind.PRODUCTS, path, "products.xlsx", seen)
            run.state = ImportState.COMMITTING
        assert four(take(run)) == (0, 0, 2, 0)
        assert db.session.scalars(text("select price_minor from sku order by code")).all() == [1000, 2000]
