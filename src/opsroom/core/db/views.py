"""What is read of a table, and what may be asked of a list of its rows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Integer, Table, literal

from opsroom.core.db.conditions import Order
from opsroom.core.db.fields import ColumnField
from opsroom.core.db.paging import DEFAULT_SIZE

Directions = tuple[tuple[str, bool], ...]  # (field, descending)

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class View:
    """
    shown: the fields of a whole record, in order
    filterable: those that may be asked for
    order: that of a list which asks for none
    search: the text fields that words are looked for in
    key: a unique field that names a row beside the id
    parent: the column by which a nested list is narrowed
    counted: whether a first page has a total where nothing is said
    """

    table: Table
    fields: dict[str, ColumnField]
    shown: tuple[str, ...]
    filterable: tuple[ColumnField, ...]
    order: Directions
    search: tuple[str, ...] = ()
    key: str = "id"
    parent: str | None = None
    counted: bool = True

    @cached_property
    def version(self) -> ColumnElement[int]:
        """What counts a row's changes; rows of a table that has none never change."""
        return self.table.c.version if "version" in self.table.c else literal(1, Integer())

    def full_order(self, asked: Directions) -> Order:
        """The order asked for, or the view's own, made total by the id."""
        order = asked or self.order
        if all(name != "id" for name, _ in order):
            order = (*order, ("id", order[-1][1]))
        return tuple((self.fields[name], descending) for name, descending in order)

    def read_key(self, key: str | UUID) -> tuple[Any, Any]:
        """A path's last part as an id, and as a value of the view's own key, where it can be one."""
        by_id = self._read("id", key) if self.table.c.id.type.python_type is not UUID or _is_id(key) else None
        return by_id, None if self.key == "id" else self._read(self.key, key)

    def _read(self, name: str, key: str | UUID) -> Any:
        try:
            return self.fields[name].adapter.validate_python(str(key))
        except ValidationError:
            return None


@dataclass(frozen=True, slots=True)
class Condition:
    """`operator` is one of the field's; `values` are typed, one for all operators but `in`."""

    field: str
    operator: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked of a list.

    order: empty for the view's own order
    words: each must occur in one of the fields that are searched
    fields: empty for all
    cursor: given, the list goes on after it and `page` is not looked at
    total: whether to count; None for yes, except after a cursor
    """

    conditions: tuple[Condition, ...] = ()
    order: Directions = ()
    words: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    page: int = 1
    size: int = DEFAULT_SIZE
    cursor: str | None = None
    total: bool | None = None

    @property
    def counted(self) -> bool:
        return self.cursor is None if self.total is None else self.total

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size if self.cursor is None else 0


def directions(parts: Iterable[str]) -> Directions:
    """From `-created_at`, `name`."""
    return tuple((part.removeprefix("-"), part.startswith("-")) for part in parts if part)


def _is_id(key: str | UUID) -> bool:
    return isinstance(key, UUID) or UUID_TEXT.fullmatch(key) is not None
