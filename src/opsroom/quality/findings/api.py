"""`/api/v1/quality/defects/{id}/review`, the queue, and the reviewers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Reading, Unit
from opsroom.quality.findings.queue import waiting_for
from opsroom.quality.findings.review import review
from opsroom.quality.findings.reviewers import reviewers
from opsroom.quality.findings.schemas import DefectRead, ReviewAsked, ReviewerRead, Waiting

router = APIRouter(prefix="/api/v1/quality", tags=["quality"])


@router.post("/defects/{defect_id}/review")
async def review_defect(
    defect_id: UUID, body: ReviewAsked, actor: Annotated[Actor, allow("quality.defects.review")], session: Unit
) -> DefectRead:
    """Confirm, reject, re-type, redraw or escalate a finding, or take one's own last step back."""
    return DefectRead.model_validate(await review(session, actor, defect_id, body.step()))


@router.get("/review-queue")
async def read_review_queue(
    connection: Reading,
    actor: Annotated[Actor, allow("quality.defects.read")],
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[Waiting]:
    """Findings that wait for you: by severity, then by uncertainty."""
    return [
        Waiting(lot_number=number, finding=DefectRead.model_validate(finding))
        for number, finding in await waiting_for(connection, actor, limit)
    ]


@router.get("/reviewers")
async def list_reviewers(
    connection: Reading,
    _actor: Annotated[Actor, allow("quality.defects.read")],
    since: Annotated[AwareDatetime | None, Query(description="steps from here on")] = None,
    until: Annotated[AwareDatetime | None, Query(description="steps before")] = None,
) -> list[ReviewerRead]:
    """What each reviewer decided, and how often others and the model agreed."""
    return [ReviewerRead.model_validate(each) for each in await reviewers(connection, since, until)]
