"""Lots, and what went into them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of
from opsroom.core.db.rules import Consequence, Rule, States, Verb, changed, ruled
from opsroom.quality.kinds import LotStatus
from opsroom.quality.supersession import supersedes

LOT_STATES = States(
    "status",
    ("created",),
    {
        "created": ("in_production", "in_inspection", "rejected"),
        "in_production": ("in_inspection", "rejected"),
        "in_inspection": ("released", "rejected", "in_production"),
        "released": (),
        "rejected": ("in_production",),
    },
)
RELEASING = "NEW.status = 'released' AND OLD.status <> 'released'"
OF_LOT = "SELECT 1 FROM inspections i WHERE i.lot_id = NEW.id AND"
NOT_REPLACED = "NOT EXISTS (SELECT 1 FROM inspections n WHERE n.replaces_id = i.id AND n.status <> 'cancelled')"
OPEN_CRITICAL = (
    "SELECT 1 FROM defects d JOIN inspections i ON i.id = d.inspection_id WHERE i.lot_id = NEW.id "
    "AND d.severity = 'critical' AND d.review_status IN ('pending', 'needs_second_review', 'escalated')"
)
CONTENT = ("lot_number", "part_id", "quantity", "produced_at", "line", "shift", "supplier", "production_metadata")

RULES = (
    Rule("lot_on_hold", "UPDATE", f"{RELEASING} AND NEW.on_hold", "A lot on hold is not released.", "lock"),
    Rule(
        "inspections_unfinished",
        "UPDATE",
        f"{RELEASING} AND EXISTS ({OF_LOT} i.status IN ('pending', 'in_progress'))",
        "A lot is released when each of its inspections is completed.",
    ),
    Rule(
        "not_inspected",
        "UPDATE",
        f"{RELEASING} AND NOT EXISTS ({OF_LOT} i.result = 'accepted')",
        "A lot is released when an inspection has accepted it.",
    ),
    Rule(
        "inspection_not_passed",
        "UPDATE",
        f"{RELEASING} AND EXISTS ({OF_LOT} (i.result = 'rejected' OR i.status = 'failed') AND {NOT_REPLACED})",
        "An inspection rejected the lot or failed; it takes a re-inspection that replaces it.",
    ),
    Rule(
        "open_critical_finding",
        "UPDATE",
        f"{RELEASING} AND EXISTS ({OPEN_CRITICAL})",
        "A critical finding has not been decided yet.",
    ),
    Rule(
        "open_nonconformance",
        "UPDATE",
        f"{RELEASING} AND EXISTS (SELECT 1 FROM nonconformances n WHERE n.lot_id = NEW.id "
        "AND n.status NOT IN ('closed', 'cancelled'))",
        "A nonconformance of the lot is still open.",
    ),
    Rule(
        "release_not_signed",
        "UPDATE",
        f"{RELEASING} AND NOT EXISTS (SELECT 1 FROM signatures s WHERE s.record_id = NEW.id "
        "AND s.meaning = 'release' AND s.superseded_at IS NULL)",
        "A lot is released by a signature.",
    ),
    Rule(
        "released_lot_changed",
        "UPDATE",
        "OLD.status = 'released' AND (" + changed(CONTENT) + ")",
        "A released lot does not change.",
    ),
    Rule("released_lot_kept", "DELETE", "OLD.status = 'released'", "A released lot is never deleted."),
    Rule("legal_hold", "DELETE", "OLD.legal_hold", "The lot is under legal hold.", "lock"),
    Rule(
        "signed_lot_kept",
        "DELETE",
        "EXISTS (SELECT 1 FROM signatures s WHERE s.record_id = OLD.id)",
        "A signed record is never deleted.",
    ),
)
CHANGED = Consequence(
    "supersede",
    "UPDATE",
    changed(CONTENT),
    supersedes("NEW.id"),
)


class Lot(Entity):
    """Things made together. `on_hold` is beside the status: whatever is held comes back to where it was.

    production_metadata: what the line reports of the lot
    legal_hold: kept whatever any rule of retention says
    """

    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("length(lot_number) > 0", name="lot_number"),
        CheckConstraint(
            "on_hold = (hold_reason IS NOT NULL) AND on_hold = (held_by IS NOT NULL) "
            "AND on_hold = (held_at IS NOT NULL)",
            name="hold_is_whole",
        ),
        CheckConstraint("legal_hold = (legal_hold_reason IS NOT NULL)", name="legal_hold_has_a_reason"),
        Index("ix_lots_production_metadata", "production_metadata", postgresql_using="gin"),
        Index("ix_lots_status_produced_at", "status", "produced_at"),
        Index("ix_lots_part_id_produced_at", "part_id", "produced_at"),
        Index("ix_lots_supplier_produced_at", "supplier", "produced_at"),
        Index("ix_lots_line_shift", "line", "shift"),
        Index("ix_lots_held_at", "held_at", postgresql_where=text("on_hold"), sqlite_where=text("on_hold")),
        {
            "info": ruled(
                LOT_STATES, *RULES, CHANGED
            )
        },
    )  # fmt: skip

    lot_number: Mapped[str] = mapped_column(String(80), unique=True)
    part_id: Mapped[UUID] = mapped_column(ForeignKey("parts.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    produced_at: Mapped[datetime | None]
    line: Mapped[str | None] = mapped_column(String(80))
    shift: Mapped[str | None] = mapped_column(String(40))
    supplier: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[LotStatus] = mapped_column(
        one_of(LotStatus), default=LotStatus.CREATED, server_default=text("'created'")
    )
    production_metadata: Mapped[dict[str, Any]] = mapped_column(JsonDocument, default=dict, server_default=text("'{}'"))
    on_hold: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    hold_reason: Mapped[str | None] = mapped_column(Text)
    held_by: Mapped[str | None] = mapped_column(String(150))
    held_at: Mapped[datetime | None]
    legal_hold: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    legal_hold_reason: Mapped[str | None] = mapped_column(Text)


ROUND = Rule(
    "lot_among_its_own_parents",
    "INSERT",
    "NEW.lot_id <> NEW.parent_id AND EXISTS (WITH RECURSIVE above(id) AS (SELECT NEW.parent_id "
    "UNION SELECT p.parent_id FROM lot_parents p JOIN above ON p.lot_id = above.id) "
    "SELECT 1 FROM above WHERE above.id = NEW.lot_id)",
    "A lot cannot be made of itself, directly or through others.",
)
KEPT = Rule(
    "parents_stay",
    "UPDATE",
    "NEW.lot_id <> OLD.lot_id OR NEW.parent_id <> OLD.parent_id",
    "Parents are not exchanged; remove the link and add another.",
)
_OF_RELEASED = "EXISTS (SELECT 1 FROM lots WHERE id = {row}.lot_id AND status = 'released')"
LINKS: tuple[tuple[Verb, str], ...] = (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD"))
OF_RELEASED = tuple(
    Rule("released_genealogy_kept", verb, _OF_RELEASED.format(row=row), "A released lot does not change.")
    for verb, row in LINKS
)


class LotParent(Entity):
    """`parent_id` went into `lot_id`. quantity: how many of it; none when nobody counted."""

    __table_args__ = (
        UniqueConstraint("lot_id", "parent_id", name="uq_lot_parents_link"),
        CheckConstraint("lot_id <> parent_id", name="another_lot"),
        CheckConstraint("quantity > 0", name="quantity"),
        {
            "info": ruled(
                ROUND,
                KEPT,
                *OF_RELEASED,
                Consequence("supersede", "INSERT", "1 = 1", supersedes("NEW.lot_id")),
                Consequence(
                    "supersede", "UPDATE", "NEW.quantity IS DISTINCT FROM OLD.quantity", supersedes("NEW.lot_id")
                ),
                Consequence("supersede", "DELETE", "1 = 1", supersedes("OLD.lot_id")),
            )
        },
    )

    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lots.id", ondelete="CASCADE"))
    parent_id: Mapped[UUID] = mapped_column(ForeignKey("lots.id"), index=True)
    quantity: Mapped[int | None] = mapped_column(Integer)
