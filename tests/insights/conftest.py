"""The sales of the whole Online Retail year, read once."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.insights import metrics, spans
from app.insights.metrics import Sales
from app.kit import context
from app.kit.db import transaction
from app.shops import shops
from tests.retail import in_retail

FIRST, LAST = date(2010, 12, 1), date(2011, 12, 9)


@pytest.fixture(scope="session")
def retail_sales(app: Flask, retail_database: Engine) -> Sales:
    """Every figure of the year of the shop `uk-giftware`."""
    with in_retail(app, retail_database), context.every_shop("test"), transaction():
        return metrics.read(spans.of(shops.by_code("uk-giftware"), FIRST, LAST))
