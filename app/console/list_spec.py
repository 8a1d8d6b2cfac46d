"""What a list is: columns, tabs, filters, actions; and one state of it as the URL holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from app.kit.permissions import Noun, Verb


@dataclass(frozen=True)
class Column:
    """A column: `cell` renders one row (text or Markup); `sort` is a NOT NULL attribute with an index beneath it.

    The first visible cell becomes the link to the row, so it should hold no link of its own. `export` gives the
    value for a workbook column of the kind `sheet` (text, integer, money in minor units, date, datetime); without
    it the cell's text is taken. `follows` names filters that lie together in this column's order, as a range of days
    does under the order's number: there a walk in that order might pass every other row first. A list with columns
    `on_phone` shows a narrow screen those alone, as two lines a row, until the person chooses columns; `phone_label`
    stands before such a value where it does not speak for itself.
    """

    key: str
    label: Any
    cell: Callable[[Any], Any]
    sort: Any = None
    align: str = "start"
    shown: bool = True
    export: Callable[[Any], Any] | None = None
    sheet: str = "text"
    follows: tuple[str, ...] = ()
    on_phone: bool = False
    phone_label: bool = False


@dataclass(frozen=True)
class Tab:
    """A status tab: the conditions that it adds.

    Where no condition can be served by an index, `rows` collects the ids of the tab's rows instead, and `of_row` says
    the same of one row: a tab of few rows is shown from their ids, one of many by a walk that soon fills a page.
    `collected`: its rows are few of all and an index has them, so that they are found first and then sorted.
    """

    key: str
    label: Any
    where: tuple[ColumnElement[bool], ...] = ()
    rows: Select[int] | None = None
    of_row: ColumnElement[bool] | None = None
    collected: bool = False

    def ids(self, model: type[Any], mine: ColumnElement[bool], limit: int) -> Select[int]:
        """The ids of its first so many rows; `mine` are the rows of the shop."""
        found = select(model.id).where(mine, *self.where) if self.rows is None else self.rows
        return found.limit(limit)


@dataclass(frozen=True)
class Filter:
    """A filter chip; `where` gets the values of `?f_<key>=`.

    `kind`: "choice" (is any of; `choices` gives (value, label) pairs), "days" (`day_range`),
    "number" (`number_range`) or "text". A `rare` one stands behind "More filters" until it is used.
    """

    key: str
    label: Any
    where: Callable[[list[str]], ColumnElement[bool]]
    choices: Callable[[], Sequence[tuple[str, Any]]] | None = None
    kind: str = "choice"
    rare: bool = False


@dataclass(frozen=True)
class ListSpec:
    """What a list shows and how it may be asked; `default_sort` like `-placed_at`.

    `enrich` hangs on the rows of one page what their cells need beyond the row, in one statement.
    """

    name: str
    model: type[Any]
    columns: tuple[Column, ...]
    default_sort: str
    tabs: tuple[Tab, ...] = ()
    filters: tuple[Filter, ...] = ()
    search: Callable[[str], ColumnElement[bool]] | None = None
    search_hint: Any = ""
    loads: tuple[Any, ...] = ()
    page_size: int = 25
    enrich: Callable[[list[Any]], None] | None = None


@dataclass(frozen=True)
class Asked:
    """A list's state as the URL holds it, checked."""

    tab: str
    text: str
    sort: str
    filters: Mapping[str, list[str]]
    after: str
    before: str
    size: int
    columns: tuple[str, ...] = field(default=())
    view: str = ""


@dataclass(frozen=True)
class Page:
    """One page of rows and the cursors beside it; a cursor is empty where there is nothing."""

    rows: list[Any]
    next: str
    previous: str


@dataclass(frozen=True)
class BulkAction:
    """A button of the bulk bar; posts `selection`, `ids` and `query` to the endpoint `url`.

    The page behind it reads the rows by `lists.selection_from`. `confirm` asks first, where no preview follows.
    """

    label: Any
    icon: str
    url: str
    noun: Noun
    verb: Verb
    confirm: Any = ""
    danger: bool = False


@dataclass(frozen=True)
class Action:
    """A button in the head of a list that leads to the endpoint `url`; the primary one stands last."""

    label: Any
    icon: str
    url: str
    noun: Noun
    verb: Verb
    primary: bool = False


@dataclass(frozen=True)
class Empty:
    """What a list without any row says, and the next step that it offers."""

    icon: str
    title: Any
    text: Any = ""
    action: Action | None = None
