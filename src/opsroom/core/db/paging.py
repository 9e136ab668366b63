"""One page of a list, as it is described and as hand-written routes make it."""

from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

DEFAULT_SIZE = 50
MOST_SIZE = 1000
MOST_PAGE = 1_000_000

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int | None = Field(description="how many there are in all; null when they were not counted")
    page: int | None = Field(description="from 1; null after a cursor")
    size: int
    pages: int | None = Field(description="null when they were not counted")
    next_cursor: str | None = Field(description="gives the next page as `cursor=`; null on the last one")


@dataclass(frozen=True, slots=True)
class PageRequest:
    page: int
    size: int

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size


async def page_request(
    page: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 1,
    size: Annotated[int, Query(ge=1, le=MOST_SIZE)] = DEFAULT_SIZE,
) -> PageRequest:
    return PageRequest(page, size)


Pagination = Annotated[PageRequest, Depends(page_request)]


async def paginate(connection: AsyncConnection, statement: Select[Any], asked: PageRequest) -> Page[dict[str, Any]]:
    """A page of any select, counted; its rows as dictionaries by column name."""
    total = await connection.scalar(select(func.count()).select_from(statement.order_by(None).subquery()))
    result = await connection.execute(statement.limit(asked.size).offset(asked.offset))
    return Page(
        items=[dict(row) for row in result.mappings()],
        total=total or 0,
        page=asked.page,
        size=asked.size,
        pages=page_count(total or 0, asked.size),
        next_cursor=None,
    )


def page_count(total: int, size: int) -> int:
    return -(-total // size)
