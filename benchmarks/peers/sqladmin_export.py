"""sqladmin over the table, for its export; nothing else of it is used."""

from typing import ClassVar

from fastapi import FastAPI
from sqladmin import Admin, ModelView
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase
from stores_table import DATABASE_URL, StoreColumns, sqlite_settings


class Base(DeclarativeBase):
    pass


class Store(StoreColumns, Base):
    pass


class StoreAdmin(ModelView, model=Store):
    column_export_list: ClassVar = [column.key for column in Store.__table__.columns]
    export_max_rows = 0


engine = create_async_engine(DATABASE_URL, pool_size=20, max_overflow=30)
if engine.dialect.name == "sqlite":
    event.listen(engine.sync_engine, "connect", sqlite_settings)
app = FastAPI()
Admin(app, engine).add_view(StoreAdmin)
