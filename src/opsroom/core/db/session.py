"""The dependencies by which a route reaches the database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.db.engine import Database
from opsroom.core.errors import Refusal

T = TypeVar("T")


def database_of(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def the_database(request: Request) -> Database:
    """A coroutine, because FastAPI sends a plain function to a thread and back."""
    return database_of(request)


async def unit_of_work(request: Request) -> AsyncIterator[AsyncSession]:
    async with database_of(request).transaction() as session:
        request.state.session = session
        if (first := getattr(request.state, "first_in_unit", None)) is not None:
            await first(session)
        yield session


def begin_with(request: Request, first: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Have the request's unit of work begin with this, before its route is called."""
    request.state.first_in_unit = first


def session_of(request: Request) -> AsyncSession:
    """The session of the unit of work that the request has open."""
    session: AsyncSession = request.state.session
    return session


async def attempt(session: AsyncSession, write: Awaitable[T]) -> T | Refusal:
    """What the write gives, or the refusal it met, of which then nothing is left."""
    try:
        async with session.begin_nested():
            return await write
    except Refusal as refusal:
        return refusal


async def reading(request: Request) -> AsyncIterator[AsyncConnection]:
    async with database_of(request).reading() as connection:
        yield connection


# scope="function": closed, and so committed, before the answer leaves. The default closes a
# dependency after the response, when a failing commit could no longer be told to the client.
Unit = Annotated[AsyncSession, Depends(unit_of_work, scope="function")]
Reading = Annotated[AsyncConnection, Depends(reading, scope="function")]
TheDatabase = Annotated[Database, Depends(the_database)]
