"""What a value is in a cell.

A spreadsheet runs a text that begins with `=`, `+`, `-`, `@` or a control character as a formula; after an
apostrophe it shows it. So that every text comes back as it was, one that looks guarded already gets another
apostrophe, and the empty text is an apostrophe, since an empty cell is null.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import Any

import msgspec
from sqlalchemy import JSON, Boolean, String
from sqlalchemy import Enum as EnumType
from sqlalchemy.types import TypeEngine

Cell = str | int | float | bool | None

# Also behind spaces, and in the wide letters that some keyboards write.
GUARDED = re.compile(r"'*(?:\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]|\Z)")
EXACT = 1 << 53  # whole numbers up to here survive being a floating-point number


def guarded(text: str) -> str:
    return f"'{text}" if GUARDED.match(text) else text


def unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and GUARDED.match(cell) else cell


def is_json(kind: TypeEngine[Any]) -> bool:
    return isinstance(kind, JSON)


def cells_maker(kind: TypeEngine[Any], *, spelled: bool) -> Callable[[Sequence[Any]], Sequence[Cell]]:
    """What makes cells of the values of a column of this kind, many at a time. spelled: true and false as words"""
    if is_json(kind):
        return _documents
    if isinstance(kind, String) and not isinstance(kind, EnumType):
        return _texts
    return _words if spelled and isinstance(kind, Boolean) else msgspec.to_builtins


def text_of(value: Any) -> str | None:
    """A cell that a workbook gave, as the same cell of a CSV file would be."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    return value.isoformat() if isinstance(value, datetime | date | time) else str(value)


def _documents(values: Sequence[Any]) -> list[Cell]:
    return [None if value is None else bytes(value).decode() for value in values]


def _texts(values: Sequence[Any]) -> list[Cell]:
    return [None if value is None else guarded(value) for value in values]


def _words(values: Sequence[Any]) -> list[Cell]:
    return [None if value is None else "true" if value else "false" for value in values]
