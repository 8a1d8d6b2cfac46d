"""Products by hand: create, save without losing what others did meanwhile, move between statuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

from app.catalog import drafts, held_prices
from app.catalog.change_models import ChangeSet
from app.catalog.draft_checks import DraftRefused, check
from app.catalog.drafts import ProductDraft
from app.catalog.lifecycle import LABELS, MOVES
from app.catalog.models import Product, ProductStatus, Sku
from app.events import ProductCreated, ProductEdited, ProductMoved
from app.kit import clock, history, journal, lifecycle, people
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.kit.merge import Clash, StaleEdit, three_way


def get(product_id: int) -> Product:
    """The product with its category, SKUs and images. Raises NotFound, also for another shop's."""
    return _load(product_id, lock=False)


def create(shop_id: int, draft: ProductDraft) -> Product:
    """Make a product with its SKUs. Raises DraftRefused naming each field at fault."""
    check(draft, shop_id, None)
    values = {name: value for name, value in draft.values.items() if name != "status"}
    product = Product(shop_id=shop_id, status=ProductStatus.DRAFT, **values)
    db.session.add(product)
    _flush()
    _add_skus(product, draft)
    _flush()
    journal.record(ProductCreated(shop_id, product.id))
    if draft.values["status"] != ProductStatus.DRAFT:
        move(product.id, ProductStatus(draft.values["status"]))
    return product


def save(product_id: int, base: Mapping[str, Any], draft: ProductDraft) -> ChangeSet | None:
    """Write what `draft` changed against `base` (a `flat()` of what its form was filled with).

    What others changed meanwhile stays; when they changed the same field, StaleEdit names who and when
    and nothing is written. Prices beyond the shop's limits are held back in a change set that waits for a second
    person, which is returned. Raises DraftRefused, NotFound, RuleViolation.
    """
    product = _load(product_id, lock=True)
    theirs = drafts.of(product).flat()
    mine = draft.flat()
    clashes = [*_vanished(base, mine, theirs), *_removed_but_changed(draft, base, theirs)]
    known = {key: value for key, value in mine.items() if key in theirs and key in base}
    merge = three_way(base, known, theirs)
    if clashes or merge.clashes:
        raise _stale(product, (*merge.clashes, *clashes))
    check(draft, product.shop_id, product_id)
    changes, waiting = held_prices.hold_back(product, merge.changes)
    _write(product, changes, draft)
    return waiting


def move(product_id: int, target: ProductStatus) -> Product:
    """Bring a product to another status. Raises RuleViolation("product_move", "no_skus"), NotFound."""
    product = _load(product_id, lock=True)
    before = product.status
    if target is ProductStatus.ON_SALE and not product.skus:
        raise RuleViolation("no_skus")
    try:
        lifecycle.move(product, target, MOVES)
    except RuleViolation as refused:
        names = {"from_state": str(LABELS[before]), "to_state": str(LABELS[target])}
        raise RuleViolation("product_move", title=product.title, **names) from refused
    if product.status is not before:
        journal.record(ProductMoved(product.shop_id, product.id, before.value, target.value))
        db.session.flush()
    return product


def _load(product_id: int, *, lock: bool) -> Product:
    query = select(Product).where(Product.id == product_id).execution_options(populate_existing=True)
    if lock:
        if db.session.scalars(query.with_for_update(key_share=True)).first() is None:
            raise NotFound("not_found")
        of_product = select(Sku.id).where(Sku.product_id == product_id).order_by(Sku.id)
        db.session.scalars(of_product.with_for_update(key_share=True)).all()
    loads = (
        joinedload(Product.category),
        joinedload(Product.freight_template),
        selectinload(Product.skus),
        selectinload(Product.images),
    )
    product = db.session.scalars(query.options(*loads)).first()
    if product is None:
        raise NotFound("not_found")
    return product


def _write(product: Product, changes: Mapping[str, Any], draft: ProductDraft) -> None:
    by_id = {sku.id: sku for sku in product.skus}
    removed = [by_id[key] for key in draft.removed if key in by_id]
    for row in removed:
        db.session.delete(row)
    _flush()  # frees their codes for new SKUs
    _set_fields(product, by_id, changes)
    added = _add_skus(product, draft)
    if changes or removed or added:
        product.updated_at = clock.now()  # counts a version, whichever row the field is on
        fields = {key.rpartition(":")[2] for key in changes} | ({"skus"} if removed or added else set())
        journal.record(ProductEdited(product.shop_id, product.id, sorted(fields)))
    _flush()
    if "status" in changes:
        move(product.id, ProductStatus(changes["status"]))


def _set_fields(product: Product, skus: Mapping[int, Sku], changes: Mapping[str, Any]) -> None:
    """Write flat changes; the status has rules of its own."""
    for key, value in changes.items():
        if key.startswith("sku:"):
            _, sku_id, name = key.split(":")
            setattr(skus[int(sku_id)], name, value)
        elif key != "status":
            setattr(product, key, value)


def _flush() -> None:
    """Send to the database; a code that somebody has taken at the same moment is a fault like any other."""
    try:
        db.session.flush()
    except IntegrityError as error:
        raise DraftRefused({"code": "taken"}) from error


def _add_skus(product: Product, draft: ProductDraft) -> int:
    new = [sku for sku in draft.skus if sku.id is None]
    for sku in new:
        db.session.add(Sku(shop_id=product.shop_id, product_id=product.id, **sku.values))
    return len(new)


def _vanished(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Clash]:
    """My changes of SKUs that somebody has removed meanwhile."""
    return [
        Clash(key, base[key], value, None)
        for key, value in mine.items()
        if key not in theirs and key in base and value != base[key]
    ]


def _removed_but_changed(draft: ProductDraft, base: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Clash]:
    """Others' changes of SKUs that I want removed."""
    return [
        Clash(key, base[key], None, value)
        for sku_id in sorted(draft.removed)
        for key, value in theirs.items()
        if key.startswith(f"sku:{sku_id}:") and key in base and value != base[key]
    ]


def _stale(product: Product, clashes: tuple[Clash, ...]) -> StaleEdit:
    latest = None
    for clash in clashes:
        found = _last_change(product.id, clash.field)
        if found and (latest is None or found[1] > latest[1]):
            latest = found
    who, at = latest or ("system:unknown", product.updated_at)
    return StaleEdit(people.name_of(who), at, clashes)


def _last_change(product_id: int, key: str) -> tuple[str, Any] | None:
    if not key.startswith("sku:"):
        return history.last_to_change("product", product_id, {key})
    _, sku_id, name = key.split(":")
    return history.last_to_change("sku", int(sku_id), {name})


__all__ = ["DraftRefused", "create", "get", "move", "save"]
