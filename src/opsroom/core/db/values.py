"""What may be stored: values that one engine refuses, or takes silently, are refused on both."""

import math
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec
from pydantic_core import to_jsonable_python
from sqlalchemy import JSON, BigInteger, Integer, Numeric, SmallInteger, String, Table, null
from sqlalchemy.types import TypeEngine

from opsroom.core.errors import Invalid


def storable(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as a statement takes them.

    Raises:
        Invalid: a value does not fit its column; the sentence names it.
    """
    stored = {}
    for name, value in values.items():
        kind = table.c[name].type
        try:
            stored[name] = _document(value) if isinstance(kind, JSON) else value
            _check(kind, value)
        except ValueError as error:
            raise Invalid(f"{name}: {error}.", field=name) from None
    return stored


def _check(kind: TypeEngine[Any], value: Any) -> None:
    if isinstance(value, str) and not isinstance(value, Enum) and isinstance(kind, String):
        _check_text(value, kind.length)
    elif isinstance(value, int) and isinstance(kind, Integer):
        bits = 63 if isinstance(kind, BigInteger) else 15 if isinstance(kind, SmallInteger) else 31
        if not -(1 << bits) <= value < 1 << bits:
            raise ValueError(f"the number does not fit into {bits + 1} bits")
    elif isinstance(value, float | Decimal):
        _check_number(value, kind)


def _check_text(text: str, length: int | None) -> None:
    if "\0" in text:
        raise ValueError("text may not contain the character NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("the text is not valid Unicode") from None
    if length is not None and len(text) > length:
        raise ValueError(f"the text has {len(text)} characters, of at most {length}")


def _check_number(number: float | Decimal, kind: TypeEngine[Any]) -> None:
    if not math.isfinite(number):
        raise ValueError("the number must be finite")
    if not isinstance(kind, Numeric) or kind.precision is None or kind.scale is None:
        return
    if abs(round(Decimal(number), kind.scale)) >= 10 ** (kind.precision - kind.scale):
        raise ValueError(f"the number has more than {kind.precision - kind.scale} digits before the point")


def _document(value: Any) -> Any:
    """A JSON document; None is SQL's null, not JSON's."""
    if value is None:
        return null()
    document = to_jsonable_python(value, inf_nan_mode="null")
    try:
        text = msgspec.json.encode(document)
    except UnicodeEncodeError:
        raise ValueError("the text in it is not valid Unicode") from None
    if b"\\u0000" in text:
        raise ValueError("text may not contain the character NUL")
    return document
