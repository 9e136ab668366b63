"""What a value is in a cell.

A spreadsheet runs a text that begins with `=`, `+`, `-`, `@` or a control character as a formula; after an
apostrophe it shows it. So that every text comes back as it was, one that looks guarded already gets another
apostrophe, and the empty text is an apostrophe, since an empty cell is null.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import msgspec
from sqlalchemy import JSON, String
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


def cell_maker(kind: TypeEngine[Any]) -> Callable[[Any], Cell]:
    """What makes a cell of a record's value in a column of this kind."""
    if is_json(kind):
        return lambda value: None if value is None else bytes(value).decode()
    if isinstance(kind, String) and not isinstance(kind, EnumType):
        return lambda value: None if value is None else guarded(value)
    return _plain


def text_of(value: Any) -> str | None:
    """A cell that a workbook gave, as the same cell of a CSV file would be."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    return value.isoformat() if isinstance(value, datetime | date | time) else str(value)


def _plain(value: Any) -> Cell:
    if value is None or isinstance(value, str | int | float):
        return value
    plain: str = msgspec.to_builtins(value)
    return plain
