"""What waits for review, the gravest and least certain first, and how reviewers agree."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.actor import Actor
from opsroom.quality.findings.models import Defect, DefectReview
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import ReviewDecision, ReviewStatus
from opsroom.quality.lots.models import Lot

UNDECIDED = (ReviewStatus.PENDING, ReviewStatus.NEEDS_SECOND_REVIEW, ReviewStatus.ESCALATED)


def waiting_for(actor: Actor) -> Select[UUID, str]:
    """Ids of findings, and their lots' numbers, that this person can do something about."""
    mine = (Defect.review_status == ReviewStatus.NEEDS_SECOND_REVIEW) & (Defect.first_reviewer_id == actor.user_id)
    return (
        select(Defect.id, Lot.lot_number)
        .join(Inspection, Inspection.id == Defect.inspection_id)
        .join(Lot, Lot.id == Inspection.lot_id)
        .where(Defect.review_status.in_(UNDECIDED), ~mine)
        .order_by(Defect.severity_rank.desc(), Defect.uncertainty.desc(), Defect.created_at, Defect.id)
    )


@dataclass(frozen=True, slots=True)
class Reviewer:
    """compared: findings that another person judged too; agreed: those of them judged alike

    with_model: findings of a model that the person judged; confirmed_model: those that the person confirmed
    """

    reviewer: str
    confirmed: int
    rejected: int
    retyped: int
    redrawn: int
    escalated: int
    undone: int
    compared: int
    agreed: int
    with_model: int
    confirmed_model: int


async def reviewers(connection: AsyncConnection) -> list[Reviewer]:
    """Each reviewer's counts, by name. Steps that were taken back count as undone and as nothing else."""
    query = (
        select(
            DefectReview.defect_id,
            DefectReview.position,
            DefectReview.reviewer,
            DefectReview.decision,
            DefectReview.undone_position,
            Defect.inference_job_id,
        )
        .join(Defect, Defect.id == DefectReview.defect_id)
        .order_by(DefectReview.defect_id, DefectReview.position)
    )
    rows = (await connection.execute(query)).all()
    gone = {(row.defect_id, row.undone_position) for row in rows if row.undone_position is not None}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    verdicts: dict[UUID, dict[str, ReviewDecision]] = defaultdict(dict)
    for row in rows:
        if (row.defect_id, row.position) in gone:
            continue
        counts[row.reviewer][row.decision.value] += 1
        if row.decision in {ReviewDecision.CONFIRM, ReviewDecision.REJECT}:
            verdicts[row.defect_id][row.reviewer] = row.decision
            if row.inference_job_id is not None:
                counts[row.reviewer]["with_model"] += 1
                counts[row.reviewer]["confirmed_model"] += row.decision is ReviewDecision.CONFIRM
    for judged in verdicts.values():
        for reviewer, decision in judged.items():
            others = [other for name, other in judged.items() if name != reviewer]
            counts[reviewer]["compared"] += len(others)
            counts[reviewer]["agreed"] += sum(other is decision for other in others)
    return [_reviewer(name, counts[name]) for name in sorted(counts)]


def _reviewer(name: str, count: Counter[str]) -> Reviewer:
    return Reviewer(
        reviewer=name,
        confirmed=count["confirm"],
        rejected=count["reject"],
        retyped=count["retype"],
        redrawn=count["redraw"],
        escalated=count["escalate"],
        undone=count["undo"],
        compared=count["compared"],
        agreed=count["agreed"],
        with_model=count["with_model"],
        confirmed_model=count["confirmed_model"],
    )
