"""Images of an inspection: which artifact shows which unit."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.rules import Rule, ruled

INSPECTION_IS = "EXISTS (SELECT 1 FROM inspections WHERE id = {row}.inspection_id AND status {what})"


class InspectionImage(Entity):
    __table_args__ = (
        UniqueConstraint("inspection_id", "artifact_id", name="uq_inspection_images_artifact"),
        CheckConstraint("unit_number > 0", name="unit_number"),
        CheckConstraint("width > 0 AND height > 0", name="has_an_area"),
        {
            "info": ruled(
                Rule(
                    "inspection_ended",
                    "INSERT",
                    INSPECTION_IS.format(row="NEW", what="NOT IN ('pending', 'in_progress')"),
                    "An inspection that has ended takes no further images.",
                ),
                Rule("image_kept", "UPDATE", "1 = 1", "An image stays as it was handed in."),
                Rule(
                    "begun_inspection_kept",
                    "DELETE",
                    INSPECTION_IS.format(row="OLD", what="<> 'pending'"),
                    "Images of an inspection that has begun are kept.",
                ),
            )
        },
    )

    inspection_id: Mapped[UUID] = mapped_column(ForeignKey("inspections.id", ondelete="CASCADE"))
    artifact_id: Mapped[UUID] = mapped_column(ForeignKey("artifacts.id"), index=True)
    unit_number: Mapped[int | None] = mapped_column(Integer)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
