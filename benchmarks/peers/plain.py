"""FastAPI, the asynchronous ORM of SQLAlchemy and `response_model`, as FastAPI's own guide has them.

No sign-in, no permissions, no trail, no metrics.
"""

import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from stores_table import DATABASE_URL, StoreColumns, sqlite_settings

REFRESH = os.environ.get("PEER_REFRESH", "1") == "1"  # the guide reads back what it has written
ORDERS = {"external_id", "name", "created_at"}


class Base(DeclarativeBase):
    pass


class Store(StoreColumns, Base):
    pass


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
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime
    updated_at: datetime
    version: int


class StorePage(BaseModel):
    items: list[StoreRead]
    total: int
    page: int
    size: int


engine = create_async_engine(DATABASE_URL, pool_size=20, max_overflow=30)
if engine.dialect.name == "sqlite":
    event.listen(engine.sync_engine, "connect", sqlite_settings)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


async def get_session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]


@app.get("/stores", response_model=StorePage)
async def list_stores(
    session: Session,
    group: str | None = None,
    active: bool | None = None,  # noqa: FBT001  a query parameter
    order: str = "external_id",
    page: Annotated[int, Query(ge=1)] = 1,
    size: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> Any:
    if order not in ORDERS:
        raise HTTPException(422, "unknown order")
    wanted = select(Store)
    if group is not None:
        wanted = wanted.where(Store.group == group)
    if active is not None:
        wanted = wanted.where(Store.active.is_(active))
    total = await session.scalar(select(func.count()).select_from(wanted.subquery()))
    page_of = wanted.order_by(getattr(Store, order), Store.id).offset((page - 1) * size).limit(size)
    items = (await session.scalars(page_of)).all()
    return {"items": items, "total": total, "page": page, "size": size}


@app.get("/stores/{store_id}", response_model=StoreRead)
async def read_store(store_id: UUID, session: Session) -> Any:
    store = await session.get(Store, store_id)
    if store is None:
        raise HTTPException(404, "There is no such store.")
    return store


@app.post("/stores", response_model=StoreRead, status_code=201)
async def create_store(body: StoreCreate, session: Session) -> Any:
    store = Store(**body.model_dump())
    session.add(store)
    await session.commit()
    if REFRESH:
        await session.refresh(store)
    return store


@app.patch("/stores/{store_id}", response_model=StoreRead)
async def update_store(store_id: UUID, body: StoreUpdate, session: Session) -> Any:
    store = await session.get(Store, store_id)
    if store is None:
        raise HTTPException(404, "There is no such store.")
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(store, name, value)
    store.version += 1
    await session.commit()
    if REFRESH:
        await session.refresh(store)
    return store
