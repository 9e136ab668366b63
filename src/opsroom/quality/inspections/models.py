"""Inspections, and the sampling plans they were drawn by."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of
from opsroom.core.db.rules import Consequence, Rule, States, changed, ruled
from opsroom.quality.kinds import InspectionResult, InspectionStatus, InspectionType
from opsroom.quality.supersession import supersedes

INSPECTION_STATES = States(
    "status",
    ("pending",),
    {
        "pending": ("in_progress", "cancelled"),
        "in_progress": ("completed", "failed", "cancelled"),
        "completed": (),
        "failed": (),
        "cancelled": (),
    },
)
COMPLETING = "NEW.status = 'completed' AND OLD.status <> 'completed'"
FOUND = "SELECT 1 FROM defects d WHERE d.inspection_id = NEW.id AND"
CONTENT = (
    "lot_id", "part_revision_id", "type", "status", "priority", "sample_size", "inspector", "station_id",
    "started_at", "completed_at", "result", "inspection_metadata", "replaces_id", "second_person",
)  # fmt: skip
FIXED = ("lot_id", "part_revision_id", "type", "replaces_id")

RULES = (
    Rule(
        "lot_is_decided",
        "INSERT",
        "EXISTS (SELECT 1 FROM lots WHERE id = NEW.lot_id AND status IN ('released', 'rejected'))",
        "The lot is released or rejected already; a rejected one takes rework first.",
    ),
    Rule(
        "inspection_moved",
        "UPDATE",
        changed(FIXED),
        "An inspection stays with its lot, its type and the revision it used.",
    ),
    Rule(
        "second_person_stays",
        "UPDATE",
        "OLD.second_person AND NOT NEW.second_person",
        "What asked for a second person goes on asking.",
    ),
    Rule(
        "open_findings",
        "UPDATE",
        f"{COMPLETING} AND EXISTS ({FOUND} d.review_status IN ('pending', 'needs_second_review', 'escalated'))",
        "An inspection is completed when every finding has been decided.",
    ),
    Rule(
        "unconfirmed_measurements",
        "UPDATE",
        f"{COMPLETING} AND EXISTS (SELECT 1 FROM measurements m WHERE m.inspection_id = NEW.id AND m.manual "
        "AND NOT m.within_limits AND m.confirmed_by_id IS NULL)",
        "A value outside its limits that was typed in has to be confirmed by a second person.",
    ),
    Rule(
        "critical_finding_accepted",
        "UPDATE",
        "NEW.result = 'accepted' AND OLD.result IS NULL "
        f"AND EXISTS ({FOUND} d.severity = 'critical' AND d.review_status = 'confirmed')",
        "An inspection with a confirmed critical finding does not accept the lot.",
    ),
    Rule(
        "begun_inspection_kept",
        "DELETE",
        "OLD.status <> 'pending'",
        "Only an inspection that has not begun is deleted; cancel this one.",
    ),
    Rule(
        "legal_hold",
        "DELETE",
        "EXISTS (SELECT 1 FROM lots WHERE id = OLD.lot_id AND legal_hold)",
        "The lot is under legal hold.",
        "lock",
    ),
    Rule(
        "signed_inspection_kept",
        "DELETE",
        "EXISTS (SELECT 1 FROM signatures s WHERE s.record_id = OLD.id)",
        "A signed record is never deleted.",
    ),
)
EFFECTS = (
    Consequence("supersede", "INSERT", "1 = 1", supersedes("NEW.lot_id")),
    Consequence(
        "supersede",
        "UPDATE",
        changed(CONTENT),
        supersedes("NEW.id", "NEW.lot_id"),
    ),
    Consequence("supersede", "DELETE", "1 = 1", supersedes("OLD.lot_id")),
)
_open = text("status IN ('pending', 'in_progress')")


class Inspection(Entity):
    """What was looked at, by whom and when. It keeps the revision of the part that was in force when it was planned.

    replaces_id: the inspection that this one repeats, because it rejected the lot or failed
    second_person: every finding is decided by two people, and whoever inspected does not approve
    """

    __table_args__ = (
        CheckConstraint("priority BETWEEN 1 AND 10", name="priority"),
        CheckConstraint("sample_size > 0", name="sample_size"),
        CheckConstraint("completed_at >= started_at", name="times_in_order"),
        CheckConstraint("status IN ('pending', 'cancelled') OR started_at IS NOT NULL", name="started"),
        CheckConstraint("(status IN ('completed', 'failed')) = (completed_at IS NOT NULL)", name="ended"),
        CheckConstraint("(status = 'completed') = (result IS NOT NULL)", name="has_a_result"),
        CheckConstraint("replaces_id <> id", name="replaces_another"),
        CheckConstraint("type <> 're_inspection' OR replaces_id IS NOT NULL", name="re_inspects_something"),
        Index("ix_inspections_lot_id_status", "lot_id", "status"),
        Index("ix_inspections_status_priority", "status", "priority"),
        Index("ix_inspections_type_completed_at", "type", "completed_at"),
        Index("ix_inspections_inspector_completed_at", "inspector_id", "completed_at"),
        Index("ix_inspections_metadata", "inspection_metadata", postgresql_using="gin"),
        Index("ix_inspections_open", "priority", "created_at", postgresql_where=_open, sqlite_where=_open),
        {"info": ruled(INSPECTION_STATES, *RULES, *EFFECTS)},
    )

    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lots.id"))
    part_revision_id: Mapped[UUID] = mapped_column(ForeignKey("part_revisions.id"), index=True)
    type: Mapped[InspectionType] = mapped_column(one_of(InspectionType))
    status: Mapped[InspectionStatus] = mapped_column(
        one_of(InspectionStatus), default=InspectionStatus.PENDING, server_default=text("'pending'")
    )
    priority: Mapped[int] = mapped_column(SmallInteger, default=5, server_default=text("5"))
    sample_size: Mapped[int | None] = mapped_column(Integer)
    second_person: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    inspector_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    inspector: Mapped[str | None] = mapped_column(String(150))
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"), index=True)
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("inspections.id"), index=True)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    result: Mapped[InspectionResult | None] = mapped_column(one_of(InspectionResult))
    remarks: Mapped[str | None] = mapped_column(Text)
    inspection_metadata: Mapped[dict[str, Any]] = mapped_column(JsonDocument, default=dict, server_default=text("'{}'"))


class SamplingPlan(Entity):
    """The plan of ISO 2859-1 that an inspection was drawn by, as it was: nothing of it changes.

    code: of the lot; plan_code: of the plan, after following the arrows of the tables
    """

    __table_args__ = (
        CheckConstraint("lot_size >= 2", name="lot_size"),
        CheckConstraint("n > 0", name="n"),
        CheckConstraint("ac >= 0 AND re > ac", name="numbers_in_order"),
        CheckConstraint("aql > 0 AND aql <= 1000", name="aql"),
        CheckConstraint("severity IN ('normal', 'tightened', 'reduced')", name="severity"),
        CheckConstraint("level IN ('I', 'II', 'III', 'S-1', 'S-2', 'S-3', 'S-4')", name="level"),
        Index("ix_sampling_plans_level_aql", "level", "aql"),
        {
            "info": ruled(
                Rule("plan_kept", "UPDATE", "1 = 1", "A plan is kept as it was drawn."),
                Rule(
                    "plan_of_a_begun_inspection",
                    "DELETE",
                    "EXISTS (SELECT 1 FROM inspections WHERE id = OLD.inspection_id AND status <> 'pending')",
                    "The plan of an inspection that has begun is kept.",
                ),
            )
        },
    )

    inspection_id: Mapped[UUID] = mapped_column(ForeignKey("inspections.id", ondelete="CASCADE"), unique=True)
    lot_size: Mapped[int] = mapped_column(Integer)
    level: Mapped[str] = mapped_column(String(3))
    aql: Mapped[float]
    severity: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(1))
    plan_code: Mapped[str] = mapped_column(String(1))
    n: Mapped[int] = mapped_column(Integer)
    ac: Mapped[int] = mapped_column(Integer)
    re: Mapped[int] = mapped_column(Integer)
