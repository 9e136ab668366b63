"""What is made, and what it must be like."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.append_only import APPEND_ONLY
from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of
from opsroom.core.db.rules import Rule, ruled
from opsroom.quality.kinds import PartType

NEW_REVISION = Rule(
    "specifications_need_a_revision",
    "UPDATE",
    "NEW.specifications IS DISTINCT FROM OLD.specifications AND NEW.revision = OLD.revision",
    "Specifications change with a new revision only; give `revision` too.",
)


class Part(Entity):
    """A kind of thing, in its present revision.

    specifications: characteristic → {"nominal", "lower", "upper", "unit"}; one of the limits may be absent
    """

    __table_args__ = (
        CheckConstraint("length(part_number) > 0 AND length(revision) > 0", name="names"),
        Index("ix_parts_specifications", "specifications", postgresql_using="gin"),
        Index("ix_parts_type_active", "type", "active"),
        Index("ix_parts_name", "name"),
        {"info": ruled(NEW_REVISION)},
    )

    part_number: Mapped[str] = mapped_column(String(80), unique=True)
    revision: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    type: Mapped[PartType] = mapped_column(one_of(PartType))
    specifications: Mapped[dict[str, Any]] = mapped_column(JsonDocument, default=dict, server_default=text("'{}'"))
    active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))


class PartRevision(Entity):
    """A revision as it was in force from an instant on. Inspections refer to the one they used.

    The reference to the part waits for the commit, because the first revision is written before its part.
    """

    __table_args__ = (
        UniqueConstraint("part_id", "revision", name="uq_part_revisions_revision"),
        Index("ix_part_revisions_effective_from", "effective_from"),
        CheckConstraint("length(revision) > 0", name="revision"),
        {"info": APPEND_ONLY},
    )

    part_id: Mapped[UUID] = mapped_column(ForeignKey("parts.id", deferrable=True, initially="DEFERRED"))
    revision: Mapped[str] = mapped_column(String(20))
    specifications: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    effective_from: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(150))
