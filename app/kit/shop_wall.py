"""The shop wall: one guard under every ORM query, so that nobody reaches another shop's rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, event, false
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)

from app.kit import context
from app.kit.errors import Forbidden


class ShopOwned:
    """Mixin of every table whose rows belong to one shop."""

    @declared_attr
    @classmethod
    def shop_id(cls) -> Mapped[int]:
        return mapped_column(BigInteger, ForeignKey("shop.id"), nullable=False, index=False)


class ScopeMissing(RuntimeError):
    """A query on shop-owned rows ran before anybody said which shops it may touch."""


@event.listens_for(Session, "do_orm_execute")
def _stand_guard(state: ORMExecuteState) -> None:
    if state.is_column_load or state.is_relationship_load:
        return  # of rows that have already passed
    scope = context.scope()
    if scope is None:
        _refuse_unscoped(state)
        return
    if not scope.everything:
        state.statement = state.statement.options(_criteria(sorted(scope.shop_ids)))


def _criteria(ids: list[int]) -> Any:
    if not ids:
        return with_loader_criteria(ShopOwned, lambda cls: false(), include_aliases=True)
    return with_loader_criteria(ShopOwned, lambda cls: cls.shop_id.in_(ids), include_aliases=True)


def _refuse_unscoped(state: ORMExecuteState) -> None:
    for mapper in state.all_mappers:
        if issubclass(mapper.class_, ShopOwned):
            raise ScopeMissing(f"{mapper.class_.__name__} was queried outside any shop scope")


@event.listens_for(Session, "before_flush")
def _guard_writes(session: Session, flush_context: object, instances: object) -> None:
    """A row can only be written into a shop of the scope, whatever a form has sent."""
    scope = context.scope()
    if scope is None or scope.everything:
        return
    for row in _written(session):
        if isinstance(row, ShopOwned) and row.shop_id not in scope.shop_ids:
            raise Forbidden("other_shop")


def _written(session: Session) -> Iterable[object]:
    yield from session.new
    yield from session.dirty
    yield from session.deleted


def assert_in_scope(shop_id: int) -> int:
    """`shop_id` when the scope holds it, for SQL written by hand. Raises Forbidden or ScopeMissing."""
    scope = context.scope()
    if scope is None:
        raise ScopeMissing("hand-written SQL ran outside any shop scope")
    if not scope.everything and shop_id not in scope.shop_ids:
        raise Forbidden("other_shop")
    return shop_id
