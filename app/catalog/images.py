"""The pictures of a product: add, describe, order, remove."""

from __future__ import annotations

from sqlalchemy import select

from app.catalog.models import Product, ProductImage
from app.catalog.pictures import Picture
from app.events import ProductEdited
from app.kit import clock, journal
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation

MOST = 12
ALT_LENGTH = 200


def get(image_id: int) -> ProductImage:
    """The picture of that id. Raises NotFound, also for another shop's."""
    row = db.session.scalars(select(ProductImage).where(ProductImage.id == image_id)).first()
    if row is None:
        raise NotFound("not_found")
    return row


def add(product_id: int, picture: Picture, alt: str = "") -> ProductImage:
    """Hang a picture on a product, as the last one. Raises NotFound, RuleViolation("too_many_images")."""
    product = _locked(product_id)
    present = _of(product_id)
    if len(present) >= MOST:
        raise RuleViolation("too_many_images", limit=MOST)
    row = ProductImage(
        shop_id=product.shop_id,
        product_id=product_id,
        file=picture.file,
        thumb=picture.thumb,
        alt=alt.strip()[:ALT_LENGTH],
        position=present[-1].position + 1 if present else 0,
    )
    db.session.add(row)
    _touch(product)
    return row


def describe(image_id: int, alt: str) -> ProductImage:
    """Set what a picture shows, for people who do not see it. Raises NotFound."""
    row = get(image_id)
    product = _locked(row.product_id)
    row.alt = alt.strip()[:ALT_LENGTH]
    _touch(product)
    return row


def shift(image_id: int, by: int) -> ProductImage:
    """Move a picture towards the front (−1) or the back (+1); at the end it stays. Raises NotFound."""
    row = get(image_id)
    product = _locked(row.product_id)
    present = _of(row.product_id)
    here = present.index(row)
    there = min(max(here + by, 0), len(present) - 1)
    present.insert(there, present.pop(here))
    for position, image in enumerate(present):
        image.position = position
    _touch(product)
    return row


def remove(image_id: int) -> int:
    """Take a picture off its product; returns the product's id. Raises NotFound.

    The file stays: another picture may have the same content.
    """
    row = get(image_id)
    product = _locked(row.product_id)
    db.session.delete(row)
    _touch(product)
    return product.id


def _of(product_id: int) -> list[ProductImage]:
    query = select(ProductImage).where(ProductImage.product_id == product_id)
    return list(db.session.scalars(query.order_by(ProductImage.position, ProductImage.id)))


def _locked(product_id: int) -> Product:
    query = select(Product).where(Product.id == product_id).with_for_update(key_share=True)
    product = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if product is None:
        raise NotFound("not_found")
    return product


def _touch(product: Product) -> None:
    product.updated_at = clock.now()
    journal.record(ProductEdited(product.shop_id, product.id, ["images"]))
    db.session.flush()
