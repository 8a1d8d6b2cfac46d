"""Third-party front-end files: listed by name, served from our origin under their hash, cached a year."""

from __future__ import annotations

import hashlib
import json
import mimetypes
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, has_request_context, request, send_file, url_for
from markupsafe import Markup

ROOT = Path(__file__).resolve().parents[2]
GRID_SCRIPTS = tuple(
    f"grid_{part}.js"
    for part in (
        *("base", "values", "columns", "rows", "stage", "keep", "view", "entry", "select", "edit"),
        *("clipboard", "fill", "find", "conflicts", "save", "page"),
    )
)
"""The grid's own scripts, in the order in which they load."""
ASSETS = {
    "tabler.css": "app/static/tabler.css",
    "tabler.js": "node_modules/@tabler/core/dist/js/tabler.min.js",
    "htmx.js": "node_modules/htmx.org/dist/htmx.min.js",
    "plotly.js": "node_modules/plotly.js-basic-dist-min/plotly-basic.min.js",
    "plotly-zh.js": "node_modules/plotly.js-locales/zh-cn.js",
    "console.css": "app/static/console.css",
    "console.js": "app/static/console.js",
    "keys.js": "app/static/keys.js",
    "list.js": "app/static/list.js",
    "live.js": "app/static/live.js",
    "search.js": "app/static/search.js",
    "copy.js": "app/static/copy.js",
    "pay.css": "app/static/pay.css",
    "pay.js": "app/static/pay.js",
    "catalog.js": "app/static/catalog.js",
    "bulk.js": "app/static/bulk.js",
    "import.js": "app/static/import.js",
    "sortable.js": "node_modules/sortablejs/Sortable.min.js",
    "slick.css": "node_modules/slickgrid/dist/styles/css/slick.grid.css",
    "slick-core.js": "node_modules/slickgrid/dist/browser/slick.core.js",
    "slick-interactions.js": "node_modules/slickgrid/dist/browser/slick.interactions.js",
    "slick-grid.js": "node_modules/slickgrid/dist/browser/slick.grid.js",
    "grid.css": "app/static/grid.css",
    **{name: f"app/static/{name}" for name in GRID_SCRIPTS},
    "order_form.js": "app/static/order_form.js",
    "charts.js": "app/static/charts.js",
    "print.css": "app/static/print.css",
    "print.js": "app/static/print.js",
    "scan.js": "app/static/scan.js",
    "report.css": "app/static/report.css",
    "favicon.svg": "app/static/favicon.svg",
}
YEAR_SECONDS = 365 * 24 * 3600
ICONS = ROOT / "node_modules/@iconify-json/tabler/icons.json"
blueprint = Blueprint("assets", __name__)


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((ROOT / ASSETS[name]).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of an asset; it changes with the content."""
    root = request.script_root if has_request_context() else None
    return _address(name, root)


@cache
def _address(name: str, root: str | None) -> str:
    """Kept for each place where the application can hang; a page names eight of them."""
    return url_for("assets.serve", digest=_digest(name), name=name)


@blueprint.get("/assets/<digest>/<name>")
def serve(digest: str, name: str) -> Response:
    """One asset, for ever."""
    if name not in ASSETS:
        abort(404)
    mime = mimetypes.guess_type(name)[0]
    response = send_file(ROOT / ASSETS[name], mimetype=mime, max_age=YEAR_SECONDS, conditional=True)
    response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    return response


@cache
def icon(name: str, size: int = 20) -> Markup:
    """A Tabler icon (`filled/…`: a filled one), inlined, hidden from screen readers; text always stands beside it."""
    style, _, plain = name.rpartition("/")
    is_filled = style == "filled"
    pen = {"fill": "currentColor" if is_filled else "none", "stroke": "none" if is_filled else "currentColor"}
    pen |= {"stroke-width": "2", "stroke-linecap": "round", "stroke-linejoin": "round"}
    body = _drawings()[f"{plain}-filled" if is_filled else plain]["body"]
    for attribute in (said := [f' {key}="{value}"' for key, value in pen.items()]):
        body = body.replace(attribute, "")  # so that a style sheet can change it at the icon
    return Markup(  # noqa: S704 - from a file of a pinned package
        f'<svg class="icon" width="{size}" height="{size}" viewBox="0 0 24 24"{"".join(said)} aria-hidden="true">{body}'
        "</svg>"
    )


@cache
def _drawings() -> dict[str, dict[str, str]]:
    """{name: {"body": what stands within <svg>}}; one file for thousands of icons."""
    return json.loads(ICONS.read_text(encoding="utf-8"))["icons"]


def init_app(app: Flask) -> None:
    """Register the route and the two template functions."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(asset=asset, icon=icon)
