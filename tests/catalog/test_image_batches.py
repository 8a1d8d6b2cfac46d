"""Pictures in bulk: from a zip by code, a result for each, all or none, and off again."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image
from sqlalchemy import select

from app.catalog import image_sources, images
from app.catalog.models import ProductImage
from app.kit import context
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.jobs import Job
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


def png(colour):
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "PNG")
    return out.getvalue()


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def send(client, content):
    return client.post("/products/images/", data={"zip": (io.BytesIO(content), "pictures.zip")})


@pytest.fixture
def pictures_of(look):
    """`pictures_of(product_id)`: how many it has."""
    return lambda product_id: look(
        lambda: len(db.session.scalars(select(ProductImage).where(ProductImage.product_id == product_id)).all())
    )


def test_each_file_goes_to_the_product_of_its_code_with_a_result(shop, manager, run_jobs, pictures_of) -> None:
    cup = make.product(shop, code="CUP-1")
    make.sku(shop, cup, code="SKU-9")
    pot = make.product(shop, code="POT_2")
    content = zipped(
        **{
            "CUP-1.png": png("red"),
            "sub/SKU-9_2.jpg": png("blue"),
            "POT_2.png": png("green"),
            "CUP-1_3.png": png("red"),
            "NOBODY.png": png("red"),
            "CUP-1_4.png": b"no picture",
            "CUP-1_5.png": b"\x00" * (11 * 1024 * 1024),
            "__MACOSX/._CUP-1.png": b"x",
        }
    )

    asked = send(manager, content)
    assert asked.status_code == 302
    assert run_jobs() == ["done"]

    assert (pictures_of(cup.id), pictures_of(pot.id)) == (2, 1)
    page = manager.get(asked.location).text
    for words in (
        "3 × added",
        "1 × no product or SKU",
        "1 × not a picture",
        "1 × larger than",
        "1 × the product has this",
    ):
        assert words in page, words
    faults = manager.get(asked.location + "/faults").text
    assert faults.startswith("\ufeff") and "NOBODY" in faults and "SKU-9_2" not in faults

    manager.post(asked.location + "/undo")
    assert (pictures_of(cup.id), pictures_of(pot.id)) == (0, 0)


def test_a_full_product_takes_no_more(shop, manager, run_jobs, pictures_of) -> None:
    cup = make.product(shop, code="C")
    content = zipped(**{f"C_{n}.png": png((n * 15, 0, 255 - n * 15)) for n in range(1, images.MOST + 3)})

    asked = send(manager, content)
    run_jobs()

    assert pictures_of(cup.id) == images.MOST
    assert "2 × the product has all the pictures" in manager.get(asked.location).text


def test_addresses_inside_our_own_net_are_never_asked(shop, manager, run_jobs, pictures_of) -> None:
    cup = make.product(shop, code="C")
    lines = "C\thttp://127.0.0.1/x.png\nC http://169.254.169.254/\nNOBODY http://example.invalid/\nC"

    asked = manager.post("/products/images/", data={"lines": lines})
    assert run_jobs() == ["done"]

    assert pictures_of(cup.id) == 0
    page = manager.get(asked.location).text
    assert "3 × not an http or https address" in page and "1 × no product or SKU" in page


@pytest.mark.parametrize("content", [b"", b"PK no zip", b"\x00" * 100])
def test_what_is_no_zip_is_refused(shop, manager, look, content) -> None:
    assert send(manager, content).status_code == 422
    assert look(lambda: db.session.scalars(select(Job)).all()) == []


def test_more_than_the_limit_is_refused_before_anything_is_read() -> None:
    with pytest.raises(RuleViolation, match="too_many_pictures"):
        image_sources.from_lines("C http://example.com/x.png\n" * (image_sources.MOST + 1))


def test_names_that_windows_has_written_in_chinese_are_read(tmp_path) -> None:
    path = tmp_path / "a.zip"
    entry = zipfile.ZipInfo("x.png")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, b"x")
    raw = path.read_bytes().replace(b"x.png", "杯".encode("gb18030") + b".pn")[:]
    path.write_bytes(raw)

    with image_sources.from_zip(path) as items:
        assert [item.code for item in items] == ["杯"]


@pytest.mark.parametrize(("who", "status"), [("agent", 403), ("stranger", 404)])
def test_others_see_nothing_of_a_batch(shop, manager, client_of, run_jobs, pictures_of, who, status) -> None:
    cup = make.product(shop, code="C").id
    asked = send(manager, zipped(**{"C.png": png("red")}))
    run_jobs()

    client = client_of(who)
    for path in ("", "/faults"):
        assert client.get(asked.location + path).status_code == status
    assert client.post(asked.location + "/undo").status_code == status
    assert pictures_of(cup) == 1


def test_a_code_of_another_shop_is_unknown(shop, manager, run_jobs, pictures_of) -> None:
    with context.every_shop("test"):
        foreign = make.product(make.shop("other"), code="F").id

    asked = send(manager, zipped(**{"F.png": png("red")}))
    run_jobs()

    assert pictures_of(foreign) == 0
    assert "1 × no product or SKU has this code" in manager.get(asked.location).text
