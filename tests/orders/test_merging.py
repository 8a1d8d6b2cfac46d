"""Orders sent together: same person, phone, address and currency; each keeps its money, and any can leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.console.roles import Role
from app.kit import context, journal
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.orders import edits, handling, merging
from app.orders.lifecycle import Axis
from app.orders.models import AfterSaleState, Order, OrderStatus
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
DUE = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
HERE = {"receiver": "王芳", "phone": "13900000000", "address": "杭州市 文三路 1 号"}


@pytest.fixture
def shop():
    with context.every_shop("test"):
        yield make.shop()


@pytest.fixture
def three(shop) -> list[Order]:
    """Three orders of one person at one address; the second writes it with other spaces."""
    wang = make.customer(shop).id
    values = {"due_at": DUE, "customer_id": wang, **HERE}
    return [
        make.order(shop, number="SO-1", **values),
        make.order(shop, number="SO-2", **{**values, "address": "杭州市文三路1号"}),
        make.order(shop, number="SO-3", **values),
    ]


def groups_of(*orders) -> list[int | None]:
    db.session.expire_all()
    return [db.session.get(Order, order.id).ship_group_id for order in orders]


def test_orders_to_one_address_are_found_whatever_the_spaces_and_told_on_both_pages(shop, three, sign_in) -> None:
    make.order(shop, number="SO-7", **{**HERE, "receiver": "李雷"})
    make.order(shop, number="SO-8", status=OrderStatus.SHIPPED, **HERE)
    make.order(shop, number="SO-9", **HERE, currency="USD")

    (found,) = merging.groups(shop.id)
    assert [order.number for order in found.orders] == ["SO-1", "SO-2", "SO-3"]
    assert [order.number for order in merging.companions(three[1])] == ["SO-1", "SO-3"]

    agent = sign_in(make.staff(Role.AGENT, shop))
    page, listed = agent.get(f"/orders/{three[0].id}").text, agent.get("/orders/together").text
    assert "2 more orders wait for the same person and address." in page
    assert [number in listed for number in ("SO-1", "SO-2", "SO-3", "SO-7", "SO-8", "SO-9")] == [True] * 3 + [False] * 3


def test_they_go_in_one_group_twice_is_once_and_the_money_stays_apart(shop, three) -> None:
    with transaction():
        merging.merge([one.id for one in three[:2]])
    with transaction():
        group = merging.merge([three[1].id, three[2].id])
    with transaction():
        merging.merge([one.id for one in three])

    assert groups_of(*three) == [group.id] * 3
    facts = [entry.facts["with_ids"] for entry in journal.timeline("order", three[2].id)]
    assert facts == [[three[0].id, three[1].id]]
    assert [order.total_minor for order in three] == [1000] * 3


@pytest.mark.parametrize(
    "other",
    [
        {"address": "elsewhere"},
        {"phone": "13911111111"},
        {"status": OrderStatus.SHIPPED},
        {"status": OrderStatus.PENDING_PAYMENT},
        {"currency": "USD"},
        {"address": " "},
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_nothing_is_grouped(shop, other) -> None:
    first, second = make.order(shop, number="SO-1", **HERE), make.order(shop, number="SO-2", **{**HERE, **other})

    with pytest.raises(RuleViolation) as refused, transaction():
        merging.merge([first.id, second.id])

    assert (refused.value.code, refused.value.facts["number"]) == ("merge_other", "SO-2")
    assert groups_of(first, second) == [None, None]


def test_one_order_alone_is_no_group(shop, three) -> None:
    with pytest.raises(RuleViolation) as refused, transaction():
        merging.merge([three[0].id])
    assert refused.value.code == "merge_few"


def test_who_is_closed_or_goes_elsewhere_leaves_and_the_last_goes_alone(shop, three) -> None:
    with transaction():
        group = merging.merge([one.id for one in three])
    with transaction():
        handling.close(three[0].id)
    assert groups_of(*three) == [None, group.id, group.id]

    with transaction():
        edits.save(three[1].id, {"address": three[1].address}, {"address": "Elsewhere 2"})
    assert groups_of(*three) == [None, None, None]
    assert [journal.timeline("order", one.id)[0].facts["cause"] for one in three[:2]] == ["closed", "moved_away"]


def test_an_open_request_keeps_an_order_out(shop, three) -> None:
    with transaction():
        handling.move(handling.locked(three[2].id), Axis.AFTER_SALE, AfterSaleState.OPEN)

    assert [order.number for order in merging.groups(shop.id)[0].orders] == ["SO-1", "SO-2"]


def test_the_bulk_act_puts_each_with_its_own_and_leaves_loners_unchanged(shop, three, run_jobs, sign_in) -> None:
    alone = make.order(shop, number="SO-9", **{**HERE, "receiver": "李雷"}, due_at=DUE + timedelta(hours=1))
    agent = sign_in(make.staff(Role.AGENT, shop))
    ids = [one.id for one in (*three, alone)]

    asked = agent.post("/orders/merge", data={"ids": ids}, follow_redirects=True).text
    made = agent.post("/orders/merge", data={"ids": ids, "key": "k"})
    run_jobs()
    page = agent.get(made.location).text

    assert "Money, refunds and after-sale stay with each order." in asked
    with context.every_shop("test"):
        first, *rest = groups_of(*three, alone)
    assert first is not None
    assert rest == [first, first, None]
    assert page.count("</svg>Unchanged</span></td>") == 3
    agent.post(f"/orders/{three[0].id}/apart")
    with context.every_shop("test"):
        assert groups_of(*three) == [None, first, first]


def test_a_foreign_order_is_in_nobodys_group(shop, three, sign_in) -> None:
    theirs = make.shop()
    foreign = make.order(theirs, **HERE)
    agent = sign_in(make.staff(Role.AGENT, shop))

    answer = agent.post("/orders/together", data={"ids": [three[0].id, foreign.id]})

    assert answer.status_code == 404
    with context.every_shop("test"):
        assert groups_of(*three, foreign) == [None] * 4
        assert foreign.number not in [order.number for order in merging.companions(three[0])]
