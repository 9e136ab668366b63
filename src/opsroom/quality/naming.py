"""Records that a caller may name by their number instead of their id."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from opsroom.core.errors import NotFound


async def id_of(session: AsyncSession, number: InstrumentedAttribute[str], named: str, *, field: str) -> UUID:
    """The id of the record whose number, or else whose id, is `named`.

    Raises:
        NotFound: there is none; the refusal names `field`.
    """
    model: Any = number.class_
    ways = [number == named]
    with suppress(ValueError):
        ways.append(model.id == UUID(named))
    found: UUID | None = await session.scalar(select(model.id).where(or_(*ways)).order_by(number != named).limit(1))
    if found is None:
        raise NotFound(f"There is no {model.__name__.lower()} {named}.", field=field)
    return found
