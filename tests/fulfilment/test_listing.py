"""The list of parcels: the few that belong to no sale are found without looking at those that do."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.fulfilment import listing
from app.fulfilment.models import EventKind, Parcel, ParcelKind, ParcelOrder, ParcelState, Source
from app.kit import clock, context
from app.kit.db import db, transaction
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


def _parcel(shop, kind: ParcelKind = ParcelKind.SALE, number: str = "") -> int:
    with transaction():
        row = Parcel(
            shop_id=shop.id,
            kind=kind,
            state=ParcelState.CREATED,
            carrier_code="sf" if number else "",
            tracking_no=number,
            source=Source.STAFF,
            last_event=EventKind.CREATED,
            moved_at=clock.now(),
        )
        db.session.add(row)
        db.session.flush()
        return row.id


def test_kinds_are_found_in_the_index_of_those_that_are_no_sales(shop) -> None:
    ids = {kind.value: _parcel(shop, kind) for kind in ParcelKind}

    def found(*kinds: str) -> set[int]:
        return set(db.session.scalars(select(Parcel.id).where(listing.of_kinds(list(kinds)))))

    assert found("resend", "return") == {ids["resend"], ids["return"]}
    assert found("sale", "resend") == {ids["sale"], ids["resend"]}
    assert found("nonsense") == set()


def test_they_have_an_index_in_the_order_of_the_list(shop) -> None:
    connection = db.session.connection()
    for other_way in ("seqscan", "bitmapscan", "sort"):
        connection.exec_driver_sql(f"set local enable_{other_way} = off")
    few = select(Parcel.id).where(Parcel.shop_id == shop.id, listing.of_kinds(["resend"]))
    query = few.order_by(Parcel.moved_at.desc(), Parcel.id.desc()).limit(50)
    asked = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    connection.exec_driver_sql("drop index ix_parcel_shop_moved")  # in an empty table either would do

    plan = "\n".join(connection.exec_driver_sql(f"explain {asked}").scalars())

    assert "Index Scan Backward using ix_parcel_not_of_sales" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize(("typed", "numbers"), [
    ("SF1", {"SF1000001", "SF1000002"}),
    ("sf 1000001", {"SF1000001"}),
    ("SF10000_1", set()),
    ("SF1000003", set()),
    ("SO-1", {"SF1000002"}),
    ("SO-2026-11-23", {"SF2000001"}),
])  # fmt: skip
def test_a_search_finds_numbers_by_their_beginning_and_orders_by_their_whole(shop, typed, numbers) -> None:
    ids = {number: _parcel(shop, number=number) for number in ("SF1000001", "SF1000002", "SF2000001")}
    with context.every_shop("test"):
        _parcel(make.shop("other"), number="SF1000001")
    orders = {"SF1000002": make.order(shop, number="SO-1").id, "SF2000001": make.order(shop, number="SO-2026-11-23").id}
    with transaction():
        links = [ParcelOrder(shop_id=shop.id, parcel_id=ids[number], order_id=one) for number, one in orders.items()]
        db.session.add_all(links)

    found = db.session.scalars(select(Parcel.tracking_no).where(listing.matching(typed, shop.id))).all()

    assert (len(found), set(found)) == (len(numbers), numbers)
