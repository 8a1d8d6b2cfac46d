"""Tags and attributes of a product as people type them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from flask_babel import gettext

from app.catalog.amounts import BadAmount
from app.catalog.tag_sql import MOST_ATTRIBUTES, MOST_TAGS, NAME_LONGEST, TAG_LONGEST, VALUE_LONGEST

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def clean(tags: Iterable[str]) -> list[str]:
    """Tags without blanks around them, each once, in order of their characters."""
    return sorted({tag.strip() for tag in tags} - {""})


def read(typed: str) -> list[str]:
    """ "new, 热卖" as tags. Raises BadAmount, saying what is wrong."""
    found = clean(re.split("[,，]", typed))
    long = next((tag for tag in found if len(tag) > TAG_LONGEST or _CONTROL.search(tag)), None)
    if long is not None:
        raise BadAmount(gettext("“%(tag)s” is no tag: at most %(most)s characters.", tag=long[:60], most=TAG_LONGEST))
    if len(found) > MOST_TAGS:
        raise BadAmount(gettext("A product has at most %(most)s tags.", most=MOST_TAGS))
    return found


def read_attributes(typed: str) -> dict[str, str]:
    """Lines like "Material: cotton" as attributes. Raises BadAmount, saying what is wrong."""
    lines = [line for line in typed.replace("：", ":").splitlines() if line.strip()]
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = (part.strip() for part in line.partition(":"))
        if not name or not value:
            raise BadAmount(gettext("Write one attribute a line, like: Material: cotton"))
        check_attribute(name, value)
        found[name] = value
    if len(found) > MOST_ATTRIBUTES:
        raise BadAmount(gettext("A product has at most %(most)s attributes.", most=MOST_ATTRIBUTES))
    return found


def check_attribute(name: str, value: str) -> None:
    """Refuse a name or value that cannot be stored. Raises BadAmount."""
    if len(name) > NAME_LONGEST or len(value) > VALUE_LONGEST or _CONTROL.search(name):
        raise BadAmount(
            gettext(
                "“%(name)s” is too long: a name has at most %(longest)s characters, a value %(most)s.",
                name=name[:60],
                longest=NAME_LONGEST,
                most=VALUE_LONGEST,
            )
        )


def typed_tags(tags: Iterable[str]) -> str:
    """Tags as they are typed."""
    return ", ".join(tags)


def typed_attributes(attributes: Mapping[str, str]) -> str:
    """Attributes as they are typed, one a line."""
    return "\n".join(f"{name}: {value}" for name, value in attributes.items())
