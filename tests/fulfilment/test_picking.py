"""Pick lists and packing slips: what is wanted from which shelf, in which order, on paper with Chinese and bars."""

import pytest

from app.console.roles import Role
from app.fulfilment import blocking, code128, paper, parcels, picking
from app.fulfilment.models import BlockReason
from app.fulfilment.wanted import Sending, Unit
from app.kit import context, files
from app.kit.db import db, transaction
from app.kit.jobs import Job
from app.orders.models import OrderStatus
from tests import factories as make
from tests.fulfilment.conftest import InShop, lines_of

pytestmark = pytest.mark.usefixtures("app")


def _picked(work):
    return [(pick.code, pick.units, pick.orders) for pick in work.picks]


def test_the_list_sums_what_is_left_of_every_order_that_may_leave(shop, ready) -> None:
    ready(("CUP", 2), ("POT", 1))
    part, held, sent = ready(("CUP", 3)), ready(("CUP", 50)), ready(("CUP", 70))
    ready(("CUP", 90), status=OrderStatus.PENDING_PAYMENT, hold=False)
    with transaction():
        parcels.send(part.id, Sending("own", "", (Unit(lines_of(part)[0].id, 1),)))
        parcels.send(sent.id, Sending("own"))
        blocking.block(held.id, BlockReason.RISK)

    work = picking.work(shop.id)

    assert _picked(work) == [("CUP", 4, 2), ("POT", 1, 1)]
    assert (work.units, len(work.slips)) == (5, 2)


def test_chosen_orders_that_cannot_leave_are_counted_and_left_out(shop, ready) -> None:
    from sqlalchemy import select

    from app.orders.models import Order

    good, closed = ready(("CUP", 1)), ready(status=OrderStatus.CLOSED, hold=False)
    ready(("POT", 1))

    work = picking.work(shop.id, select(Order.id).where(Order.id.in_([good.id, closed.id])))

    assert (_picked(work), work.left_out) == ([("CUP", 1, 1)], 1)


def test_the_pages_show_them_and_a_job_makes_the_pdf(shop, ready, sign_in, run_jobs) -> None:
    client = InShop(sign_in(make.staff(Role.MERCHANT, shop)), shop)
    order = ready(("CUP", 2))

    picks = client.get("/picking/").get_data(as_text=True)
    slips = client.post("/picking/slips", data={"ids": [str(order.id)]}, follow_redirects=True).text
    where = client.post("/picking/paper", data={"kind": "slips", "selection": "waiting"}).headers["Location"]
    with context.every_shop("test"):
        assert run_jobs() == ["done"]
    context.enter_request(context.NOBODY, [shop.id], "test-request")

    assert order.number in picks
    assert slips.count("<rect") == sum(1 for _ in code128.bars(order.number))
    job = db.session.get(Job, int(where.rsplit("/", 1)[1]))
    made = client.get(f"{where}/file")
    assert (job.result["count"], made.mimetype) == (1, "application/pdf")
    assert files.path_of(job.result["file"]).read_bytes().startswith(b"%PDF-")
    stranger = sign_in(make.staff(Role.MANAGER, make.shop()))
    assert (stranger.get(where).status_code, stranger.get(f"{where}/file").status_code) == (404, 404)


def test_a_foreign_order_among_the_chosen_refuses_all(shop, ready, sign_in) -> None:
    mine, theirs = ready(), make.order(make.shop("beta"))
    client = sign_in(make.staff(Role.MERCHANT, shop))

    for path in ("/picking/chosen", "/picking/slips", "/picking/paper"):
        sent = {"ids": [str(mine.id), str(theirs.id)], "kind": "slips"}
        assert client.post(path, data=sent).status_code == 403, path


def test_many_slips_with_chinese_stay_small(shop, ready, tmp_path) -> None:
    order = ready(("CUP", 1), ("POT", 2), receiver="赵晓雨", address="示例省示例市样板区幸福路1号㛃堃")
    work = picking.work(shop.id)
    many = picking.Work(work.slips * 300, work.picks)

    count = paper.slips(many, shop, tmp_path / "slips.pdf", lambda done, total: None)

    assert count == 300
    assert order.number.isascii()
    assert (tmp_path / "slips.pdf").stat().st_size < 600_000


def test_bars_are_those_of_the_standard() -> None:
    assert code128.widths("A") == [int(w) for w in "211214" + "111323" + "131123" + "2331112"]
    assert code128.modules("KL2026112300001") == sum(code128.widths("KL2026112300001")) + 20
    with pytest.raises(ValueError, match="cannot hold"):
        code128.widths("订单")
