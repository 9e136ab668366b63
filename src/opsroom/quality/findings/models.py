"""Findings, and what people decided about them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.append_only import APPEND_ONLY
from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of
from opsroom.core.db.rules import Consequence, Rule, States, changed, ruled
from opsroom.quality.kinds import DefectType, DetectionMethod, ReviewDecision, ReviewStatus, Severity
from opsroom.quality.supersession import of_inspection, supersedes

# What was decided goes back by an undo only, to where it was before.
REVIEW_STATES = States(
    "review_status",
    ("pending",),
    {
        "pending": ("confirmed", "rejected", "needs_second_review", "escalated"),
        "needs_second_review": ("confirmed", "rejected", "escalated", "pending"),
        "escalated": ("confirmed", "rejected", "needs_second_review", "pending"),
        "confirmed": ("pending", "needs_second_review", "escalated"),
        "rejected": ("pending", "needs_second_review", "escalated"),
    },
)
CONTENT = (
    "type", "severity", "detection_method", "confidence", "box", "polygon", "size", "image_artifact_id",
    "model_verdict", "review_status", "first_reviewer", "second_reviewer", "comment",
)  # fmt: skip
CHANGED = (*(name for name in CONTENT if name != "box"), "box_x", "box_y", "box_width", "box_height")
INSPECTION_IS = "EXISTS (SELECT 1 FROM inspections WHERE id = {row}.inspection_id AND status {what})"
ENDED = "An inspection that has ended takes no further findings and changes none."

RULES = (
    Rule(
        "inspection_ended", "INSERT", INSPECTION_IS.format(row="NEW", what="NOT IN ('pending', 'in_progress')"), ENDED
    ),
    Rule(
        "inspection_ended", "UPDATE", INSPECTION_IS.format(row="OLD", what="NOT IN ('pending', 'in_progress')"), ENDED
    ),
    Rule(
        "begun_inspection_kept",
        "DELETE",
        INSPECTION_IS.format(row="OLD", what="<> 'pending'"),
        "Findings of an inspection that has begun are kept; reject them in review.",
    ),
    Rule(
        "model_verdict_kept",
        "UPDATE",
        "OLD.model_verdict IS NOT NULL AND NEW.model_verdict IS DISTINCT FROM OLD.model_verdict",
        "What the model found is never overwritten.",
    ),
    Rule(
        "second_person_stays",
        "UPDATE",
        "OLD.second_person AND NOT NEW.second_person",
        "What asked for a second person goes on asking.",
    ),
)
EFFECTS = (
    Consequence("supersede", "INSERT", "1 = 1", supersedes(*of_inspection("NEW.inspection_id"))),
    Consequence(
        "supersede",
        "UPDATE",
        changed(CHANGED),
        supersedes(*of_inspection("NEW.inspection_id")),
    ),
    Consequence("supersede", "DELETE", "1 = 1", supersedes(*of_inspection("OLD.inspection_id"))),
)
UNDECIDED = (ReviewStatus.PENDING, ReviewStatus.NEEDS_SECOND_REVIEW, ReviewStatus.ESCALATED)
# In a query too it has to stand as it does here: with values of parameters neither engine would take the index.
WAITING = text("review_status IN ('pending', 'needs_second_review', 'escalated')")
_critical = text("severity = 'critical' AND review_status <> 'rejected'")


class Defect(Entity):
    """A finding. Places are in unit lengths of the image, from its upper left corner.

    severity_rank: 4 for critical to 1 for minor, so that the queue can be ordered
    confidence: of the model; uncertainty: how near it is to undecided, 1 at 0.5 and where no model looked
    polygon: [[x, y], …]; box_*: the box around it, or the place itself
    size: the larger side of the box
    model_verdict: {"type", "severity", "confidence", "box", …} as the model found it, whatever people made of it
    second_person: decided by two people
    """

    __table_args__ = (
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
        CheckConstraint("uncertainty BETWEEN 0 AND 1", name="uncertainty"),
        CheckConstraint("box_x >= 0 AND box_y >= 0", name="box_begins_inside"),
        CheckConstraint("box_width > 0 AND box_height > 0", name="box_has_an_area"),
        CheckConstraint("box_x + box_width <= 1.000001 AND box_y + box_height <= 1.000001", name="box_inside_image"),
        CheckConstraint(
            "(box_x IS NULL) = (box_y IS NULL) AND (box_x IS NULL) = (box_width IS NULL) "
            "AND (box_x IS NULL) = (box_height IS NULL)",
            name="box_is_whole",
        ),
        CheckConstraint("size >= 0", name="size"),
        CheckConstraint(
            "severity_rank = CASE severity WHEN 'critical' THEN 4 WHEN 'major' THEN 3 "
            "WHEN 'moderate' THEN 2 ELSE 1 END",
            name="severity_rank",
        ),
        CheckConstraint("severity <> 'critical' OR second_person", name="critical_takes_two"),
        CheckConstraint(
            "NOT second_person OR review_status NOT IN ('confirmed', 'rejected') OR second_reviewer_id IS NOT NULL",
            name="decided_by_two",
        ),
        CheckConstraint("second_reviewer_id <> first_reviewer_id", name="two_different_people"),
        CheckConstraint("second_reviewer_id IS NULL OR first_reviewer_id IS NOT NULL", name="first_before_second"),
        CheckConstraint("review_status <> 'rejected' OR comment IS NOT NULL", name="rejected_with_a_reason"),
        Index("ix_defects_inspection_id_review_status", "inspection_id", "review_status"),
        Index("ix_defects_type_created_at", "type", "created_at"),
        Index("ix_defects_model_verdict", "model_verdict", postgresql_using="gin"),
        Index("ix_defects_critical", "inspection_id", postgresql_where=_critical, sqlite_where=_critical),
        {"info": ruled(REVIEW_STATES, *RULES, *EFFECTS)},
    )

    inspection_id: Mapped[UUID] = mapped_column(ForeignKey("inspections.id", ondelete="CASCADE"))
    inference_job_id: Mapped[UUID | None] = mapped_column(ForeignKey("inference_jobs.id"), index=True)
    unit_number: Mapped[int | None] = mapped_column(Integer)
    type: Mapped[DefectType] = mapped_column(one_of(DefectType))
    severity: Mapped[Severity] = mapped_column(one_of(Severity))
    severity_rank: Mapped[int] = mapped_column(SmallInteger)
    detection_method: Mapped[DetectionMethod] = mapped_column(one_of(DetectionMethod))
    confidence: Mapped[float | None]
    uncertainty: Mapped[float] = mapped_column(default=1.0, server_default=text("1"))
    box_x: Mapped[float | None]
    box_y: Mapped[float | None]
    box_width: Mapped[float | None]
    box_height: Mapped[float | None]
    polygon: Mapped[list[Any] | None] = mapped_column(JsonDocument)
    size: Mapped[float | None]
    image_artifact_id: Mapped[UUID | None] = mapped_column(ForeignKey("artifacts.id"), index=True)
    model_verdict: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument)
    second_person: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    review_status: Mapped[ReviewStatus] = mapped_column(
        one_of(ReviewStatus), default=ReviewStatus.PENDING, server_default=text("'pending'")
    )
    first_reviewer_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    first_reviewer: Mapped[str | None] = mapped_column(String(150))
    second_reviewer_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    second_reviewer: Mapped[str | None] = mapped_column(String(150))
    reviewed_at: Mapped[datetime | None]
    comment: Mapped[str | None] = mapped_column(Text)


# The queue is read in this order; other columns of the class are known only here.
Index(
    "ix_defects_waiting",
    Defect.severity_rank.desc(),
    Defect.uncertainty.desc(),
    Defect.created_at,
    Defect.id,
    postgresql_where=WAITING,
    sqlite_where=WAITING,
)


class DefectReview(Entity):
    """One step of the review of a finding, kept: who, what, why, and the fields before and after.

    position: counts the steps of one finding from 1; `undone_position` is the step that an undo took back
    """

    __table_args__ = (
        UniqueConstraint("defect_id", "position", name="uq_defect_reviews_position"),
        CheckConstraint("position > 0", name="position"),
        CheckConstraint("(decision = 'undo') = (undone_position IS NOT NULL)", name="undo_names_its_step"),
        CheckConstraint("undone_position < position", name="undo_follows"),
        Index("ix_defect_reviews_reviewer_id_decision", "reviewer_id", "decision"),
        {"info": APPEND_ONLY},
    )

    defect_id: Mapped[UUID] = mapped_column(ForeignKey("defects.id"))
    position: Mapped[int] = mapped_column(Integer)
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    reviewer: Mapped[str] = mapped_column(String(150))
    decision: Mapped[ReviewDecision] = mapped_column(one_of(ReviewDecision))
    undone_position: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str | None] = mapped_column(Text)
    before: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    after: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
