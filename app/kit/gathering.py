"""Calls that come while others are at work wait for them, and are then done together by one of them, the leader.

A call that finds nobody at work leads at once. Who comes meanwhile is the next group. Only while groups follow each
other is a moment waited for those who were just answered: they come again, and else form two halves that take turns.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Given = TypeVar("Given")
log = logging.getLogger(__name__)
PATIENCE_SECONDS = 5.0
"""Who has heard nothing for so long goes alone."""
MOMENT_SECONDS = 0.0001
BUSY_SECONDS = 0.001
"""So long after a group another is likely."""


class _Place(Generic[Asked, Given]):
    """One call in the queue: `given` is what its group has brought, `leads` that it is to do the next group."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.given: Given | None = None
        self.leads = False
        self.called = threading.Event()


class Gathering(Generic[Asked, Given]):
    """Groups of calls, apart by name, among the threads of one process.

    `together(close)` does a group. It calls `close` once, as late as it can, for what the group asks in the order of
    arrival, and gives as many answers; for None the call goes alone. All of them do when `together` raises: nobody
    fails for another.
    """

    def __init__(self, together: Callable[[Callable[[], Sequence[Asked]]], Sequence[Given | None]]) -> None:
        self._together = together
        self._lock = threading.Lock()
        self._queues: dict[Hashable, list[_Place[Asked, Given]]] = {}
        """By name, those who wait for the next group; a name is there as long as somebody leads."""
        self._ended = -BUSY_SECONDS
        """When a group of several ended last, by the monotonic clock."""

    def do(self, name: Hashable, asked: Asked, alone: Callable[[], Given]) -> Given:
        """What a group of that name has brought for `asked`, else what `alone` gives."""
        mine = self._come(name, asked)
        if not mine.leads:
            mine.called.wait(PATIENCE_SECONDS)
            self._wait_no_longer(name, mine)
        if mine.leads:
            if time.monotonic() < self._ended + BUSY_SECONDS:
                time.sleep(MOMENT_SECONDS)
            self._lead(name, mine)
        return alone() if mine.given is None else mine.given

    def _come(self, name: Hashable, asked: Asked) -> _Place[Asked, Given]:
        mine: _Place[Asked, Given] = _Place(asked)
        with self._lock:
            mine.leads = name not in self._queues
            self._queues.setdefault(name, []).append(mine)
        return mine

    def _wait_no_longer(self, name: Hashable, mine: _Place[Asked, Given]) -> None:
        """Leave the queue, unless it is one's turn to lead."""
        with self._lock:
            if not mine.leads and mine in self._queues.get(name, ()):
                self._queues[name].remove(mine)

    def _lead(self, name: Hashable, mine: _Place[Asked, Given]) -> None:
        group: list[_Place[Asked, Given]] = []

        def close() -> list[Asked]:
            with self._lock:
                group.extend(self._queues[name])
                self._queues[name] = []
            return [one.asked for one in group]

        try:
            for one, given in zip(group, self._together(close), strict=True):
                one.given = given
        except Exception:
            log.warning("a group of %d is done one by one", len(group), exc_info=True)
        finally:
            if len(group) > 1:
                self._ended = time.monotonic()
            for one in group:
                one.called.set()
            self._hand_over(name, mine)

    def _hand_over(self, name: Hashable, mine: _Place[Asked, Given]) -> None:
        """Have the first of those who wait lead the next group."""
        with self._lock:
            waiting = [one for one in self._queues[name] if one is not mine]  # mine is there when nothing was closed
            if not waiting:
                del self._queues[name]
                return
            self._queues[name], waiting[0].leads = waiting, True
        waiting[0].called.set()
