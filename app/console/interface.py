"""FAB's data interface made ours: writes through transaction(), reads eager, bounded and behind the shop wall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from app.console.lists import COUNT_CAP
from app.kit.db import transaction
from app.kit.errors import MESSAGES, Conflict

MESSAGES.update(
    {
        "not_unique": _l("There is one of that name already. Nothing was saved."),
        "in_use": _l("Something still refers to this. Remove that first; nothing was deleted."),
    }
)


class ConsoleInterface(SQLAInterface):
    """The rows of one model. `eager` names the relations that a list shows, so that it is one statement.

    FAB's own interface commits by itself, counts all rows with all their columns, and loads each
    relation row by row.
    """

    def __init__(self, obj: type[Any], session: Any = None, eager: Sequence[str] = ()) -> None:
        super().__init__(obj, session)
        self.eager = tuple(eager)

    def query(
        self, filters: Any = None, order_column: str = "", order_direction: str = "", page: Any = None, **sizes: Any
    ) -> tuple[int, list[Any]]:
        """The count, no further than the cap, and one page of rows; `sizes` holds `page_size`."""
        rows = self.apply_filters(self.session.query(self.obj), filters)
        keys = rows.with_entities(self.get_pk()).limit(COUNT_CAP + 1).subquery()
        count = self.session.scalar(select(func.count()).select_from(keys)) or 0
        rows = self.apply_order_by(rows, order_column, order_direction, add_pk=True)
        rows = self.apply_pagination(rows, page, sizes.get("page_size"))
        return count, rows.options(*self._loads()).all()

    def get(self, id: Any, filters: Any = None, *rest: Any, **more: Any) -> Any:  # noqa: A002 - FAB's name
        """The row of that id that the filters and the wall let through, with its relations; else None."""
        rows = self.apply_filters(self.session.query(self.obj), filters)
        return rows.filter(self.get_pk() == id).options(*self._loads()).one_or_none()

    def get_many(self, ids: Sequence[int], filters: Any) -> list[Any]:
        """The rows of these ids that the filters and the wall let through, locked, in one statement."""
        rows = self.apply_filters(self.session.query(self.obj), filters)
        key = self.get_pk()
        return list(rows.filter(key.in_(ids)).order_by(key).with_for_update(of=self.obj).all())

    def add(self, item: Any, commit: bool = True) -> None:
        """Insert a row. Raises Conflict("not_unique") instead of showing SQL to people."""
        with _friendly("not_unique"), transaction() as session:
            session.add(item)
            session.flush()

    def edit(self, item: Any, commit: bool = True) -> None:
        """Update a row that the session holds. Raises Conflict("not_unique")."""
        with _friendly("not_unique"), transaction() as session:
            session.add(item)
            session.flush()

    def delete(self, item: Any, commit: bool = True) -> None:
        """Delete a row. Raises Conflict("in_use") while others refer to it."""
        self.delete_all([item])

    def delete_all(self, items: list[Any]) -> None:
        """Delete rows, all or none. Raises Conflict("in_use") while others refer to one."""
        with _friendly("in_use"), transaction() as session:
            for item in items:
                session.delete(item)
            session.flush()

    def _loads(self) -> list[Any]:
        return [joinedload(getattr(self.obj, name)) for name in self.eager]


class _friendly:  # noqa: N801 - reads as a word of the `with` line
    """Turns a broken constraint into a sentence, outside the transaction that rolls back."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, IntegrityError):
            raise Conflict(self.code) from error
