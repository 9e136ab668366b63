"""What may be stored: values that one engine refuses, or changes silently, are refused on both."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from pydantic_core import to_jsonable_python
from sqlalchemy import JSON, Table, null

from opsroom.core.errors import Invalid


def storable(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the statement takes them.

    Raises:
        Invalid: text with the character NUL or half a surrogate pair, or a number that is none.
    """
    return {
        name: _storable(name, value, is_json=isinstance(table.c[name].type, JSON)) for name, value in values.items()
    }


def _storable(name: str, value: Any, *, is_json: bool) -> Any:
    if is_json:
        return null() if value is None else _storable_json(name, value)
    if isinstance(value, str) and "\0" in value:
        raise Invalid(f"{name}: text may not contain the character NUL.", field=name)
    if isinstance(value, float) and not math.isfinite(value):
        raise Invalid(f"{name}: the number must be finite.", field=name)
    return value


def _storable_json(name: str, value: Any) -> Any:
    document = to_jsonable_python(value, inf_nan_mode="null")
    try:
        text = msgspec.json.encode(document)
    except (UnicodeEncodeError, ValueError):
        raise Invalid(f"{name}: the text in it is not valid Unicode.", field=name) from None
    if b"\\u0000" in text:
        raise Invalid(f"{name}: text may not contain the character NUL.", field=name)
    return document
