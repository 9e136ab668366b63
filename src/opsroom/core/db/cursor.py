"""The opaque cursor: the order it belongs to, and the place of the last row in it."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import msgspec
from pydantic import ValidationError

from opsroom.core.db.conditions import Order
from opsroom.core.errors import Invalid

PLAIN = (str, int, float, type(None))


def write_cursor(order: Order, values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([_signature(order), *values])).decode().rstrip("=")


def read_cursor(order: Order, text: str, *, raw: bool) -> tuple[Any, ...]:
    """The values of a cursor, as the driver gave them when `raw`, else typed as their columns.

    Raises:
        Invalid: it is no cursor of ours, or one of a list in another order.
    """
    try:
        signature, *values = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, msgspec.DecodeError, ValueError, TypeError):
        raise _unreadable() from None
    if signature != _signature(order):
        raise Invalid(
            "This cursor belongs to a list in another order; ask with the same `order`, or without a cursor.",
            code="cursor_of_another_order",
            parameter="cursor",
        )
    if len(values) != len(order) or any(not isinstance(value, PLAIN) for value in values):
        raise _unreadable()
    if raw:
        return tuple(values)
    try:
        return tuple(
            None if value is None else field.adapter.validate_python(value)
            for (field, _), value in zip(order, values, strict=True)
        )
    except ValidationError:
        raise _unreadable() from None


def _signature(order: Order) -> str:
    return ",".join(f"-{field.name}" if descending else field.name for field, descending in order)


def _unreadable() -> Invalid:
    return Invalid("This is not a cursor of this list.", code="cursor_unreadable", parameter="cursor")
