"""Litestar with advanced-alchemy: a service on a repository, filters and pages as its own guide declares them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from advanced_alchemy.extensions.litestar import (
    AsyncSessionConfig,
    EngineConfig,
    SQLAlchemyAsyncConfig,
    SQLAlchemyPlugin,
    filters,
    providers,
    repository,
    service,
)
from litestar import Controller, Litestar, get, patch, post
from litestar.params import Dependency
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase
from stores_table import DATABASE_URL, StoreColumns, sqlite_settings


class Base(DeclarativeBase):
    pass


class Store(StoreColumns, Base):
    pass


class StoreCreate(msgspec.Struct):
    external_id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    name: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    zone: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    group: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    tags: dict[str, Any] = {}
    active: bool = True


class StoreUpdate(msgspec.Struct, omit_defaults=True):
    external_id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | msgspec.UnsetType = msgspec.UNSET
    name: Annotated[str, msgspec.Meta(max_length=200)] | msgspec.UnsetType | None = msgspec.UNSET
    zone: Annotated[str, msgspec.Meta(max_length=64)] | msgspec.UnsetType | None = msgspec.UNSET
    group: Annotated[str, msgspec.Meta(max_length=100)] | msgspec.UnsetType | None = msgspec.UNSET
    tags: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    active: bool | msgspec.UnsetType = msgspec.UNSET


class StoreRead(msgspec.Struct):
    id: UUID
    external_id: str
    name: str | None
    zone: str | None
    group: str | None
    tags: dict[str, Any]
    active: bool
    created_at: datetime
    updated_at: datetime
    version: int


class StoreService(service.SQLAlchemyAsyncRepositoryService[Store]):
    class Repository(repository.SQLAlchemyAsyncRepository[Store]):
        model_type = Store

    repository_type = Repository


class StoreController(Controller):
    path = "/stores"
    dependencies = providers.create_service_dependencies(
        StoreService,
        "stores",
        filters={
            "pagination_type": "limit_offset",
            "pagination_size": 50,
            "sort_field": "external_id",
            "sort_order": "asc",
            "in_fields": [providers.FieldNameType("group", str), providers.FieldNameType("active", bool)],
        },
    )

    @get()
    async def list_stores(
        self, stores: StoreService, filters: Annotated[list[filters.FilterTypes], Dependency(skip_validation=True)]
    ) -> service.OffsetPagination[StoreRead]:
        found, total = await stores.list_and_count(*filters)
        return stores.to_schema(found, total, filters=filters, schema_type=StoreRead)

    @get("/{store_id:uuid}")
    async def read_store(self, stores: StoreService, store_id: UUID) -> StoreRead:
        return stores.to_schema(await stores.get(store_id), schema_type=StoreRead)

    @post()
    async def create_store(self, stores: StoreService, data: StoreCreate) -> StoreRead:
        return stores.to_schema(await stores.create(data), schema_type=StoreRead)

    @patch("/{store_id:uuid}")
    async def update_store(self, stores: StoreService, data: StoreUpdate, store_id: UUID) -> StoreRead:
        return stores.to_schema(await stores.update(data, item_id=store_id), schema_type=StoreRead)


@event.listens_for(Store, "before_update")
def next_version(_mapper: Any, _connection: Any, store: Any) -> None:
    store.version += 1


config = SQLAlchemyAsyncConfig(
    connection_string=DATABASE_URL,
    before_send_handler="autocommit",
    session_config=AsyncSessionConfig(expire_on_commit=False),
    engine_config=EngineConfig(
        **({} if DATABASE_URL.startswith("sqlite") else {"pool_size": 20, "max_overflow": 30}),
    ),
)
if DATABASE_URL.startswith("sqlite"):
    event.listen(config.get_engine().sync_engine, "connect", sqlite_settings)
app = Litestar([StoreController], plugins=[SQLAlchemyPlugin(config=config)], openapi_config=None)
