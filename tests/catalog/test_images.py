"""Pictures: cleaned, kept once, ordered, described, walled; bad files and denied writes leave nothing."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from app.catalog import pictures
from app.catalog.models import ProductImage
from app.kit import files
from app.kit.db import db
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


def picture(colour="red", size=(300, 200), kind="JPEG", mode="RGB", **options) -> bytes:
    out = BytesIO()
    Image.new(mode, size, colour).save(out, kind, **options)
    return out.getvalue()


def with_gps(size=(300, 200)) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90°
    exif[0x013B] = "Somebody"
    exif.get_ifd(0x8825)[1] = "N"
    return picture(size=size, exif=exif) + b"<?php appended ?>"


def rows(look):
    return look(lambda: db.session.scalars(select(ProductImage).order_by(ProductImage.position)).all())


def send(client, product, *contents, alt=""):
    sent = [(BytesIO(content), f"p{n}.jpg") for n, content in enumerate(contents)]
    return client.post(f"/images/of/{product.id}", data={"files": sent, "alt": alt})


def test_a_picture_loses_its_metadata_and_stands_upright() -> None:
    made = pictures.make(with_gps())

    kept = files.path_of(made.file).read_bytes()
    assert b"Somebody" not in kept and b"php" not in kept and b"Exif" not in kept
    with Image.open(files.path_of(made.file)) as image:
        assert image.size == (200, 300)
    with Image.open(files.path_of(made.thumb)) as image:
        assert image.size == (107, 160)


def test_large_pictures_are_scaled_and_clear_ones_stay_clear() -> None:
    with Image.open(files.path_of(pictures.make(picture(size=(4000, 100))).file)) as image:
        assert image.size == (2000, 50)
    with Image.open(files.path_of(pictures.make(picture("#ff000080", kind="PNG", mode="RGBA")).file)) as image:
        assert (image.format, image.mode) == ("PNG", "RGBA")


def test_the_same_picture_is_kept_once() -> None:
    assert pictures.make(picture()) == pictures.make(picture())


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (b"", "image_unreadable"),
        (b"not a picture", "image_unreadable"),
        (picture()[:200], "image_unreadable"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image_unreadable"),
        (b"\0" * (pictures.MOST_BYTES + 1), "image_too_large"),
        (picture(size=(8000, 6000), kind="PNG", mode="1", colour=0), "image_too_large"),
    ],
)
def test_bad_files_are_refused(upload, code) -> None:
    with pytest.raises(Exception, match=code):
        pictures.make(upload)


def test_pictures_are_added_shown_ordered_described_and_removed(shop, manager, look) -> None:
    product = make.product(shop)
    assert send(manager, product, picture("red"), picture("blue"), alt="A cup").status_code == 302
    red, blue = rows(look)
    assert [red.position, blue.position, red.alt] == [0, 1, "A cup"]

    shown = manager.get(f"/images/{red.id}/thumb")
    assert shown.status_code == 200 and shown.mimetype == "image/jpeg"
    assert shown.headers["Cache-Control"] == "private, max-age=86400, immutable"
    assert manager.get(f"/images/{red.id}/full").status_code == 200
    assert f"/images/{red.id}/thumb" in manager.get("/products/").text

    manager.post(f"/images/{blue.id}/shift", data={"by": "-1"})
    assert [row.id for row in rows(look)] == [blue.id, red.id]
    manager.post(f"/images/{blue.id}/shift", data={"by": "-1"})
    assert [row.id for row in rows(look)] == [blue.id, red.id]
    manager.post(f"/images/{blue.id}/describe", data={"alt": " A blue cup "})
    assert rows(look)[0].alt == "A blue cup"
    manager.post(f"/images/{blue.id}/remove")
    assert [row.id for row in rows(look)] == [red.id]
    assert "A cup" in manager.get(f"/products/{product.id}").text


def test_a_bad_file_among_good_ones_adds_none(shop, manager, look) -> None:
    product = make.product(shop)

    assert send(manager, product, picture(), b"bad").status_code == 422
    assert manager.post(f"/images/of/{product.id}", data={}).status_code == 400
    assert rows(look) == []


def test_there_is_room_for_twelve(shop, manager, look) -> None:
    product = make.product(shop)
    send(manager, product, *[picture(size=(10 + n, 10)) for n in range(12)])

    refused = send(manager, product, picture("green"))

    assert refused.status_code == 422 and "at most 12 pictures" in refused.text
    assert len(rows(look)) == 12


@pytest.mark.parametrize("who", ["anonymous", "agent", "stranger"])
def test_others_neither_change_nor_see_them(shop, manager, client_of, look, who) -> None:
    product = make.product(shop)
    send(manager, product, picture(), alt="A cup")
    [row] = rows(look)
    client = client_of(who)
    codes = [
        send(client, product, picture("blue")).status_code,
        *(client.post(f"/images/{row.id}/{verb}").status_code for verb in ("describe", "shift", "remove")),
    ]

    assert codes == [{"anonymous": 302, "agent": 403, "stranger": 404}[who]] * 4
    assert [(one.id, one.alt) for one in rows(look)] == [(row.id, "A cup")]
    seen = client.get(f"/images/{row.id}/full").status_code
    assert seen == {"anonymous": 302, "agent": 200, "stranger": 404}[who]
