"""Tracking files: a result for each row, exactly once, through the command line and the page alike."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.console.roles import Role
from app.fulfilment import K1009, blocking, parcels
from app.fulfilment.models import BlockReason, Parcel, ParcelLine
from app.fulfilment.wanted import Sending
from app.kit import clock, context
from app.kit.db import db, transaction
from app.orders.batch_models import Batch, BatchRow
from app.orders.models import OrderStatus
from tests import factories as make
from tests.fulfilment.conftest import InShop
from tests.imports.builders import csv_text

pytestmark = pytest.mark.usefixtures("app")
HEAD = ["订单号", "快递公司", "运单号", "SKU编码", "数量"]


@pytest.fixture
def upload(app, shop, tmp_path):
    """`upload(header, rows)`: import tracking through the command line; gives its JSON."""
    runner = app.test_cli_runner()

    def call(rows, *more, header=HEAD):
        path = tmp_path / "运单.csv"
        path.write_text(csv_text(header, rows), encoding="utf-8")
        result = runner.invoke(args=["import", "tracking", str(path), "--shop", "alpha", "--json", *more])
        context.enter_request(context.NOBODY, [shop.id], "test-request")
        db.session.expire_all()
        return json.loads(result.stdout)

    return call


def a7(ready):
    """Twelve rows: 8 good (one order in two parcels), an unknown carrier, a number on two addresses, a closed order,
    one that has left with the same number already."""
    orders = [ready(("CUP", 1), address=f"幸福路{n}号") for n in range(6)]
    split = ready(("CUP", 2), ("POT", 1), address="光明街8号")
    unknown, twice = ready(address="光明街9号"), ready(address="光明街10号")
    closed = ready(status=OrderStatus.CLOSED, hold=False)
    gone = ready(address="光明街11号")
    with transaction():
        parcels.send(gone.id, Sending("yto", "YT1234567890123"))
    words = ("中通", "ZTO", "9", "顺丰速运", "韵达", "圆通快递")
    numbers = ("753123456789001", "753123456789002", "753123456789003", "SF1234567890004", "431234567890005",
               "YT1234567890006")  # fmt: skip
    rows = [[o.number, word, number, "", ""] for o, word, number in zip(orders, words, numbers, strict=True)]
    rows += [
        [split.number, "中通", "753123456789007", "CUP", "2"],
        [split.number, "申通", "773123456789008", "POT", "1"],
        [unknown.number, "飞毛腿", "753123456789009", "", ""],
        [twice.number, "中通", "753123456789001", "", ""],
        [closed.number, "中通", "753123456789010", "", ""],
        [gone.number, "圆通", "YT1234567890123", "", ""],
    ]
    return rows, split, orders


def test_twelve_rows_give_eight_shipped_three_refused_one_unchanged(ready, upload) -> None:
    rows, split, orders = a7(ready)

    told = upload(rows)

    assert {key: told[key] for key in ("rows", "shipped", "unchanged", "refused")} == {
        "rows": 12, "shipped": 8, "unchanged": 1, "refused": 3
    }  # fmt: skip
    assert [(one["row"], one["column"], one["code"]) for one in told["errors"]] == [
        (10, "快递公司", "carrier_unknown"),
        (11, "运单号", "tracking_two_addresses"),
        (12, "订单号", "order_closed"),
    ]
    assert {one.status for one in (*orders, split)} == {OrderStatus.SHIPPED}
    mine = select(func.count()).select_from(ParcelLine).where(ParcelLine.order_id == split.id)
    assert db.session.scalar(mine) == 2
    assert db.session.scalar(select(func.count()).select_from(Parcel)) == 9
    batch = db.session.scalars(select(Batch)).one()
    outcomes = db.session.scalars(select(BatchRow.outcome).order_by(BatchRow.position)).all()
    assert outcomes == ["done"] * 8 + ["refused"] * 3 + ["unchanged"]
    assert (batch.total, batch.done, batch.unchanged, batch.refused, batch.state) == (12, 8, 1, 3, "partly")


def test_the_same_file_again_ships_nothing(ready, upload) -> None:
    rows, _, _ = a7(ready)
    upload(rows)
    before = db.session.scalar(select(func.sum(ParcelLine.quantity)))

    told = upload(rows)

    assert (told["shipped"], told["unchanged"], told["refused"]) == (0, 9, 3)
    assert db.session.scalar(select(func.sum(ParcelLine.quantity))) == before


def test_a_split_order_is_shipped_only_with_its_second_parcel(ready, upload) -> None:
    split = ready(("CUP", 2), ("POT", 1))

    upload([[split.number, "中通", "753123456789007", "CUP", "2"]])
    assert split.status is OrderStatus.PENDING_SHIPMENT
    upload([[split.number, "申通", "773123456789008", "POT", ""]])

    assert split.status is OrderStatus.SHIPPED


def test_a_dry_run_says_the_same_and_writes_nothing(ready, upload) -> None:
    rows, split, _ = a7(ready)

    told = upload(rows, "--dry-run")

    assert (told["shipped"], told["unchanged"], told["refused"]) == (8, 1, 3)
    assert split.status is OrderStatus.PENDING_SHIPMENT
    assert db.session.scalar(select(func.count()).select_from(Parcel)) == 1  # the one that had left before
    assert db.session.scalar(select(func.count()).select_from(Batch)) == 0


WAYBILL = [*HEAD, "揽收时间", "面单快递", "面单号", "面单地址"]


def test_a_row_for_each_of_the_platforms_ten_reasons_is_refused_with_its_code(ready, shop, upload) -> None:
    other = make.shop("beta")
    with context.shops([other.id]), transaction():
        theirs = make.order(other, address="别处1号", paid_at=clock.now())
        parcels.send(theirs.id, Sending("zto", "753999999999001"))
    old, signed = ready(address="老路1号"), ready(address="老路2号")
    with transaction():
        parcels.send(old.id, Sending("zto", "753999999999002")).sent_at = clock.now() - timedelta(days=31)
        parcels.signed(parcels.send(signed.id, Sending("zto", "753999999999003")).id)
    rows = [
        [ready().number, "中通", "SF1234567890123", "", "", "", "", "", ""],
        [ready(address="甲路1号").number, "中通", "753000000000001", "", "", "", "", "", ""],
        [ready(address="乙路2号").number, "中通", "753000000000001", "", "", "", "", "", ""],
        [ready(address="丙路3号").number, "中通", "753000000000002", "", "", "2020-01-01 08:00", "", "", ""],
        [ready().number, "中通", "753999999999001", "", "", "", "", "", ""],
        [ready().number, "中通", "753000000000003", "", "", "", "", "", "另一条街9号"],
        [ready(address="老路1号").number, "中通", "753999999999002", "", "", "", "", "", ""],
        [ready().number, "中通", "753000000000004", "", "", "", "中通", "753000000000005", ""],
        [ready().number, "无此快递", "753000000000006", "", "", "", "", "", ""],
        [ready(address="新路4号").number, "中通", "753999999999003", "", "", "", "", "", ""],
        [ready().number, "中通", "753000000000007", "", "", "", "顺丰", "753000000000007", ""],
    ]

    told = upload(rows, header=WAYBILL)

    assert [(one["row"], one["code"]) for one in told["errors"]] == [
        (2, "tracking_shape"),
        (4, "tracking_two_addresses"),
        (5, "picked_up_before_payment"),
        (6, "tracking_other_shop"),
        (7, "waybill_address_differs"),
        (8, "tracking_over_30_days"),
        (9, "waybill_number_differs"),
        (10, "carrier_unknown"),
        (11, "tracking_signed_before"),
        (12, "waybill_carrier_differs"),
    ]
    assert {one["code"] for one in told["errors"]} == set(K1009)
    assert (told["shipped"], told["refused"]) == (1, 10)
    assert "beta" not in json.dumps(told)


def test_what_cannot_leave_is_refused_with_its_reason(ready, upload) -> None:
    group, risk, unpaid = ready(), ready(), ready(status=OrderStatus.PENDING_PAYMENT, hold=False)
    shipped, short = ready(), ready(("CUP", 1))
    with transaction():
        blocking.block(group.id, BlockReason.GROUP_BUY)
        blocking.block(risk.id, BlockReason.RISK)
        parcels.send(shipped.id, Sending("zto", "753000000000001"))
    rows = [
        [group.number, "中通", "753000000000011", "", ""],
        [risk.number, "中通", "753000000000012", "", ""],
        [unpaid.number, "中通", "753000000000013", "", ""],
        [shipped.number, "中通", "753000000000014", "", ""],
        [short.number, "中通", "753000000000015", "CUP", "2"],
        [short.number, "中通", "753000000000016", "NOPE", "1"],
        [short.number, "中通", "753000000000017", "CUP", "many"],
        ["NO-SUCH-ORDER", "中通", "753000000000018", "", ""],
        ["", "中通", "753000000000019", "", ""],
        [short.number, "中通", "", "", ""],
    ]

    told = upload(rows)

    assert [one["code"] for one in told["errors"]] == [
        "group_not_formed", "risk_hold", "order_not_paid", "shipped_with_other_number", "over_quantity", "line_unknown",
        "units_bad", "order_unknown", "tracking_field_missing", "tracking_missing",
    ]  # fmt: skip
    assert told["shipped"] == 0


def test_the_page_shows_every_row_and_the_error_file_goes_straight_back_in(ready, shop, sign_in, run_jobs) -> None:
    import io

    from app.imports.models import ImportRun, ImportState

    client = InShop(sign_in(make.staff(Role.MERCHANT, shop)), shop)
    rows, split, _ = a7(ready)
    sent = {"kind": "tracking", "file": (io.BytesIO(csv_text(HEAD, rows).encode()), "运单.csv")}

    where = client.post("/imports/upload", data=sent, content_type="multipart/form-data").headers["Location"]
    pk = int(where.rsplit("/", 1)[1])
    mapped = {f"column_{n}": key for n, key in enumerate(("number", "carrier", "tracking_no", "code", "quantity"))}
    client.post(f"/imports/{pk}/check", data=mapped)
    with context.every_shop("test"):
        run_jobs()
    checked = client.get(f"/imports/{pk}").get_data(as_text=True)
    client.post(f"/imports/{pk}/commit", data={"on_error": "skip"})
    with context.every_shop("test"):
        run_jobs()
    context.enter_request(context.NOBODY, [shop.id], "test-request")

    assert "would be shipped" in checked
    run = db.session.get(ImportRun, pk)
    assert (run.state, run.counts["failed"]) == (ImportState.DONE, 3)
    assert split.status is OrderStatus.SHIPPED
    page = client.get(f"/imports/{pk}").get_data(as_text=True)
    batch = db.session.scalars(select(Batch)).one()
    assert f"/batches/{batch.id}" in page
    told = client.get(f"/batches/{batch.id}").get_data(as_text=True)
    assert "There is no carrier “飞毛腿”" in told
    errors = client.get(f"/imports/{pk}/errors")
    assert errors.status_code == 200


def test_rows_that_nobody_has_filled_in_leave_their_orders_waiting(ready, upload) -> None:
    sent, left, half = ready(address="幸福路1号"), ready(address="幸福路2号"), ready(address="幸福路3号")

    rows = [[sent.number, "中通", "753123456789001"], [left.number, "", ""], [half.number, "", "753123456789002"]]
    told = upload(rows, header=HEAD[:3])

    assert {key: told[key] for key in ("rows", "shipped", "refused")} == {"rows": 3, "shipped": 1, "refused": 1}
    assert [(one["row"], one["column"], one["code"]) for one in told["errors"]] == [(4, "快递公司", "carrier_missing")]
    assert told["errors"][0]["message"] == "The carrier is missing. Say who carries 753123456789002."
    assert [one.status for one in (sent, left)] == [OrderStatus.SHIPPED, OrderStatus.PENDING_SHIPMENT]
