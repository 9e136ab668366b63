"""The values of a query's parameters, from their text.

Raises:
    Invalid: the text of the parameter `name` is not of its type.
"""

from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from pydantic import TypeAdapter, ValidationError

from opsroom.core.db.fields import ColumnField
from opsroom.core.errors import Invalid

MOST_VALUES = 500  # of one `in`
BOOLEAN = TypeAdapter(bool)

E = TypeVar("E", bound=StrEnum)


def whole_number(name: str, most: int, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise Invalid(f"{name}: a whole number from 1 to {most} is wanted.", parameter=name)
    return int(text)


def one_of(name: str, values: type[E], text: str) -> E:
    try:
        return values(text)
    except ValueError:
        raise Invalid(f"{name}: one of {', '.join(values)} is wanted.", parameter=name) from None


def filter_values(field: ColumnField, operator: str, name: str, text: str) -> tuple[Any, ...]:
    if operator == "isnull":
        return (typed(BOOLEAN, name, text),)
    if operator == "contains":
        return (_json_wanted(name, typed(field.adapter, name, text)),)
    if operator != "in":
        return (typed(field.adapter, name, text),)
    parts = text.split(",")
    if len(parts) > MOST_VALUES:
        raise Invalid(f"{name} takes at most {MOST_VALUES} values.", parameter=name)
    return tuple(typed(field.adapter, name, part) for part in parts)


def typed(adapter: TypeAdapter[Any], name: str, text: str) -> Any:
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        raise Invalid(f"{name}: {error.errors()[0]['msg']}.", parameter=name) from None


def _json_wanted(name: str, text: str) -> Any:
    """An object or an array of plain values, from their JSON; any other text is one element of an array."""
    if not text.startswith(("{", "[")):
        return [text]
    try:
        wanted = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        raise Invalid(f"{name}: neither a word nor a JSON array or object.", parameter=name) from None
    parts = wanted.values() if isinstance(wanted, dict) else wanted
    if any(isinstance(part, (dict, list)) or (isinstance(part, str) and "\0" in part) for part in parts):
        raise Invalid(f"{name}: its values must be plain: text, numbers, true, false, null.", parameter=name)
    return wanted
