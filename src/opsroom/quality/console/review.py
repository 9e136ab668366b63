"""`/console/quality/review`: one finding after the other, by keys."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.clock import now
from opsroom.core.console.render import render, see_other
from opsroom.core.db.session import Reading, TheDatabase
from opsroom.core.errors import Refusal
from opsroom.quality.findings.models import Defect, DefectReview
from opsroom.quality.findings.queue import MOST_COUNTED, count_waiting, waiting_for
from opsroom.quality.findings.review import Step, review
from opsroom.quality.findings.reviewers import reviewers
from opsroom.quality.images.models import InspectionImage
from opsroom.quality.kinds import DefectType, ReviewDecision, Severity

router = APIRouter(prefix="/console/quality/review", include_in_schema=False)

PATH = "/console/quality/review"
SHOWN = 30  # of the queue
PERIODS = {"30": "30 days", "90": "90 days", "365": "a year"}
WORDS = {
    ReviewDecision.CONFIRM: "Confirmed.",
    ReviewDecision.REJECT: "Rejected.",
    ReviewDecision.RETYPE: "Changed; now confirm or reject it.",
    ReviewDecision.ESCALATE: "Escalated.",
    ReviewDecision.UNDO: "Taken back.",
}


@router.get("", name="console_quality_review")
async def queue_page(
    request: Request,
    connection: Reading,
    actor: Annotated[Actor, allow("quality.defects.read")],
    finding: UUID | None = None,
) -> Response:
    return await _page(request, connection, actor, finding)


@router.get("/people", name="console_quality_reviewers", dependencies=[allow("quality.defects.read")])
async def people_page(
    request: Request, connection: Reading, days: Annotated[int, Query(ge=1, le=3650)] = 90
) -> Response:
    return render(
        request,
        "quality/reviewers.html",
        people=await reviewers(connection, now() - timedelta(days=days)),
        days=str(days),
        periods=list(PERIODS.items()),
        query=dict(request.query_params),
    )


@router.post("/{finding_id}", name="console_quality_review_step")
async def take_step(
    finding_id: UUID,
    request: Request,
    database: TheDatabase,
    actor: Annotated[Actor, allow("quality.defects.review")],
    decision: Annotated[ReviewDecision, Form()],
    reason: Annotated[str, Form(max_length=2000)] = "",
    type: Annotated[DefectType | None, Form()] = None,  # noqa: A002  the field's name
    severity: Annotated[Severity | None, Form()] = None,
) -> Response:
    step = Step(decision, reason.strip() or None, type, severity)
    try:
        async with database.transaction() as session:
            await review(session, actor, finding_id, step)
    except Refusal as refusal:
        async with database.reading() as connection:
            return await _page(request, connection, actor, finding_id, refusal)
    stays = decision in {ReviewDecision.RETYPE, ReviewDecision.UNDO}
    return see_other(f"{PATH}?finding={finding_id}" if stays else PATH, toast=WORDS.get(decision, "Done."))


async def _page(
    request: Request, connection: AsyncConnection, actor: Actor, wanted: UUID | None, refusal: Refusal | None = None
) -> Response:
    waiting = await waiting_for(connection, actor, SHOWN)
    in_queue = {finding.id: finding for _, finding in waiting}
    shown = wanted or next(iter(in_queue), None)
    return render(
        request,
        "quality/review.html",
        status=200 if refusal is None else refusal.status.value,
        waiting=waiting,
        total=await count_waiting(connection, actor),
        most_counted=MOST_COUNTED,
        shown=await _one(connection, shown, in_queue.get(shown)) if shown else None,
        refusal=refusal,
        types=[(each.value, each.value.replace("_", " ")) for each in DefectType],
        severities=[(each.value, each.value) for each in Severity],
    )


async def _one(connection: AsyncConnection, finding_id: UUID, known: Defect | None) -> dict[str, Any] | None:
    async with AsyncSession(connection) as session:
        finding = known or await session.get(Defect, finding_id)
        if finding is None:
            return None
        of_finding = DefectReview.defect_id == finding_id
        steps = (await session.scalars(select(DefectReview).where(of_finding).order_by(DefectReview.position))).all()
        image = await session.scalar(
            select(InspectionImage).where(
                InspectionImage.inspection_id == finding.inspection_id,
                InspectionImage.artifact_id == finding.image_artifact_id,
            )
        )
        session.expunge_all()
    return {"finding": finding, "steps": steps, "image": image}
