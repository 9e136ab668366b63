"""What each reviewer decided, and how often others and the model agreed."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CTE, Integer, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from opsroom.quality.findings.models import Defect, DefectReview
from opsroom.quality.kinds import ReviewDecision

VERDICTS = (ReviewDecision.CONFIRM, ReviewDecision.REJECT)


@dataclass(frozen=True, slots=True)
class Reviewer:
    """compared: judgements of others on findings that the person judged too; agreed: those of them that are the same

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


async def reviewers(
    connection: AsyncConnection, since: datetime | None = None, until: datetime | None = None
) -> list[Reviewer]:
    """Each reviewer's counts, by name. Steps that were taken back count as undone and as nothing else."""
    steps = _standing(since, until)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    decided = select(steps.c.reviewer, steps.c.decision, func.count()).group_by(steps.c.reviewer, steps.c.decision)
    for name, decision, count in await connection.execute(decided):
        counts[name][decision.value] = count
    mine, theirs = (select(steps).where(steps.c.decision.in_(VERDICTS)).subquery() for _ in range(2))
    agreed = func.sum(cast(mine.c.decision == theirs.c.decision, Integer))
    compared = (
        select(mine.c.reviewer, func.count(), agreed)
        .join(theirs, (theirs.c.defect_id == mine.c.defect_id) & (theirs.c.reviewer != mine.c.reviewer))
        .group_by(mine.c.reviewer)
    )
    for name, count, same in await connection.execute(compared):
        counts[name].update(compared=count, agreed=same)
    confirmed = func.sum(cast(mine.c.decision == ReviewDecision.CONFIRM, Integer))
    of_models = (
        select(mine.c.reviewer, func.count(), confirmed)
        .join(Defect, Defect.id == mine.c.defect_id)
        .where(Defect.inference_job_id.is_not(None))
        .group_by(mine.c.reviewer)
    )
    for name, count, same in await connection.execute(of_models):
        counts[name].update(with_model=count, confirmed_model=same)
    return [_reviewer(name, counts[name]) for name in sorted(counts)]


def _standing(since: datetime | None, until: datetime | None) -> CTE:
    """Steps that nobody took back."""
    undo = aliased(DefectReview)
    taken_back = select(undo.id).where(
        undo.defect_id == DefectReview.defect_id, undo.undone_position == DefectReview.position
    )
    query = select(DefectReview.defect_id, DefectReview.reviewer, DefectReview.decision).where(~taken_back.exists())
    if since is not None:
        query = query.where(DefectReview.created_at >= since)
    if until is not None:
        query = query.where(DefectReview.created_at < until)
    return query.cte("standing")


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
