"""The rows that a bulk action is about; one foreign id among them and nothing at all is done."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from app.kit.db import db
from app.kit.errors import Forbidden

log = logging.getLogger("app.security")
LIMIT = 1_000
"""Rows that may be ticked by hand."""


def own_ids(model: type[Any], asked: Iterable[str], shop_id: int) -> list[int]:
    """The ids of `asked` as numbers, when every one is a row of this shop.

    Raises Forbidden("other_shop") otherwise, after one line in the security log; whether a foreign
    id exists at all is not told.
    """
    ids = sorted({int(value) for value in asked if value.isdigit() and len(value) < 19})[: LIMIT + 1]
    found = set(db.session.scalars(select(model.id).where(model.shop_id == shop_id, model.id.in_(ids))))
    if strangers := [one for one in ids if one not in found]:
        log.warning(
            "bulk action named rows outside the shop",
            extra={"table": model.__tablename__, "shop_id": shop_id, "row_ids": strangers[:20], "refused": len(ids)},
        )
        raise Forbidden("other_shop")
    return ids
