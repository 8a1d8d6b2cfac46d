"""The lines of a saved price window, by key, with who wins when; and the other windows over the same SKUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.catalog import price_layers, price_window_drafts, prices
from app.catalog.price_layers import Layer, Segment
from app.catalog.price_window_drafts import Overlap, Span
from app.catalog.price_window_models import PriceWindow, WindowState
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope

PAGE = 100


@dataclass(frozen=True)
class SavedLine:
    """One SKU of a window: its price there, the base price then and now, and who wins while the window holds."""

    sku_id: int
    code: str
    title: str
    product_id: int
    price_minor: int
    base_minor: int
    present_minor: int
    segments: list[Segment]


def page(window: PriceWindow, after: int = 0) -> list[SavedLine]:
    """At most PAGE + 1 lines after a SKU's id, the last one to say that there are more; two statements."""
    values = {"shop_id": assert_in_scope(window.shop_id), "window_id": window.id, "after": after, "size": PAGE + 1}
    rows = db.session.execute(text(_LINES), values).mappings().all()
    ids = [row["sku_id"] for row in rows]
    others = prices.layers_of(window.shop_id, ids, window.starts_at, window.ends_at) if rows else {}
    return [SavedLine(**row, segments=_segments(window, row, others[row["sku_id"]])) for row in rows]


_LINES = """select l.sku_id, s.code, p.title, p.id as product_id, l.price_minor, l.base_minor,
    s.price_minor as present_minor
    from price_window_line l join sku s on s.id = l.sku_id join product p on p.id = s.product_id
    where l.window_id = :window_id and l.shop_id = :shop_id and l.sku_id > :after order by l.sku_id limit :size"""


def _segments(window: PriceWindow, row: Any, others: list[Layer]) -> list[Segment]:
    """Who wins while it holds; one that waits for a second person is shown as if it were agreed to."""
    base = [(window.starts_at, row["present_minor"])]
    if window.state is WindowState.PENDING:
        span = (window.starts_at, window.ends_at, window.priority)
        others = [*others, Layer(window.id, window.name, *span, row["price_minor"])]
    return price_layers.segments(base, others, window.starts_at, window.ends_at)


def overlaps(window: PriceWindow) -> list[Overlap]:
    """The other windows that cover some of its SKUs while it holds, the strongest first; one statement."""
    span = Span(window.starts_at, window.ends_at, window.priority)
    lines = "select sku_id as id from price_window_line where window_id = :window_id"
    return price_window_drafts.overlaps(window.shop_id, span, lines, window.id)
