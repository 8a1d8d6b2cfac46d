"""Kuaidan: the application factory; the whole wiring on one screen."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from jinja2 import FileSystemLoader
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from app import (
    garbage,  # first, so that nothing is looked for while the rest is imported
    models,  # noqa: F401 - registers every table
)
from app.kit import assets, connections, first_words, logs, metrics, queues, web
from app.kit.db import Model, db
from app.payments.channels import hosts


@garbage.not_looked_for()
def create_app(settings: dict[str, Any] | None = None) -> Flask:
    """The WSGI application. `settings` replaces what `config.read()` finds in the environment."""
    flask_app = Flask(__name__, static_folder=None)
    values = settings or config.read()
    flask_app.config.from_mapping(config.flask_config(values))
    if values["KUAIDAN_PROXY_HOPS"]:
        hops = values["KUAIDAN_PROXY_HOPS"]
        flask_app.wsgi_app = ProxyFix(flask_app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask's own way
    if values["KUAIDAN_SANDBOX_URL"]:
        hosts.open_sandbox(values["KUAIDAN_SANDBOX_URL"])
    logs.init_app(flask_app)
    db.init_app(flask_app)
    with flask_app.app_context():
        logs.watch_sql(db.engine)
        connections.watch(db.engine)
        first_words.watch(db.engine)
    db.metadatas[None] = Model.metadata
    Migrate(flask_app, db, directory=str(config.ROOT / "migrations"), compare_type=True)
    CSRFProtect(flask_app)
    flask_app.extensions["kuaidan_redis"] = queues.connect(values["REDIS_URL"])
    web.init_app(flask_app)
    assets.init_app(flask_app)
    _templates_beside_the_code(flask_app)
    metrics.init_app(flask_app)
    _console(flask_app)
    _api(flask_app)
    _pages(flask_app)
    return flask_app


def _templates_beside_the_code(flask_app: Flask) -> None:
    """Features keep their templates in app/<feature>/templates/<feature>/."""
    folders = [str(path) for path in sorted((config.ROOT / "app").glob("*/templates"))]
    own = FileSystemLoader([str(config.ROOT / "app/templates"), *folders])
    flask_app.jinja_loader = own  # a cached property, set before its first use


def _console(flask_app: Flask) -> None:
    from app import cli
    from app.console import shell

    with flask_app.app_context():
        appbuilder = shell.init_app(flask_app)
        for view in _views():
            appbuilder.add_view_no_menu(view)
    cli.init_app(flask_app)


def _api(flask_app: Flask) -> None:
    from app.api import edge

    edge.init_app(flask_app, api_routes())


def _pages(flask_app: Flask) -> None:
    """What buyers and channels reach without signing in."""
    from app.payments import pages

    pages.init_app(flask_app)


def api_routes() -> list[Any]:
    """Every route of the REST API; importing a feature's `api` declares its own."""
    import app.after_sale.api
    import app.catalog.api
    import app.fulfilment.api
    import app.imports.api
    import app.orders.api
    import app.payments.api
    import app.stock.api  # noqa: F401 - declares its routes
    from app.api.routes import ROUTES

    return ROUTES


def _views() -> list[type]:
    """Every page of the console; one line a feature. Importing registers their jobs, too."""
    import app.payments.jobs
    import app.payments.reactions  # noqa: F401 - registers what payments do when orders move
    from app.after_sale.console import VIEWS as AFTER_SALE
    from app.api_keys.console import VIEWS as API_KEYS
    from app.catalog import console as catalog
    from app.console.views import VIEWS as CONSOLE
    from app.customers.console import CustomerView
    from app.fulfilment.console import VIEWS as FULFILMENT
    from app.imports.console import VIEWS as IMPORTS
    from app.insights.console import ReportView
    from app.orders.console import VIEWS as ORDERS
    from app.payments.console import VIEWS as PAYMENTS
    from app.stock.console import VIEWS as STOCK
    from app.webhooks.console import VIEWS as WEBHOOKS

    sales = [*ORDERS, *FULFILMENT, *AFTER_SALE, *PAYMENTS, CustomerView]
    return [*CONSOLE, *catalog.VIEWS, *STOCK, *sales, ReportView, *IMPORTS, *API_KEYS, *WEBHOOKS]
