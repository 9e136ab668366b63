"""Files, known by what they contain."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of


class ArtifactType(StrEnum):
    IMAGE = "image"
    MODEL = "model"
    DATASET = "dataset"
    REPORT = "report"
    LOG = "log"
    DOCUMENT = "document"


class Artifact(Entity):
    """A stored file. Several artifacts with the same content share one blob, named by its SHA-256."""

    __table_args__ = (
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint("size_bytes >= 0", name="size_bytes"),
    )

    name: Mapped[str] = mapped_column(String(255))
    type: Mapped[ArtifactType] = mapped_column(one_of(ArtifactType))
    media_type: Mapped[str] = mapped_column(String(120))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    tags: Mapped[dict[str, Any]] = mapped_column(JsonDocument, default=dict)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
