"""Layers of prices over time, in plain Python: which one wins when. The same rule as the SQL of `prices`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Layer:
    """A window's price of one SKU, from `starts_at` up to `ends_at` (None: for good)."""

    window_id: int
    name: str
    starts_at: datetime
    ends_at: datetime | None
    priority: int
    price_minor: int

    @property
    def rank(self) -> tuple[int, datetime, int]:
        """Who wins: the highest priority, then the latest start, then the highest id."""
        return self.priority, self.starts_at, self.window_id

    def covers(self, moment: datetime) -> bool:
        """Whether the layer holds at a moment: the start is in, the end is out."""
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)


@dataclass(frozen=True)
class Segment:
    """A stretch of time with one price; without a layer the base price holds."""

    starts_at: datetime
    ends_at: datetime | None
    layer: Layer | None
    price_minor: int


def winner(layers: Iterable[Layer], moment: datetime) -> Layer | None:
    """The layer whose price holds at a moment; None where the base price does."""
    covering = [layer for layer in layers if layer.covers(moment)]
    return max(covering, key=lambda layer: layer.rank) if covering else None


def segments(
    base: Sequence[tuple[datetime, int]], layers: Sequence[Layer], first: datetime, last: datetime | None
) -> list[Segment]:
    """The price from `first` up to `last` (None: for good), a segment for each price or winner.

    `base` has the base price from each moment on, oldest first, the first at or before `first`.
    """
    found: list[Segment] = []
    for moment in _breaks(base, layers, first, last):
        layer = winner(layers, moment)
        price = layer.price_minor if layer else _base_at(base, moment)
        if found and (found[-1].layer, found[-1].price_minor) == (layer, price):
            continue
        if found:
            found[-1] = _ending(found[-1], moment)
        found.append(Segment(moment, last, layer, price))
    return found


def lowest(found: Sequence[Segment]) -> int | None:
    """The lowest price among segments; None of none."""
    return min((segment.price_minor for segment in found), default=None)


def _breaks(
    base: Sequence[tuple[datetime, int]], layers: Sequence[Layer], first: datetime, last: datetime | None
) -> list[datetime]:
    moments = {at for at, _ in base} | {layer.starts_at for layer in layers}
    moments |= {layer.ends_at for layer in layers if layer.ends_at is not None}
    return sorted({first} | {at for at in moments if at > first and (last is None or at < last)})


def _base_at(base: Sequence[tuple[datetime, int]], moment: datetime) -> int:
    return next(price for at, price in reversed(base) if at <= moment)


def _ending(segment: Segment, at: datetime) -> Segment:
    return Segment(segment.starts_at, at, segment.layer, segment.price_minor)
