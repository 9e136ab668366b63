"""Files, known by what they contain."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import IGNORED
from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of
from opsroom.core.db.rules import Rule, changed, ruled
from opsroom.core.storage.tiers import Tier


class ArtifactType(StrEnum):
    IMAGE = "image"
    MODEL = "model"
    DATASET = "dataset"
    REPORT = "report"
    LOG = "log"
    DOCUMENT = "document"


class Artifact(Entity):
    """A stored file. Several artifacts with the same content share one blob, named by its SHA-256.

    tier: where the content lives; artifacts of the same content move together
    retain_until: it is not deleted before, and the date is only ever moved further away
    legal_hold, hold_reason: it is not deleted at all, whatever the dates say
    verified_at: when all of it was last read and found to be what it was
    damaged_at: when it was found to be something else, or nothing; it is not served, and asks to be restored
    """

    __table_args__ = (
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint("size_bytes >= 0", name="size_bytes"),
        {
            "info": ruled(
                Rule("legal_hold", "DELETE", "OLD.legal_hold", "The file is under legal hold; it is kept.", "lock"),
                Rule(
                    "retained",
                    "DELETE",
                    "OLD.retain_until > CURRENT_TIMESTAMP",
                    "The file is to be kept until its retention date.",
                ),
                Rule(
                    "retention_shortened",
                    "UPDATE",
                    "OLD.retain_until > CURRENT_TIMESTAMP "
                    "AND (NEW.retain_until IS NULL OR NEW.retain_until < OLD.retain_until)",
                    "A retention date is moved further away only.",
                ),
                Rule(
                    "content_stays",
                    "UPDATE",
                    changed(("sha256", "size_bytes")),
                    "The content of an artifact stays what it is; hand in another.",
                ),
            )
        },
    )

    name: Mapped[str] = mapped_column(String(255))
    type: Mapped[ArtifactType] = mapped_column(one_of(ArtifactType))
    media_type: Mapped[str] = mapped_column(String(120))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    tags: Mapped[dict[str, Any]] = mapped_column(JsonDocument, default=dict)
    tier: Mapped[Tier] = mapped_column(one_of(Tier), default=Tier.HOT, server_default="hot")
    retain_until: Mapped[datetime | None]
    legal_hold: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    hold_reason: Mapped[str | None] = mapped_column(String(500))
    verified_at: Mapped[datetime | None] = mapped_column(info=IGNORED)
    damaged_at: Mapped[datetime | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)


class ArtifactRule(Entity):
    """Files of a type (or of all) that are so many days old move to a tier further down."""

    __table_args__ = (CheckConstraint("after_days > 0", name="after_days"),)

    name: Mapped[str] = mapped_column(String(120))
    type: Mapped[ArtifactType | None] = mapped_column(one_of(ArtifactType))
    after_days: Mapped[int] = mapped_column(Integer)
    tier: Mapped[Tier] = mapped_column(one_of(Tier))
    active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
