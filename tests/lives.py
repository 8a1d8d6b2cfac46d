"""Random lives on a clean table: what one of them wrote is taken back before the next begins."""

from __future__ import annotations

from hypothesis.stateful import RuleBasedStateMachine
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
