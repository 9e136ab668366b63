"""`/api/v1/audit/reviews`: that the trail was looked through, by signature.

Reviews are read where everything of the trail is: `GET /api/v1/audit?event=audit.trail.reviewed`.
"""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from opsroom.core.actor import Actor
from opsroom.core.auth.doorkeeper import TheDoorkeeper
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import TheDatabase
from opsroom.core.errors import Invalid
from opsroom.quality.signing.identity import Credentials, confirm
from opsroom.quality.trail_reviews.actions import review_trail

router = APIRouter(prefix="/api/v1/audit/reviews", tags=["audit"])
Outcome = Literal["in_order", "findings"]


class TrailReviewAsked(Credentials):
    outcome: Outcome
    remarks: str | None = Field(None, max_length=500, description="needed where there are findings")


class TrailReview(BaseModel):
    printed_name: str
    meaning: str
    since_size: int = Field(description="entries that the review before covered")
    until_size: int = Field(description="entries under the checkpoint that this one reaches to")
    root: str = Field(description="of the tree under that checkpoint, hexadecimal")
    outcome: Outcome
    remarks: str | None
    sha256: str = Field(description="of all of the above as JSON with sorted keys and no spaces")


@router.post("", status_code=201)
async def review_audit_trail(
    body: TrailReviewAsked,
    actor: Annotated[Actor, allow("audit.review")],
    database: TheDatabase,
    doorkeeper: TheDoorkeeper,
) -> TrailReview:
    """Say, by signature, that everything sealed since the last review was looked through."""
    remarks = (body.remarks or "").strip() or None
    if body.outcome == "findings" and remarks is None:
        raise Invalid("Say in `remarks` what was found.", field="remarks")
    await confirm(doorkeeper, actor, body)
    async with database.transaction() as session:
        return TrailReview.model_validate(await review_trail(session, actor, body.outcome, remarks))
