"""Every fault against every channel; the outcomes are docs/payments.md (KUAIDAN_WRITE_FAULTS=1 writes them anew)."""

from __future__ import annotations

import os

import pytest

from tests.conftest import ROOT
from tests.gateways.gateway import Fault, Lie
from tests.lengths import SOAK
from tests.payments.faults import bill_scenes, scenes
from tests.payments.faults.stage import GATEWAYS, on_stage

pytestmark = [pytest.mark.commits, pytest.mark.slow]
SCENES = {**scenes.SCENES, **bill_scenes.SCENES}
PAGE = ROOT / "docs/payments.md"
OF_EACH_CHANNEL = {
    scenes.LIE_NAMES[Lie.TAMPERED],
    *(f"{operation}: {Fault.CUT_AFTER.value}" for operation in ("create", "query", "refund")),
    "bill: cut in half",
}
"""Faults that in short are tried on each real channel, beside those that end there in a way of their own."""
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"


def _table() -> dict[str, dict[str, str]]:
    """The outcomes on the page: fault → channel → outcome."""
    lines = PAGE.read_text("utf-8").split(BEGIN)[1].split(END)[0].strip().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(rows[0][1:], row[1:], strict=True)) for row in rows[2:]} if rows else {}


def _write(code: str, outcomes: dict[str, str]) -> None:
    table = _table()
    for fault in SCENES:
        table.setdefault(fault, {})[code] = outcomes[fault]
    head = f"| Fault | {' | '.join(GATEWAYS)} |"
    rows = [f"| {fault} | {' | '.join(table[fault].get(one, '?') for one in GATEWAYS)} |" for fault in SCENES]
    rule = "|---" * (len(GATEWAYS) + 1) + "|"
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    PAGE.write_text("\n".join([before + BEGIN, head, rule, *rows, END]) + rest.split(END)[1], "utf-8")


def _tried(code: str) -> list[str]:
    """In full all faults; in short all on the simulator, and of another channel what tells it from the simulator."""
    if SOAK or code == "simulator" or os.environ.get("KUAIDAN_WRITE_FAULTS"):
        return list(SCENES)
    page = _table()
    return [fault for fault in SCENES if fault in OF_EACH_CHANNEL or page[fault][code] != page[fault]["simulator"]]


def test_the_page_tells_of_every_fault_on_every_channel() -> None:
    page = _table()
    assert list(page) == list(SCENES)
    assert {tuple(row) for row in page.values()} == {tuple(GATEWAYS)}


@pytest.mark.soak
@pytest.mark.parametrize("code", GATEWAYS)
def test_every_fault_ends_as_the_page_says(app, monkeypatch, code: str) -> None:
    from app.payments.channels import simulator, wire

    monkeypatch.setattr(wire, "READ_SECONDS", 2.0)
    monkeypatch.setattr(simulator, "SECONDS", 0.25)
    outcomes = {}
    with on_stage(app, code) as stage:
        for fault in _tried(code):
            outcomes[fault] = SCENES[fault](stage)

    if os.environ.get("KUAIDAN_WRITE_FAULTS"):
        _write(code, outcomes)
    page = _table()
    assert {fault: page[fault][code] for fault in outcomes} == outcomes
    assert len(outcomes) == len(page) if SOAK else len(outcomes) > len(OF_EACH_CHANNEL)
