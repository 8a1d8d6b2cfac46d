"""The pages of after-sale: who may see and do what, and the whole way of a case through the console."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import func, select

from app.after_sale import opening
from app.after_sale.models import AfterSaleCase, CaseKind, CaseMessage, CasePicture, CaseState
from app.after_sale.opening import Wanted, Wish
from app.console.roles import Role
from app.kit import context
from app.kit.db import db, transaction
from app.orders import handling, reading
from app.orders.models import OrderStatus
from app.payments.models import Refund
from app.stock.models import StockLevel
from tests import factories as make
from tests.after_sale.conftest import a6_order, through_simulator
from tests.after_sale.test_refunding import BUYER, refund

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def agent(shop, sign_in):
    return sign_in(make.staff(Role.AGENT, shop, name="agnes"))


@pytest.fixture
def manager(shop, sign_in):
    return sign_in(make.staff(Role.MANAGER, shop, name="lina"))


@pytest.fixture
def sent(shop):
    """The order of A6, paid through the simulator and on its way."""
    order = a6_order(shop, pay=False)
    through_simulator(order)
    with transaction():
        handling.ship(order.id)
    return order


def the_case() -> AfterSaleCase:
    with context.every_shop("test"):
        db.session.expire_all()
        return db.session.scalars(select(AfterSaleCase)).one()


def open_form(order, ids, **values):
    return {
        "kind": "return_refund",
        "reason": "quality",
        "party": "buyer",
        "key": "abc",
        f"units_{ids['A']}": "3",
        "words": "They wobble <b>badly</b>",
        **values,
    }


def test_a_return_goes_its_whole_way(sent, lines, agent, shop, run_jobs) -> None:
    ids = lines(sent)
    form = open_form(sent, ids)

    assert "¥93.32" in agent.post(f"/after-sale/new/{sent.id}/worth", data=form).text
    assert the_count() == 0
    for _ in range(2):
        agent.post(f"/after-sale/new/{sent.id}", data=form)
    case = the_case()
    page = agent.get(f"/after-sale/{case.id}").text
    assert "They wobble &lt;b&gt;badly" in page
    assert "Agree to the return" in page
    agent.post(f"/after-sale/{case.id}/agree", data={"version": case.version})
    parcel = {"party": "buyer", "carrier": "sf", "tracking": "SF1234567890123"}
    agent.post(f"/after-sale/{case.id}/send-back", data=parcel)
    case = the_case()
    assert (case.state, case.tracking_no) == (CaseState.WAITS_FOR_CHECK, "SF1234567890123")
    (line,) = case_lines(case)
    sku_id = line.line.sku_id
    came = {f"restocked_{line.id}": "1", f"damaged_{line.id}": "1", f"missing_{line.id}": "1"}
    told = agent.post(f"/after-sale/{case.id}/receive/worth", data=came).text
    assert "Less came back: CN¥62.21 instead of CN¥93.32 goes back." in told
    agent.post(f"/after-sale/{case.id}/receive", data={**came, "version": case.version})
    run_jobs()

    case = the_case()
    assert (case.state, case.amount_minor, case.refunded_minor) == (CaseState.DONE, 6221, 6221)
    with context.every_shop("test"):
        level = db.session.scalars(select(StockLevel).where(StockLevel.sku_id == sku_id)).one()
        assert (level.on_hand, level.unavailable, level.available) == (99, 1, 98)
        assert db.session.scalars(select(Refund.amount_minor)).all() == [6221]
    page = agent.get(f"/after-sale/{case.id}").text
    assert "Return checked: 1 to stock, 1 damaged, 0 written off, 1 not in the parcel" in page
    assert "Money is back" in page


def the_count() -> int:
    with context.every_shop("test"):
        return db.session.scalar(select(func.count(AfterSaleCase.id))) or 0


def case_lines(case):
    from app.after_sale import access

    with context.every_shop("test"):
        return access.lines_of(case.id)


def test_an_act_on_an_older_version_is_refused_and_says_so(sent, lines, agent, manager) -> None:
    agent.post(f"/after-sale/new/{sent.id}", data=open_form(sent, lines(sent), kind="refund_only"))
    case = the_case()
    assert (
        manager.post(
            f"/after-sale/{case.id}/refuse",
            data={"version": case.version, "reason": "no_fault", "words": "It is fine."},
        ).status_code
        == 302
    )

    answer = agent.post(f"/after-sale/{case.id}/agree", data={"version": case.version})

    assert answer.status_code == 409
    assert "Somebody changed case" in answer.text
    assert the_case().state is CaseState.REFUSED


def picture(colour: str = "red") -> tuple[io.BytesIO, str]:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(made, "PNG")
    made.seek(0)
    return made, f"{colour}.png"


def test_a_refusal_that_needs_proof_takes_pictures_and_nothing_else(sent, lines, agent) -> None:
    agent.post(f"/after-sale/new/{sent.id}", data=open_form(sent, lines(sent)))
    case = the_case()
    form = {"version": case.version, "reason": "used", "words": "Look."}

    none = agent.post(f"/after-sale/{case.id}/refuse", data=form)
    fake = agent.post(f"/after-sale/{case.id}/refuse", data={**form, "pictures": [(io.BytesIO(b"<svg/>"), "a.png")]})
    assert (none.status_code, fake.status_code) == (422, 422)
    assert "at least one picture" in none.text
    assert the_case().state is CaseState.RETURN_ASKED
    agent.post(f"/after-sale/{case.id}/refuse", data={**form, "pictures": [picture(), picture("blue")]})

    assert the_case().state is CaseState.REFUSED
    with context.every_shop("test"):
        first, second = db.session.scalars(select(CasePicture).order_by(CasePicture.id)).all()
        assert db.session.scalars(select(CaseMessage.body)).all() == ["Look."]
    assert agent.get(f"/after-sale/pictures/{first.id}/thumb").mimetype in ("image/jpeg", "image/png")
    assert first.file != second.file


def test_offers_are_answered_in_the_thread(sent, lines, agent, run_jobs) -> None:
    agent.post(f"/after-sale/new/{sent.id}", data=open_form(sent, lines(sent)))
    case = the_case()
    agent.post(
        f"/after-sale/{case.id}/say",
        data={"version": case.version, "kind": "refund_only", "amount": "20.00", "words": "Keep them for 20 less?"},
    )
    page = agent.get(f"/after-sale/{case.id}").text
    assert "Offer stands" in page
    message = re.search(r'name="message" value="(\d+)"', page)[1]
    agent.post(f"/after-sale/{case.id}/answer", data={"party": "buyer", "message": message, "answer": "accept"})
    run_jobs()

    case = the_case()
    assert (case.kind.value, case.state, case.refunded_minor) == ("refund_only", CaseState.DONE, 2000)
    assert "agreed" in agent.get(f"/after-sale/{case.id}").text


def test_a_case_of_another_shop_is_not_there(sent, lines, agent, sign_in) -> None:
    agent.post(f"/after-sale/new/{sent.id}", data=open_form(sent, lines(sent)))
    case = the_case()
    other = make.shop()
    otto = sign_in(make.staff(Role.MANAGER, other, name="otto"))

    assert case.number not in otto.get("/after-sale/?tab=all").text
    for address in (f"/after-sale/{case.id}", f"/after-sale/new/{sent.id}", "/after-sale/pictures/1/thumb"):
        assert otto.get(address).status_code == 404
    for deed in ("agree", "refund-now", "refuse", "step", "send-back", "send", "receive", "say", "answer", "retry"):
        assert otto.post(f"/after-sale/{case.id}/{deed}", data={}).status_code in (404, 422), deed
    assert otto.post("/after-sale/approve", data={"ids": [case.id], "sure": "1"}).status_code == 403
    assert otto.post(f"/after-sale/new/{sent.id}/cancel", data={}).status_code == 404
    assert (the_case().state, the_case().version) == (CaseState.RETURN_ASKED, case.version)


def test_an_auditor_sees_and_changes_nothing(sent, lines, agent, shop, sign_in) -> None:
    agent.post(f"/after-sale/new/{sent.id}", data=open_form(sent, lines(sent)))
    case = the_case()
    auditor = sign_in(make.staff(Role.AUDITOR, shop, name="ada"))

    assert auditor.get(f"/after-sale/{case.id}").status_code == 200
    assert auditor.post(f"/after-sale/{case.id}/agree", data={}).status_code == 403
    assert auditor.post("/after-sale/settings/", data={}).status_code == 403
    assert the_case().version == case.version


def test_the_list_has_a_tab_for_whose_turn_it_is(sent, lines, agent) -> None:
    agent.post(f"/after-sale/new/{sent.id}", data=open_form(sent, lines(sent)))
    case = the_case()

    assert case.number in agent.get("/after-sale/").text
    assert "1 d 23 h left" not in agent.get("/after-sale/").text
    assert re.search(r"47 h 5\d min left|2 d 0 h left", agent.get("/after-sale/").text)
    agent.post(f"/after-sale/{case.id}/agree", data={}, follow_redirects=True)
    assert case.number not in agent.get("/after-sale/").text
    assert case.number in agent.get("/after-sale/?tab=buyer").text
    assert agent.get("/after-sale/counts").json["tabs"]["buyer"] == 1
    assert case.number in agent.get("/after-sale/?tab=all&q=" + sent.number).text


def test_times_and_limit_are_the_shops_own(shop, manager, agent) -> None:
    from app.after_sale import settings
    from app.after_sale.models import CaseState as S

    page = manager.get("/after-sale/settings/").text
    names = re.findall(r'name="hours_(\w+)"[^>]*value="(\d+)"', page)
    lates = {name: settings.DEFAULTS[S(name)].late.value for name, _ in names}
    form = {f"hours_{name}": hours for name, hours in names} | {f"late_{name}": late for name, late in lates.items()}
    changed = {**form, "hours_refund_asked": "24", "late_refund_asked": "remind", "approve_limit": "50.00"}

    assert agent.post("/after-sale/settings/", data=changed).status_code == 403
    assert manager.post("/after-sale/settings/", data={**changed, "hours_refused": "0"}).status_code == 422
    assert manager.post("/after-sale/settings/", data=changed).status_code == 302

    with context.every_shop("test"):
        rules = settings.of(shop.id)
    assert (rules.limits[S.REFUND_ASKED], rules.approve_limit_minor) == (settings.Limit(24, settings.Late.REMIND), 5000)
    assert rules.limits[S.REFUSED] == settings.DEFAULTS[S.REFUSED]


def test_a_refused_answer_comes_back_with_what_was_typed_and_where(sent, lines, agent) -> None:
    agent.post(f"/after-sale/new/{sent.id}", data=open_form(sent, lines(sent)))
    typed = {"reason": "no_proof", "words": ""}

    page = agent.post(f"/after-sale/{the_case().id}/refuse", data=typed).text
    offer = {"kind": "refund_only", "amount": "abc", "words": "half?", "party": "buyer"}
    thread = agent.post(f"/after-sale/{the_case().id}/say", data=offer).text

    assert "This reason needs a few words for the buyer." in page
    assert re.search(r'<details open><summary class="btn btn-sm">Refuse<', page)
    assert '<option value="no_proof" selected>' in page
    assert all(kept in thread for kept in ('value="abc"', ">half?</textarea>", '<option value="buyer" selected>'))
    assert '<option value="refund_only" selected>' in thread


def test_agreeing_to_many_tells_what_became_of_each(shop, agent, run_jobs) -> None:
    with context.every_shop("test"):
        orders = [make.order(shop, ("CUP", 1, price), number=f"SO-{price}") for price in (1000, 2000, 30_000)]
        cases = [refund(one, Wanted(reading.get(one.id).lines[0].id, 1)) for one in orders]
        sent = make.order(shop, number="SO-S", status=OrderStatus.SHIPPED)
        with transaction():
            wish = Wish(CaseKind.EXCHANGE, "wrong_size", (Wanted(reading.get(sent.id).lines[0].id, 1),))
            cases.append(opening.open_case(sent.id, wish, BUYER))
    ids = [case.id for case in cases]

    asked = agent.post("/after-sale/approve", data={"ids": ids}, follow_redirects=True).text
    assert "4 cases are chosen" in asked
    assert "1 case is beyond CN¥200.00" in asked
    assert "¥30.00" in asked
    answers = [agent.post("/after-sale/approve", data={"ids": ids, "sure": "1", "key": "k1"}) for _ in range(2)]
    assert answers[0].location == answers[1].location
    run_jobs()

    page = agent.get(answers[0].location).text
    rows = re.findall(r">(A\d{8}-\d+)</a>.*?</svg>(\w+)</span>", page, re.S)
    assert sorted(outcome for _, outcome in rows) == ["Done", "Done", "Refused", "Refused"]
    assert "beyond 200.00 somebody who may approve refunds has to agree" in page
    assert "“Agree” is not possible from there" in page
    with context.every_shop("test"):
        states = db.session.scalars(select(AfterSaleCase.state).order_by(AfterSaleCase.id)).all()
    assert [one.value for one in states] == ["refunding", "refunding", "refund_asked", "return_asked"]


def test_the_deadline_board_shows_cases_beside_orders(sent, lines, agent, shop, sign_in) -> None:
    agent.post(f"/after-sale/new/{sent.id}", data=open_form(sent, lines(sent)))

    assert the_case().number in agent.get("/orders/board/").text
    agent.post(f"/after-sale/{the_case().id}/agree", data={}, follow_redirects=True)
    assert the_case().number not in agent.get("/orders/board/").text


def test_an_order_is_cancelled_and_refunded_from_its_page(shop, agent, run_jobs) -> None:
    with context.every_shop("test"):
        order = a6_order(shop, pay=False)
    through_simulator(order)

    page = agent.get(f"/orders/{order.id}").text
    assert "Cancel and refund" in page
    assert 'value="close"' not in page
    key = re.search(r'name="key" value="(\w+)"', page)[1]
    answers = [agent.post(f"/after-sale/new/{order.id}/cancel", data={"reason": "other", "key": key}) for _ in range(2)]
    run_jobs()

    assert answers[0].location == answers[1].location == f"/after-sale/{the_case().id}"
    page = agent.get(f"/orders/{order.id}").text
    assert "Refunded in full" in page
    assert the_case().number in page
    with context.every_shop("test"):
        assert db.session.scalars(select(Refund.amount_minor)).all() == [14800]
