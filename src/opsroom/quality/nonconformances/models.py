"""Nonconformances and what is done about them (NCR and CAPA)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.columns import one_of
from opsroom.core.db.rules import Consequence, Rule, States, changed, ruled
from opsroom.quality.kinds import ActionStatus, ActionType, NonconformanceStatus, Severity
from opsroom.quality.supersession import supersedes

NONCONFORMANCE_STATES = States(
    "status",
    ("open",),
    {
        "open": ("contained", "cancelled"),
        "contained": ("analysed", "cancelled"),
        "analysed": ("closed", "contained"),
        "closed": (),
        "cancelled": (),
    },
)
ACTION_STATES = States(
    "status",
    ("open",),
    {
        "open": ("done", "cancelled"),
        "done": ("effective", "ineffective"),
        "effective": (),
        "ineffective": (),
        "cancelled": (),
    },
)
CLOSING = "NEW.status = 'closed' AND OLD.status <> 'closed'"
ACTIONS = "SELECT 1 FROM corrective_actions a WHERE a.nonconformance_id = NEW.id AND"
CONTENT = ("number", "lot_id", "inspection_id", "defect_id", "title", "description", "severity", "containment", "cause")
ACTION_CONTENT = ("type", "description", "owner", "due_on", "effectiveness_check", "effectiveness_result", "checked_by")
_open = text("status NOT IN ('closed', 'cancelled')")
_unfinished = text("status IN ('open', 'done')")

RULES = (
    Rule(
        "actions_unfinished",
        "UPDATE",
        f"{CLOSING} AND EXISTS ({ACTIONS} a.status IN ('open', 'done'))",
        "A nonconformance is closed when the effectiveness of each action has been checked.",
    ),
    Rule(
        "no_effective_action",
        "UPDATE",
        f"{CLOSING} AND NOT EXISTS ({ACTIONS} a.status = 'effective')",
        "A nonconformance is closed when an action has proved effective.",
    ),
    Rule(
        "closed_nonconformance_kept",
        "UPDATE",
        "OLD.status = 'closed' AND (" + changed(CONTENT) + ")",
        "A closed nonconformance does not change.",
    ),
    Rule("nonconformance_kept", "DELETE", "1 = 1", "A nonconformance is never deleted; cancel it."),
)


class Nonconformance(Entity):
    """What failed, what was done at once, and why it came about."""

    __table_args__ = (
        CheckConstraint("length(number) > 0", name="number"),
        CheckConstraint("status IN ('open', 'cancelled') OR containment IS NOT NULL", name="contained"),
        CheckConstraint("status NOT IN ('analysed', 'closed') OR cause IS NOT NULL", name="analysed"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        Index("ix_nonconformances_status_severity", "status", "severity"),
        Index("ix_nonconformances_open", "due_on", postgresql_where=_open, sqlite_where=_open),
        {
            "info": ruled(
                NONCONFORMANCE_STATES,
                *RULES,
                Consequence(
                    "supersede",
                    "UPDATE",
                    changed(CONTENT),
                    supersedes("NEW.id"),
                ),
            )
        },
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lots.id"), index=True)
    inspection_id: Mapped[UUID | None] = mapped_column(ForeignKey("inspections.id"), index=True)
    defect_id: Mapped[UUID | None] = mapped_column(ForeignKey("defects.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    severity: Mapped[Severity] = mapped_column(one_of(Severity))
    status: Mapped[NonconformanceStatus] = mapped_column(
        one_of(NonconformanceStatus), default=NonconformanceStatus.OPEN, server_default=text("'open'")
    )
    containment: Mapped[str | None] = mapped_column(Text)
    cause: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(150))
    due_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]


class CorrectiveAction(Entity):
    """What is done, by whom until when, and whether it helped: somebody else than its owner checks that."""

    __table_args__ = (
        CheckConstraint("(status IN ('open', 'cancelled')) = (done_at IS NULL)", name="done"),
        CheckConstraint(
            "(status IN ('effective', 'ineffective')) = (effectiveness_result IS NOT NULL) "
            "AND (effectiveness_result IS NULL) = (checked_by IS NULL)",
            name="checked",
        ),
        CheckConstraint("checked_by <> owner", name="checked_by_another"),
        CheckConstraint("checked_at >= done_at", name="times_in_order"),
        Index("ix_corrective_actions_nonconformance_id_status", "nonconformance_id", "status"),
        Index("ix_corrective_actions_owner", "owner", "due_on"),
        Index("ix_corrective_actions_unfinished", "due_on", postgresql_where=_unfinished, sqlite_where=_unfinished),
        {
            "info": ruled(
                ACTION_STATES,
                Rule(
                    "nonconformance_closed",
                    "INSERT",
                    "EXISTS (SELECT 1 FROM nonconformances WHERE id = NEW.nonconformance_id "
                    "AND status IN ('closed', 'cancelled'))",
                    "The nonconformance has ended; it takes no further actions.",
                ),
                Rule("action_kept", "DELETE", "1 = 1", "An action is never deleted; cancel it."),
                Consequence("supersede", "INSERT", "1 = 1", supersedes("NEW.nonconformance_id")),
                Consequence(
                    "supersede",
                    "UPDATE",
                    changed(ACTION_CONTENT),
                    supersedes("NEW.nonconformance_id"),
                ),
            )
        },
    )

    nonconformance_id: Mapped[UUID] = mapped_column(ForeignKey("nonconformances.id"))
    type: Mapped[ActionType] = mapped_column(one_of(ActionType))
    description: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(150))
    due_on: Mapped[date]
    effectiveness_check: Mapped[str] = mapped_column(Text)
    status: Mapped[ActionStatus] = mapped_column(
        one_of(ActionStatus), default=ActionStatus.OPEN, server_default=text("'open'")
    )
    done_at: Mapped[datetime | None]
    effectiveness_result: Mapped[str | None] = mapped_column(Text)
    checked_by: Mapped[str | None] = mapped_column(String(150))
    checked_at: Mapped[datetime | None]
