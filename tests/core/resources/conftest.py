"""Two small tables of the tests' own, as an app would declare them: depots, and parcels below them."""

from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, MetaData, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.actor import Actor
from opsroom.core.auth.models import Role
from opsroom.core.auth.roles import CORE_GRANTS, Grants, bundle
from opsroom.core.db.base import NAMING, Entity
from opsroom.core.db.columns import JsonDocument, one_of
from opsroom.core.db.engine import Database
from opsroom.core.db.triggers import touch_statements, touched_tables
from opsroom.core.resources.declaration import Parent, Resource, Rule
from opsroom.core.resources.routes import router_of
from opsroom.core.shapes import patch_of
from opsroom.main import add_routes


class ScratchEntity(Entity):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class State(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    LOST = "lost"


class Depot(ScratchEntity):
    code: Mapped[str] = mapped_column(String(20), unique=True)
    town: Mapped[str] = mapped_column(String(80))
    secret: Mapped[bool] = mapped_column(default=False)


class Parcel(ScratchEntity):
    __table_args__ = (UniqueConstraint("depot_id", "label"),)

    depot_id: Mapped[UUID | None] = mapped_column(ForeignKey("depots.id"), index=True)
    label: Mapped[str] = mapped_column(String(80))
    state: Mapped[State] = mapped_column(one_of(State), default=State.WAITING)
    fragile: Mapped[bool] = mapped_column(default=False)
    pieces: Mapped[int] = mapped_column(default=1)
    weight_kg: Mapped[float | None]
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    ready_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    slot: Mapped[time | None]
    tags: Mapped[Any] = mapped_column(JsonDocument, nullable=True)


class DepotCreate(BaseModel):
    code: str
    town: str
    secret: bool = False


class DepotRead(DepotCreate):
    id: UUID
    created_at: datetime
    updated_at: datetime
    version: int


class ParcelCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    label: str
    state: State = State.WAITING
    fragile: bool = False
    pieces: int = 1
    weight_kg: float | None = None
    price: Decimal | None = None
    ready_at: datetime | None = None
    due_on: date | None = None
    slot: time | None = None
    tags: Any = None


class ParcelRead(ParcelCreate):
    id: UUID
    depot_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int


class ParcelCreateAnywhere(ParcelCreate):
    depot_id: UUID | None = None


def not_secret(actor: Actor) -> Rule:
    return None if actor.may("depots.write") else Depot.secret.is_(False)


DEPOTS = Resource(
    model=Depot,
    prefix="/api/v1/depots",
    tags=("depots",),
    read=DepotRead,
    create=DepotCreate,
    update=patch_of(DepotCreate),
    permission="depots",
    key="code",
    search=("code", "town"),
    visible_to=not_secret,
)
PARCELS = Resource(
    model=Parcel,
    prefix="/api/v1/parcels",
    read=ParcelRead,
    create=ParcelCreateAnywhere,
    update=patch_of(ParcelCreateAnywhere),
    permission="depots",
    search=("label",),
)
DEPOT_PARCELS = Resource(
    model=Parcel,
    name="depot_parcel",
    plural="depot_parcels",
    prefix="/parcels",
    read=ParcelRead,
    create=ParcelCreate,
    update=patch_of(ParcelCreate),
    permission="depots",
    parent=Parent(DEPOTS, "depot_id"),
)
GRANTS: Grants = {Role.USER: frozenset({"depots.read"}), Role.MANAGER: frozenset({"depots.write"})}


@pytest.fixture
def depots() -> Resource:
    return DEPOTS


@pytest.fixture
def parcels() -> Resource:
    return PARCELS


@pytest.fixture
async def scratch(database: Database) -> Database:
    """The test's database with both tables and their triggers."""
    await create_tables(database)
    return database


@pytest.fixture
async def app(app: FastAPI) -> FastAPI:
    """The application, with the two tables' routes."""
    await create_tables(app.state.database)
    for resource in (DEPOTS, PARCELS, DEPOT_PARCELS):
        add_routes(app, router_of(resource))
    app.state.role_permissions = bundle([CORE_GRANTS, GRANTS])
    return app


@pytest.fixture
async def depot(manager: httpx.AsyncClient) -> dict[str, Any]:
    answer = await manager.post("/api/v1/depots", json={"code": "MBA", "town": "Mombasa"})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def create_tables(database: Database) -> None:
    async with database.writer.begin() as connection:
        await connection.run_sync(ScratchEntity.metadata.create_all)
        for table in touched_tables(ScratchEntity.metadata):
            for statement in touch_statements(table, connection.dialect.name):
                await connection.exec_driver_sql(statement)
