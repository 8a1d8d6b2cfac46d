"""Pictures in bulk: each item to the product of its code, with a result for every one."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.catalog import images, pictures
from app.catalog.image_sources import Item, Unreadable
from app.catalog.models import Product, ProductImage, Sku
from app.catalog.pictures import Picture
from app.kit import files
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation

SECONDS = 30 * 60
"""So long one batch may take; what is left then is said to be."""
RESULTS = {
    "ok": _l("added"),
    "unknown_code": _l("no product or SKU has this code"),
    "not_a_picture": _l("not a picture that can be read (JPEG, PNG, WebP or GIF)"),
    "too_large": _l("larger than 10 MB, or too many pixels"),
    "duplicate": _l("the product has this picture already"),
    "unreachable": _l("the address could not be reached"),
    "bad_address": _l("not an http or https address on the public internet"),
    "too_many": _l("the product has all the pictures that it may have"),
    "out_of_time": _l("not looked at: the batch took too long"),
}
OnProgress = Callable[[int, int], object]


@dataclass
class Row:
    """What became of one picture; `image_id` is there when it was added."""

    name: str
    code: str
    result: str
    product_id: int | None = None
    image_id: int | None = None


def prepare(shop_id: int, items: Sequence[Item], on_progress: OnProgress) -> list[tuple[Row, Picture | None]]:
    """Read and clean every picture whose code is known; writes files, but nothing to the database."""
    owners = _owners(shop_id, {code for item in items for code in (item.code, item.base)})
    ends_at = time.monotonic() + SECONDS
    found = []
    for done, item in enumerate(items):
        on_progress(done, len(items))
        owner = owners.get(item.code) or owners.get(item.base)
        row = Row(item.name, item.code, "unknown_code", owner)
        picture = None
        if owner is not None:
            row.result, picture = ("out_of_time", None) if time.monotonic() > ends_at else _made(item)
        found.append((row, picture))
    on_progress(len(items), len(items))
    return found


def _owners(shop_id: int, codes: set[str]) -> dict[str, int]:
    """Product ids by code of the product or of one of its SKUs; a product's own code counts first."""
    of_skus = db.session.execute(select(Sku.code, Sku.product_id).where(Sku.shop_id == shop_id, Sku.code.in_(codes)))
    of_products = db.session.execute(
        select(Product.code, Product.id).where(Product.shop_id == shop_id, Product.code.in_(codes))
    )
    return {row[0]: row[1] for row in of_skus} | {row[0]: row[1] for row in of_products}


def _made(item: Item) -> tuple[str, Picture | None]:
    try:
        return "ok", pictures.make(item.read())
    except Unreadable as error:
        return error.code, None
    except RuleViolation as error:
        return ("too_large" if error.code == "image_too_large" else "not_a_picture"), None


def add(prepared: list[tuple[Row, Picture | None]]) -> list[Row]:
    """Hang the prepared pictures on their products, in one transaction; gives every row with its result."""
    for row, picture in sorted(prepared, key=lambda one: one[0].product_id or 0):  # the same order of locks
        if picture is not None and row.product_id is not None:
            row.result, row.image_id = _hung(row.product_id, picture)
    return [row for row, _ in prepared]


def _hung(product_id: int, picture: Picture) -> tuple[str, int | None]:
    same = select(ProductImage.id).where(ProductImage.product_id == product_id, ProductImage.file == picture.file)
    if db.session.scalars(same).first() is not None:
        return "duplicate", None
    try:
        return "ok", images.add(product_id, picture).id
    except RuleViolation:
        return "too_many", None
    except NotFound:
        return "unknown_code", None


def keep(rows: list[Row]) -> str:
    """Keep the results; gives their content address."""
    path = files.scratch(".json")
    path.write_text(json.dumps([asdict(row) for row in rows], ensure_ascii=False), encoding="utf-8")
    return files.keep(path)


def kept(address: str) -> list[Row]:
    """The results that `keep` has kept. Raises NotFound."""
    return [Row(**row) for row in json.loads(files.path_of(address).read_text("utf-8"))]


def faults_csv(rows: list[Row]) -> str:
    """The pictures that were not added, with the reason, for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        if row.result != "ok":
            writer.writerow([_plain(row.code), _plain(row.name), str(RESULTS[row.result])])
    return "\ufeff" + out.getvalue()


def _plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def take_back(rows: list[Row]) -> int:
    """Remove the pictures that were added and are still there; returns how many."""
    removed = 0
    for row in sorted(rows, key=lambda one: one.product_id or 0):
        if row.image_id is not None:
            try:
                images.remove(row.image_id)
            except NotFound:
                continue
            removed += 1
    return removed
