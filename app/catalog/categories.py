"""The category tree of a shop: in order, with depth; a branch with all that hangs on it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select

from app.catalog.models import Category
from app.kit.db import db
from app.kit.errors import RuleViolation


@dataclass(frozen=True)
class Node:
    """A category at its depth (0 = top)."""

    id: int
    name: str
    depth: int

    @property
    def label(self) -> str:
        """The name, indented by depth, for select boxes."""
        return "\u2003" * self.depth + self.name


def tree(shop_id: int) -> list[Node]:
    """Every category of the shop in the order of the tree; one statement."""
    rows = db.session.execute(
        select(Category.id, Category.parent_id, Category.name)
        .where(Category.shop_id == shop_id)
        .order_by(Category.position, Category.name, Category.id)
    ).all()
    children: dict[int | None, list[tuple[int, str]]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append((row.id, row.name))
    found: list[Node] = []
    waiting = [(top, name, 0) for top, name in reversed(children.get(None, []))]
    while waiting:
        key, name, depth = waiting.pop()
        found.append(Node(key, name, depth))
        waiting.extend((child, its, depth + 1) for child, its in reversed(children.get(key, [])))
    return found


def check(category: Category) -> None:
    """Refuse a category below itself or below another shop's. Raises RuleViolation."""
    parent = category.parent
    if parent is None:
        return
    if parent.shop_id != category.shop_id:
        raise RuleViolation("category_unknown")
    if category.id is not None:
        below = set(db.session.scalars(branch(category.shop_id, [category.id])))
        if parent.id in below:
            raise RuleViolation("category_cycle", name=category.name)


def branch(shop_id: int, roots: list[int]) -> Select[int]:
    """The ids of these categories of the shop and of all below them."""
    base = select(Category.id).where(Category.shop_id == shop_id, Category.id.in_(roots)).cte("branch", recursive=True)
    below = select(Category.id).where(Category.shop_id == shop_id, Category.parent_id == base.c.id)
    return select(base.union(below).c.id)
