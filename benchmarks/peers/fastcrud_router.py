"""FastCRUD: its own router over the table."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastcrud import FilterConfig, crud_router
from pydantic import BaseModel, Field
from sqlalchemy import Integer, event, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from stores_table import DATABASE_URL, StoreColumns, sqlite_settings


class Base(DeclarativeBase):
    pass


class Store(StoreColumns, Base):
    version: Mapped[int] = mapped_column(Integer, default=1, onupdate=text("version + 1"))


class StoreCreate(BaseModel):
    external_id: str = Field(min_length=1, max_length=255)
    name: str | None = Field(None, max_length=200)
    zone: str | None = Field(None, max_length=64)
    group: str | None = Field(None, max_length=100)
    tags: dict[str, Any] = {}
    active: bool = True


class StoreUpdate(BaseModel):
    external_id: str | None = Field(None, min_length=1, max_length=255)
    name: str | None = Field(None, max_length=200)
    zone: str | None = Field(None, max_length=64)
    group: str | None = Field(None, max_length=100)
    tags: dict[str, Any] | None = None
    active: bool | None = None


class StoreRead(StoreCreate):
    id: UUID
    created_at: datetime
    updated_at: datetime
    version: int


engine = create_async_engine(DATABASE_URL, pool_size=20, max_overflow=30)
if engine.dialect.name == "sqlite":
    event.listen(engine.sync_engine, "connect", sqlite_settings)
sessions = async_sessionmaker(engine, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


app = FastAPI()
app.include_router(
    crud_router(
        session=get_session,
        model=Store,
        create_schema=StoreCreate,
        update_schema=StoreUpdate,
        select_schema=StoreRead,
        path="/stores",
        filter_config=FilterConfig(group=None, active=None),
        included_methods=["create", "read", "read_multi", "update"],
    )
)
