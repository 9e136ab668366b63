"""What is stored: assistants, and the entities each of them knows."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of


class EntityKind(StrEnum):
    CITY = "city"
    DATE = "date"
    NAME = "name"


class Assistant(Entity):
    name: Mapped[str] = mapped_column(String(100), unique=True)
    language: Mapped[str] = mapped_column(String(20))
    greeting: Mapped[str | None] = mapped_column(String(500))


class AssistantEntity(Entity):
    """A slot that an assistant fills, such as the city one asks the weather of."""

    __table_args__ = (UniqueConstraint("assistant_id", "name"),)

    assistant_id: Mapped[UUID] = mapped_column(ForeignKey("assistants.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[EntityKind] = mapped_column(one_of(EntityKind))
    terms: Mapped[list[dict[str, Any]]] = mapped_column(JsonDocument, default=list)
