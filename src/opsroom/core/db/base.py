"""What every table has in common."""

import re
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Integer, MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from uuid_utils.compat import uuid7

from opsroom.core.clock import now
from opsroom.core.db.columns import Instant

# SQLite's batch migrations rebuild a table and lose every constraint that has no name.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

CURRENT = text("CURRENT_TIMESTAMP")  # for rows that raw SQL inserts


def plural_table_name(class_name: str) -> str:
    """`SlaPolicy` → `sla_policies`, `MaintenanceWindow` → `maintenance_windows`."""
    name = snake_case(class_name)
    if re.search(r"[^aeiou]y$", name):
        return name[:-1] + "ies"
    if re.search(r"(s|x|z|ch|sh)$", name):
        return name + "es"
    return name + "s"


def snake_case(class_name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).lower()


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Instant}


class Entity(Base):
    """A small, wide row: key, both instants and a version, kept by the database even for raw SQL.

    `version` counts writes and is what `ETag` shows; the ORM checks it on every update.
    """

    __abstract__ = True

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  SQLAlchemy hands the class
        return plural_table_name(cls.__name__)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805  SQLAlchemy hands the class
        return {"version_id_col": cls.version}

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    created_at: Mapped[datetime] = mapped_column(default=now, server_default=CURRENT, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now, server_default=CURRENT, sort_order=91)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default=text("1"), sort_order=92)
