"""The demo shops on a small slice: both or none, once, with staff whose passwords nobody can guess."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.security import check_password_hash

from app.catalog.models import Product, Sku
from app.console.roles import Role
from app.customers.models import Customer
from app.demo import kuaile, loading, retail, retail_catalogue, staff
from app.imports import runs
from app.imports.models import ImportKind, ImportRun, ImportState, OnError
from app.kit import clock, context
from app.kit.db import db, rehearsal, transaction
from app.kit.errors import RuleViolation
from app.orders.models import LineKind, Order, OrderKind, OrderLine
from app.shops import shops
from app.shops.models import Shop, ShopMember
from tests import factories as make
from tests.retail import SAMPLE_DATA, in_retail, small_slice

pytestmark = pytest.mark.usefixtures("app", "scope")


@pytest.fixture
def scope(app) -> Any:
    with context.every_shop("test"):
        yield


@pytest.fixture
def load(app) -> Any:
    def run() -> dict[str, Any]:
        return loading.load(SAMPLE_DATA, app.appbuilder.sm, small=True, on_progress=lambda done, step: None)

    return run


@pytest.fixture(scope="module")
def slice_of_both(app) -> Any:
    with small_slice(app) as found:
        yield found


@pytest.fixture
def loaded(app, slice_of_both) -> Any:
    """What the load has told, on a database where it has been; what the test writes is taken back."""
    engine, told = slice_of_both
    with in_retail(app, engine):
        yield told


def counted(of: Any, *where: Any) -> int:
    return db.session.scalar(select(func.count(of.id)).where(*where)) or 0


def test_the_real_slice_comes_in_through_the_import_of_orders(loaded) -> None:
    told = loaded["uk-giftware"]

    shop = shops.by_code("uk-giftware")
    assert (shop.currency, shop.time_zone, shop.locale, shop.invented) == ("GBP", "Europe/London", "en", False)
    assert counted(Order, Order.shop_id == shop.id) == told["orders"] == 600
    assert counted(OrderLine, OrderLine.shop_id == shop.id) == told["lines"] == 12_813
    assert (told["sales"], told["credit_notes"], told["adjustments"]) == (500, 52, 48)
    assert told["duplicates_kept"] == 244


def test_the_file_is_kept_as_a_finished_import_that_changes_nothing_when_repeated(loaded) -> None:
    told = loaded["uk-giftware"]

    run = db.session.scalars(select(ImportRun)).one()
    assert (run.kind, run.state, run.counts["created"]) == (ImportKind.ORDERS, ImportState.DONE, 12_813)
    assert run.counts["notes"] == {key: value for key, value in told.items() if key != "lines"}
    run.state = ImportState.CHECKED
    with transaction():
        again = runs.commit(run, OnError.ALL, lambda done, step: None)
    assert (again["created"], again["updated"], again["unchanged"], again["failed"]) == (0, 0, 12_813, 0)


def test_products_are_derived_from_the_lines(loaded) -> None:
    shop = shops.by_code("uk-giftware")
    codes = set(db.session.scalars(select(Sku.code).where(Sku.shop_id == shop.id)))
    of_products = (OrderLine.shop_id == shop.id, OrderLine.kind == LineKind.PRODUCT)
    assert codes == set(db.session.scalars(select(OrderLine.code).where(*of_products)))
    assert counted(OrderLine, *of_products, OrderLine.sku_id.is_(None)) == 0
    heart = db.session.scalars(select(Sku).where(Sku.shop_id == shop.id, Sku.code == "85123A")).one()
    assert db.session.get(Product, heart.product_id).title == "WHITE HANGING HEART T-LIGHT HOLDER"
    assert heart.price_minor in (255, 295)
    assert heart.cost_minor is None
    assert counted(Product, Product.shop_id == shop.id, Product.category_id.is_(None)) == 0


def test_every_category_of_the_list_has_words_and_the_last_takes_the_rest() -> None:
    assert len({name for name, _ in retail_catalogue.CATEGORIES}) == len(retail_catalogue.CATEGORIES)
    assert retail_catalogue.CATEGORIES[-1] == ("Other gifts", ".")


def test_a_second_load_changes_nothing(loaded, load) -> None:
    before = [(shop.code, shop.id, shop.version) for shop in db.session.scalars(select(Shop).order_by(Shop.id))]
    orders = counted(Order)

    assert load() == {}

    db.session.expire_all()
    after = [(shop.code, shop.id, shop.version) for shop in db.session.scalars(select(Shop).order_by(Shop.id))]
    assert after == before
    assert counted(Order) == orders


def test_an_interrupted_load_leaves_no_half_shop(load, monkeypatch) -> None:
    def break_off(*args: object, **values: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(kuaile, "load", break_off)

    with pytest.raises(KeyboardInterrupt):
        load()

    assert counted(Shop) == counted(Order) == counted(Product) == counted(Customer) == 0


def test_another_file_of_that_name_is_refused(app, tmp_path: Path) -> None:
    with pytest.raises(RuleViolation, match="demo_file_missing"):
        retail.known_file(tmp_path)
    (tmp_path / retail.FILE).write_bytes(b"something else")

    with pytest.raises(RuleViolation, match="demo_file_changed"):
        loading.load(tmp_path, app.appbuilder.sm, small=True, on_progress=lambda done, step: None)

    assert counted(Shop) == 0


def test_the_same_seed_gives_the_same_baskets_at_any_hour(app) -> None:
    def baskets(at: datetime) -> list[tuple[str, int]]:
        """What the buyers bought; which of it came back depends on the day."""
        sold = select(OrderLine.code, OrderLine.quantity).join(Order).where(Order.kind == OrderKind.SALE)
        with clock.frozen(at), transaction(), rehearsal():
            kuaile.load(db.session(), small=True)
            rows = db.session.execute(sold.order_by(OrderLine.id)).all()
        db.session.expire_all()
        return [(code, quantity) for code, quantity in rows]

    first = baskets(datetime(2026, 3, 1, 23, 0, tzinfo=UTC))

    assert baskets(datetime(2026, 8, 9, 4, 30, tzinfo=UTC)) == first
    assert len(first) > 60


@pytest.mark.commits
def test_the_command_hires_one_person_a_role_with_passwords_in_a_closed_file(app) -> None:
    folder = Path(app.config["KUAIDAN_STATE_DIR"])
    (folder / staff.FILE).unlink(missing_ok=True)
    runner = app.test_cli_runner()

    done = runner.invoke(args=["demo", "load", "--small", "--json"])

    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["staff"] == ["manager", "merchant", "agent", "auditor"]
    assert set(result["shops"]) == {"uk-giftware", "kuaile"}
    file = folder / staff.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]
    assert [(name, role) for name, _, role in told] == [(name, role.value) for name, role in staff.PEOPLE.items()]
    assert len({password for _, password, _ in told}) == 4
    assert min(len(password) for _, password, _ in told) >= 16
    with app.app_context(), context.every_shop("test"):
        manager = app.appbuilder.sm
        hired = manager.find_user(username="manager")
        assert check_password_hash(hired.password, told[0][1])
        assert [role.name for role in hired.roles] == [Role.MANAGER.value]
        assert counted(ShopMember) == 8

    again = runner.invoke(args=["demo", "load", "--small", "--json"])
    assert json.loads(again.stdout)["staff"] == []
    assert len(file.read_text(encoding="utf-8").splitlines()) == 4


@pytest.mark.commits
def test_if_empty_leaves_an_installation_with_a_shop_alone(app) -> None:
    with app.app_context():
        make.shop("mine")
        db.session.commit()

    done = app.test_cli_runner().invoke(args=["demo", "load", "--if-empty", "--small", "--json"])

    assert json.loads(done.stdout) == {"shops": {}, "staff": [], "seconds": 0.0}
    with app.app_context(), context.every_shop("test"):
        assert [shop.code for shop in db.session.scalars(select(Shop))] == ["mine"]
        assert app.appbuilder.sm.find_user(username="manager") is None
