"""Turning an uploaded file into a clean picture and its thumbnail; nothing of the upload itself is kept."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from app.kit import files
from app.kit.errors import RuleViolation

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
FULL = (2000, 2000)
THUMB = (160, 160)


@dataclass(frozen=True)
class Picture:
    """Content addresses of a picture and its thumbnail in kit.files."""

    file: str
    thumb: str


def make(upload: bytes) -> Picture:
    """Decode, turn upright, scale down and encode anew, which drops EXIF, GPS and anything appended.

    Raises RuleViolation("image_unreadable", "image_too_large").
    """
    if len(upload) > MOST_BYTES:
        raise _too_large()
    image = _decoded(upload)
    return Picture(_kept(image, FULL), _kept(image, THUMB))


def _decoded(upload: bytes) -> Image.Image:
    try:
        with Image.open(BytesIO(upload), formats=FORMATS) as first:
            if first.width * first.height > MOST_PIXELS:
                raise _too_large()
            first.verify()
        with Image.open(BytesIO(upload), formats=FORMATS) as image:
            upright = ImageOps.exif_transpose(image)
            return upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise RuleViolation("image_unreadable") from error


def _kept(image: Image.Image, size: tuple[int, int]) -> str:
    smaller = image.copy()
    smaller.thumbnail(size)
    suffix, options = (".png", {"optimize": True}) if image.mode == "RGBA" else (".jpg", {"quality": 85})
    path = files.scratch(suffix)
    smaller.info.clear()
    smaller.save(path, **options)
    return files.keep(path)


def _too_large() -> RuleViolation:
    return RuleViolation("image_too_large", limit=MOST_BYTES // 1024 // 1024)
