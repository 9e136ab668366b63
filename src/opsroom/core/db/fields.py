"""What a column is to the world: how it may be asked for, and how its value goes on the wire.

On the wire, alike from both engines: instants RFC 3339 with `Z`, enumerations as their values, ids as
text, decimals as strings, JSON as JSON.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from pydantic import AfterValidator, AwareDatetime, Field, TypeAdapter
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Float,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Time,
    Uuid,
)
from sqlalchemy import Enum as EnumType
from sqlalchemy.types import TypeDecorator, TypeEngine

from opsroom.core.db.columns import Instant, Money
from opsroom.core.db.compiled import DIALECTS

Wire = Callable[[Any], Any]

SAME = ("eq", "ne", "in")
ORDERED = (*SAME, "gt", "gte", "lt", "lte")
TEXT = (*SAME, "icontains", "startswith")


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("the instant lies outside the years 1 to 9999") from None


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("text may not contain the character NUL")
    return text


Words = Annotated[str, Field(max_length=1000), AfterValidator(_without_nul)]

# The first that fits decides. An integer's bounds are the column's: one engine refuses what lies outside.
KINDS: tuple[tuple[type[TypeEngine[Any]], Any, tuple[str, ...]], ...] = (
    (Uuid, UUID, SAME),
    (Boolean, bool, ("eq",)),
    (SmallInteger, Annotated[int, Field(ge=-(1 << 15), lt=1 << 15)], ORDERED),
    (BigInteger, Annotated[int, Field(ge=-(1 << 63), lt=1 << 63)], ORDERED),
    (Integer, Annotated[int, Field(ge=-(1 << 31), lt=1 << 31)], ORDERED),
    (Float, Annotated[float, Field(allow_inf_nan=False)], ORDERED),
    (Numeric, Annotated[Decimal, Field(allow_inf_nan=False)], ORDERED),
    (Money, Annotated[Decimal, Field(max_digits=16, decimal_places=2, allow_inf_nan=False)], ORDERED),
    (Instant, Annotated[AwareDatetime, AfterValidator(_in_utc)], ORDERED),
    (Date, date, ORDERED),
    (Time, time, ORDERED),
    (String, Words, TEXT),
    (JSON, Words, ("contains",)),
)


@dataclass(frozen=True, slots=True, eq=False)
class ColumnField:
    """operators: what may be asked of it; empty for a column no filter understands
    adapter: reads one value from the text of a query
    """

    name: str
    column: ColumnElement[Any]
    nullable: bool
    operators: tuple[str, ...]
    adapter: TypeAdapter[Any]

    @property
    def orderable(self) -> bool:
        return bool(self.operators) and not isinstance(self.column.type, JSON)


def field_of(name: str, column: ColumnElement[Any]) -> ColumnField:
    python_type, operators = _kind(column.type)
    nullable = bool(getattr(column, "nullable", True))
    if nullable and operators:
        operators = (*operators, "isnull")
    return ColumnField(name, column, nullable, operators, TypeAdapter(python_type))


def wire_of(kind: TypeEngine[Any], dialect_name: str) -> Wire | None:
    """What turns a driver's value, never None, into one for the wire; None if it may go as it is."""
    if isinstance(kind, JSON) or (isinstance(kind, TypeDecorator) and isinstance(kind.impl_instance, JSON)):
        return _raw_json
    if dialect_name == "sqlite":
        for plain, convert in SQLITE:
            if isinstance(kind, plain):
                return convert
    elif not isinstance(kind, TypeDecorator) or isinstance(kind, Instant):
        return None
    dialect = DIALECTS[dialect_name]
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _kind(kind: TypeEngine[Any]) -> tuple[Any, tuple[str, ...]]:
    if isinstance(kind, EnumType):
        listed: Any = kind.enum_class or Literal[tuple(kind.enums)]
        return listed, SAME
    for sql_type, python_type, operators in KINDS:
        if isinstance(kind, sql_type):
            return python_type, operators
    return Any, ()


def _raw_json(text: str | float | dict[str, Any] | list[Any]) -> msgspec.Raw:
    # SQLite keeps a document that is a bare number as that number; on PostgreSQL a unit of work's driver has read it.
    return msgspec.Raw(msgspec.json.encode(text) if isinstance(text, dict | list) else str(text).encode())


def _dashed(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _rfc3339(text: str) -> str:
    return f"{text[:10]}T{text[11:].removesuffix('.000000')}Z"


def _clock_time(text: str) -> str:
    return text.removesuffix(".000000")


SQLITE: tuple[tuple[type[TypeEngine[Any]], Wire | None], ...] = (
    (Uuid, _dashed),
    (Boolean, bool),
    (Instant, _rfc3339),
    (Time, _clock_time),
    (Date, None),
    (EnumType, None),
    (String, None),
    (Integer, None),
)
