"""Random lives on a clean table: what one of them wrote is taken back before the next begins."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import NestedTransaction, text

from app.kit.db import db


class OwnLife(RuleBasedStateMachine):
    """Call `begin_life` first; tables then hold the rows of this life alone, so that its thousandth step costs no
    more than its first. Needs the connection that a test without the mark `commits` is lent."""

    life: NestedTransaction | None = None

    def begin_life(self) -> None:
        """From here on all is taken back at the end. Indexes are used, though there are no statistics."""
        db.session.remove()
        self.life = db.engine.begin_nested()  # type: ignore[attr-defined]  # it is a connection
        db.session.execute(text("set local enable_seqscan = off"))

    def teardown(self) -> None:
        """Take it back."""
        if self.life:
            db.session.remove()
            self.life.rollback()


def live(machine: type[OwnLife], steps: int, enough: Callable[[], bool], lives: int = 12, rounds: int = 12) -> None:
    """Rounds of so many lives of so many steps, until there is `enough`; at most twelve rounds.

    A round is a seed, so that a run can be had again. A life that fails is not made shorter: that can take minutes.
    """
    calm = settings(
        max_examples=lives,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    for number in range(rounds):
        run_state_machine_as_test(seed(number)(machine), settings=calm)
        if enough():
            return
