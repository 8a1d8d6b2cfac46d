"""The shop wall: queries see only the shops of the scope."""

import pytest
from sqlalchemy import func, select, update

from app.catalog.models import Product, Sku
from app.kit import context
from app.kit.db import db
from app.kit.errors import Forbidden
from app.kit.shop_wall import ScopeMissing
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


def test_a_query_without_a_scope_fails() -> None:
    with pytest.raises(ScopeMissing):
        db.session.scalars(select(Product)).all()


def test_rows_counts_and_subqueries_of_other_shops_are_invisible() -> None:
    ours, theirs = make.shop(), make.shop()
    mine = make.sku(ours)
    other_id = make.sku(theirs).id

    with context.shops([ours.id]):
        assert db.session.scalars(select(Sku.id)).all() == [mine.id]
        assert db.session.scalar(select(func.count(Sku.id))) == 1
        in_any = select(Product.id).where(Product.id.in_(select(Sku.product_id)))
        assert db.session.scalars(in_any).all() == [mine.product_id]
        assert db.session.scalar(select(func.count()).select_from(select(Sku.id).limit(10).subquery())) == 1
        db.session.expunge_all()
        assert db.session.get(Sku, other_id) is None


def test_a_bulk_update_does_not_reach_other_shops() -> None:
    ours, theirs = make.shop(), make.shop()
    make.sku(ours)
    other = make.sku(theirs)

    with context.shops([ours.id]):
        result = db.session.execute(update(Sku).values(price_minor=1), execution_options={"synchronize_session": False})

    assert result.rowcount == 1
    with context.every_shop("test"):
        db.session.expire_all()
        assert db.session.get(Sku, other.id).price_minor == 1000


def test_a_row_cannot_be_written_into_another_shop() -> None:
    ours, theirs = make.shop(), make.shop()

    with context.shops([ours.id]), pytest.raises(Forbidden):
        db.session.add(Product(shop_id=theirs.id, code="X", title="X"))
        db.session.flush()
