"""`/images`: a product's pictures, walled by shop, and their upload, order, text and removal."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from app.catalog import images, pictures
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit import files
from app.kit.db import transaction
from app.kit.permissions import Noun, Verb

DAY_SECONDS = 24 * 3600


class ImageView(ConsoleBase):
    """`/images`."""

    noun = Noun.PRODUCTS
    route_base = "/images"

    @expose("/<int:pk>/full")
    @needs(Noun.PRODUCTS, Verb.READ)
    def full(self, pk: int) -> Response:
        """The picture."""
        return _sent(images.get(pk).file)

    @expose("/<int:pk>/thumb")
    @needs(Noun.PRODUCTS, Verb.READ)
    def thumb(self, pk: int) -> Response:
        """The picture, small."""
        return _sent(images.get(pk).thumb)

    @expose("/of/<int:product_id>", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.WRITE)
    def add(self, product_id: int) -> Any:
        """Upload one or several."""
        uploads = [one for one in request.files.getlist("files") if one.filename]
        if not uploads:
            abort(400)
        made = [pictures.make(one.stream.read(pictures.MOST_BYTES + 1)) for one in uploads[: images.MOST]]
        with transaction():
            for picture in made:
                images.add(product_id, picture, request.form.get("alt", ""))
        return _back(product_id)

    @expose("/<int:pk>/describe", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.WRITE)
    def describe(self, pk: int) -> Any:
        """Set the text that stands for the picture."""
        with transaction():
            product_id = images.describe(pk, request.form.get("alt", "")).product_id
        return _back(product_id)

    @expose("/<int:pk>/shift", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.WRITE)
    def shift(self, pk: int) -> Any:
        """Move it one place."""
        with transaction():
            product_id = images.shift(pk, -1 if request.form.get("by") == "-1" else 1).product_id
        return _back(product_id)

    @expose("/<int:pk>/remove", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.WRITE)
    def remove(self, pk: int) -> Any:
        """Take it off the product."""
        with transaction():
            product_id = images.remove(pk)
        return _back(product_id)


def _sent(address: str) -> Response:
    """A kept file; what an image row shows never changes, so browsers may keep it."""
    response = send_file(files.path_of(address), conditional=True)
    response.headers["Cache-Control"] = f"private, max-age={DAY_SECONDS}, immutable"
    return response


def _back(product_id: int) -> Any:
    return redirect(url_for("ProductView.show", pk=product_id) + "#images")
