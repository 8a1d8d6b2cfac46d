"""What a product's page says of prices: now and next, the lowest of 30 days, one SKU's history with its chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext

from app.catalog import price_history, price_layers, price_window_words, prices
from app.catalog.models import Product, Sku
from app.catalog.price_history import BaseStep, History
from app.catalog.price_layers import Layer, Segment
from app.kit import clock, formats, people
from app.shops.models import Shop

SHOWN = 50
CHART_SPAN = timedelta(days=365)
WIDTH, HEIGHT = 1000, 200


@dataclass(frozen=True)
class SkuPrice:
    """A SKU's price now, what it changes to next, and the lowest of the last 30 days; amounts in minor units."""

    now: Segment
    after: Segment | None
    prior_minor: int | None

    @property
    def is_over_base(self) -> bool:
        """Whether a window holds now."""
        return self.now.layer is not None


@dataclass(frozen=True)
class Chart:
    """Steps on a field of WIDTH by HEIGHT: SVG paths of the price and of the base price; `windows` are (x, width)."""

    line: str
    base: str
    windows: list[tuple[int, int]]
    now_x: int
    first: datetime
    last: datetime
    lowest: int
    highest: int


def present(product: Product) -> dict[int, SkuPrice]:
    """What each SKU costs now and next, by id; two statements."""
    now = clock.now()
    ids = [sku.id for sku in product.skus]
    layers = prices.layers_of(product.shop_id, ids, now, None) if ids else {}
    prior = price_history.lowest_before(product.shop_id, ids, now) if ids else {}
    found = {}
    for sku in product.skus:
        steps = price_layers.segments([(now, sku.price_minor)], layers[sku.id], now, None)
        found[sku.id] = SkuPrice(steps[0], steps[1] if len(steps) > 1 else None, prior.get(sku.id))
    return found


def chosen(product: Product, asked: str, present_prices: Mapping[int, SkuPrice]) -> Sku | None:
    """The SKU whose history is shown: the one asked for, else the first with a window, else the first."""
    by_id = {str(sku.id): sku for sku in product.skus}
    laid = [sku for sku in product.skus if present_prices[sku.id].is_over_base or present_prices[sku.id].after]
    return by_id.get(asked) or next(iter([*laid, *product.skus]), None)


def history(sku: Sku, shop: Shop) -> dict[str, Any]:
    """One SKU's price over time for the template, newest first: what held, and the layers beneath; three statements."""
    found = price_history.of(shop.id, [sku.id])[sku.id]
    names = people.names(step.who for step in found.base if step.who)
    layers = sorted(found.layers, key=lambda layer: layer.rank[1:], reverse=True)[:SHOWN]
    return {
        "sku": sku,
        "rows": [_row(segment, shop) for segment in reversed(found.segments[-SHOWN:])],
        "base": [_base_row(step, names, shop) for step in reversed(found.base[-SHOWN:])],
        "layers": [_layer_row(layer, shop) for layer in layers],
        "chart": chart(found, clock.now()),
    }


def _row(segment: Segment, shop: Shop) -> dict[str, Any]:
    now = clock.now()
    shown = price_window_words.segment(segment, shop)
    return shown | {
        "is_now": segment.starts_at <= now and (segment.ends_at is None or now < segment.ends_at),
        "to": shown["to"] if segment.ends_at else gettext("until changed"),
    }


def _base_row(step: BaseStep, names: Mapping[str, str], shop: Shop) -> dict[str, str]:
    return {
        "at": price_window_words.moment_text(step.at, shop.time_zone),
        "price": formats.money(step.price_minor, shop.currency),
        "who": names.get(step.who, ""),
    }


def _layer_row(layer: Layer, shop: Shop) -> dict[str, Any]:
    whole = Segment(layer.starts_at, layer.ends_at, layer, layer.price_minor)
    return price_window_words.segment(whole, shop) | {"priority": layer.priority}


def chart(found: History, now: datetime) -> Chart:
    """The last year of a SKU's prices and what is planned; the price axis begins at zero."""
    segments = found.segments
    first = max(segments[0].starts_at, now - CHART_SPAN)
    ends = [one.starts_at for one in segments] + [one.ends_at for one in segments if one.ends_at]
    last = first + max(max(*ends, now) - first, timedelta(days=1)) * 21 / 20
    seen = [one for one in segments if one.ends_at is None or one.ends_at > first]
    base = price_layers.segments([(step.at, step.price_minor) for step in found.base], [], first, last)
    highest = max(one.price_minor for one in [*seen, *base])

    def x(at: datetime | None) -> int:
        inside = min(max(at or last, first), last)
        return round(WIDTH * ((inside - first) / (last - first)))

    def path(steps: Sequence[Segment]) -> str:
        heights = [HEIGHT - one.price_minor * HEIGHT * 10 // (max(highest, 1) * 11) for one in steps]
        lines = [f"V{y} H{x(one.ends_at)}" for one, y in zip(steps, heights, strict=True)]
        return f"M{x(steps[0].starts_at)} {heights[0]} " + " ".join(lines)

    return Chart(
        line=path(seen),
        base=path(base),
        windows=[(x(one.starts_at), max(x(one.ends_at) - x(one.starts_at), 2)) for one in seen if one.layer],
        now_x=x(now),
        first=first,
        last=last,
        lowest=min(one.price_minor for one in seen),
        highest=max(one.price_minor for one in seen),
    )
