"""Calls of one moment are done together by one of them; each gets its own answer, and nobody waits for ever."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from app.kit import gathering
from app.kit.gathering import Gathering


class Deeds:
    """Gathers numbers and answers with their tenfold; what a group does first can be set by the test."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.first: Callable[[], Any] = lambda: None
        self.answer: Callable[[int], int | None] = lambda number: number * 10
        self.gathering: Gathering[int, int] = Gathering(self._together)
        self.answers: dict[int, int] = {}
        self.threads: list[threading.Thread] = []

    def _together(self, close: Callable[[], Sequence[int]]) -> list[int | None]:
        self.first()
        group = list(close())
        self.groups.append(group)
        return [self.answer(number) for number in group]

    def ask(self, number: int, name: str = "x") -> None:
        """In a thread of its own; alone it would be answered with its negative."""

        def run() -> None:
            self.answers[number] = self.gathering.do(name, number, lambda: -number)

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def ask_in_order(self, *numbers: int) -> None:
        """One after another, while a group is held at its beginning."""
        for number in numbers:
            waiting = self.waiting()
            self.ask(number)
            until(lambda waiting=waiting: self.waiting() > waiting)

    def waiting(self, name: str = "x") -> int:
        return len(self.gathering._queues.get(name, ()))

    def join(self) -> dict[int, int]:
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive()
        assert self.gathering._queues == {}
        return self.answers


def until(true: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came true")


@pytest.fixture
def deeds() -> Deeds:
    return Deeds()


def test_a_lone_call_goes_at_once_as_a_group_of_one(deeds) -> None:
    deeds.ask(1)
    assert deeds.join() == {1: 10}
    assert deeds.groups == [[1]]


def test_who_comes_while_groups_follow_each_other_waits_a_moment_for_others(deeds, monkeypatch) -> None:
    monkeypatch.setattr(gathering, "BUSY_SECONDS", 600)
    monkeypatch.setattr(gathering, "MOMENT_SECONDS", 3)
    deeds.first = lambda: until(lambda: deeds.waiting() == 2)
    deeds.ask_in_order(1)
    deeds.ask(2)
    deeds.join()
    deeds.first = lambda: None
    deeds.ask_in_order(3)
    deeds.ask(4)
    assert deeds.join() == {1: 10, 2: 20, 3: 30, 4: 40}
    assert deeds.groups == [[1, 2], [3, 4]]


def test_a_lone_call_after_a_lone_one_waits_for_nobody(deeds, monkeypatch) -> None:
    monkeypatch.setattr(gathering, "BUSY_SECONDS", 600)
    monkeypatch.setattr(gathering, "MOMENT_SECONDS", 600)
    for number in (1, 2):
        deeds.ask(number)
        deeds.join()
    assert deeds.groups == [[1], [2]]


def test_who_comes_before_a_group_closes_is_in_it_and_who_comes_after_is_the_next(deeds) -> None:
    gate = threading.Event()
    deeds.first = lambda: gate.wait(30)
    deeds.ask_in_order(1, 2, 3)

    closed, late = threading.Event(), threading.Event()

    def answer(number: int) -> int:
        closed.set()
        late.wait(30)
        return number * 10

    deeds.answer = answer
    gate.set()
    closed.wait(30)
    deeds.ask_in_order(4, 5)
    late.set()

    assert deeds.join() == {1: 10, 2: 20, 3: 30, 4: 40, 5: 50}
    assert deeds.groups == [[1, 2, 3], [4, 5]]


def test_what_the_group_leaves_out_goes_alone(deeds) -> None:
    gate = threading.Event()
    deeds.first = lambda: gate.wait(30)
    deeds.answer = lambda number: None if number == 2 else number * 10
    deeds.ask_in_order(1, 2, 3)
    gate.set()

    assert deeds.join() == {1: 10, 2: -2, 3: 30}


def test_a_group_that_breaks_fails_nobody(deeds) -> None:
    gate = threading.Event()
    deeds.first = lambda: gate.wait(30)
    deeds.answer = lambda number: number // 0
    deeds.ask_in_order(1, 2, 3)
    gate.set()

    assert deeds.join() == {1: -1, 2: -2, 3: -3}


def test_a_leader_that_cannot_even_begin_leaves_the_others_to_the_next(deeds) -> None:
    gate, fails = threading.Event(), iter([True, False])

    def begin() -> None:
        gate.wait(30)
        if next(fails):
            raise OSError("no connection")

    deeds.first = begin
    deeds.ask_in_order(1, 2, 3)
    gate.set()

    assert deeds.join() == {1: -1, 2: 20, 3: 30}
    assert deeds.groups == [[2, 3]]


def test_an_exit_of_the_leader_is_its_own_and_the_queue_goes_on(deeds, monkeypatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    gate, exits = threading.Event(), iter([True, False])

    def begin() -> None:
        gate.wait(30)
        if next(exits):
            raise SystemExit

    deeds.first = begin
    deeds.ask_in_order(1, 2)
    gate.set()

    assert deeds.join() == {2: 20}


def test_nobody_waits_for_ever_behind_a_leader_that_hangs(deeds, monkeypatch) -> None:
    monkeypatch.setattr(gathering, "PATIENCE_SECONDS", 0.2)
    gate = threading.Event()
    deeds.first = lambda: gate.wait(30)
    deeds.ask_in_order(1, 2)
    until(lambda: 2 in deeds.answers)
    assert deeds.answers == {2: -2}

    gate.set()
    assert deeds.join() == {1: 10, 2: -2}
    assert deeds.groups == [[1]]


def test_names_do_not_wait_for_each_other(deeds) -> None:
    gate = threading.Event()
    deeds.answer = lambda number: gate.wait(30) and number * 10 if number == 1 else number * 10
    deeds.ask(1, "x")
    until(lambda: deeds.groups == [[1]])
    deeds.ask(2, "y")
    until(lambda: deeds.answers == {2: 20})
    gate.set()

    assert deeds.join() == {1: 10, 2: 20}


def test_each_of_thousands_gets_its_own_answer_whatever_breaks(deeds) -> None:
    luck = random.Random(8)

    def answer(number: int) -> int | None:
        if luck.random() < 0.02:
            raise ValueError("broken")
        return None if luck.random() < 0.1 else number * 10

    deeds.answer = answer
    wrong: list[int] = []

    def run(first: int) -> None:
        for number in range(first, first + 300):
            if deeds.gathering.do(number % 3, number, lambda number=number: -number) not in (number * 10, -number):
                wrong.append(number)

    deeds.threads = [threading.Thread(target=run, args=(1_000 * thread,)) for thread in range(1, 13)]
    for thread in deeds.threads:
        thread.start()
    deeds.join()

    assert wrong == []
    assert sorted(number for group in deeds.groups for number in group) == sorted(
        number for thread in range(1, 13) for number in range(1_000 * thread, 1_000 * thread + 300)
    )
