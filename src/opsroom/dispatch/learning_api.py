"""`/api/v1/dispatch/corrections` and `/learned-policies`: have something learned, put it in or out of force."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Unit
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.parts import NoPayload
from opsroom.dispatch import learning, policy_learning
from opsroom.dispatch.learned_models import LearnedPolicy, TravelCorrection
from opsroom.dispatch.plan_schemas import CorrectionRead, LearnedPolicyRead
from opsroom.dispatch.promoting import activate, retire
from opsroom.dispatch.schemas import Shape

router = APIRouter(prefix="/api/v1/dispatch", tags=["dispatch"])

MayLearn = Annotated[Actor, allow("dispatch.outcomes.write")]


class LearningAccepted(Shape):
    job_id: UUID


@router.post("/corrections/learn", status_code=202)
async def learn_corrections(session: Unit, queue: TheQueue, actor: MayLearn) -> LearningAccepted:
    """Learn corrections of travel times from all outcomes now; it is done every day anyway."""
    job = await queue.add(session, learning.JOB, NoPayload(), actor=actor)
    return LearningAccepted(job_id=job.id)


@router.post("/corrections/{number}/activate")
async def activate_correction(number: int, session: Unit, _actor: MayLearn) -> CorrectionRead:
    """Put an earlier correction in force again."""
    return CorrectionRead.model_validate(await activate(session, TravelCorrection, number))


@router.post("/corrections/{number}/retire")
async def retire_correction(number: int, session: Unit, _actor: MayLearn) -> CorrectionRead:
    """Take a correction out of force; travel times are those of the provider alone."""
    return CorrectionRead.model_validate(await retire(session, TravelCorrection, number))


@router.post("/learned-policies/learn", status_code=202)
async def learn_policy(
    asked: policy_learning.LearnPolicy, session: Unit, queue: TheQueue, actor: MayLearn
) -> LearningAccepted:
    """Learn a policy on simulated days; what is not surely better on days held out is kept, but not put in force."""
    job = await queue.add(session, policy_learning.JOB, asked, actor=actor)
    return LearningAccepted(job_id=job.id)


@router.post("/learned-policies/{number}/activate")
async def activate_learned_policy(number: int, session: Unit, _actor: MayLearn) -> LearnedPolicyRead:
    """Put an earlier version in force again, in the place of the present one of the same policy."""
    return LearnedPolicyRead.model_validate(await activate(session, LearnedPolicy, number))


@router.post("/learned-policies/{number}/retire")
async def retire_learned_policy(number: int, session: Unit, _actor: MayLearn) -> LearnedPolicyRead:
    """Take a version out of force; the policy is as it is built in."""
    return LearnedPolicyRead.model_validate(await retire(session, LearnedPolicy, number))
