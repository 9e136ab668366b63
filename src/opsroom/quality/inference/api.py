"""`/api/v1/quality/inspections/{id}/infer`: having a model look at images."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.engine import Database
from opsroom.core.db.session import TheDatabase
from opsroom.core.jobs.queue import JobQueue, TheQueue
from opsroom.core.storage.serve import TheBlobs
from opsroom.quality.inference.asking import Wish, ask
from opsroom.quality.inference.catalogue import Catalogue, keep_artifact, model_named
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.inference.schemas import InferAsked, InferenceJobRead, InferRead, ModelRead
from opsroom.quality.inference.taking import UNFINISHED
from opsroom.quality.vision.runtime import Model

router = APIRouter(prefix="/api/v1/quality", tags=["quality"])


async def catalogue_of(request: Request, blobs: TheBlobs) -> Catalogue:
    """One for the application, so that models stay loaded between requests."""
    state = request.app.state
    if not hasattr(state, "model_catalogue"):
        state.model_catalogue = Catalogue(blobs, state.options["inference_threads"])
    found: Catalogue = state.model_catalogue
    return found


TheCatalogue = Annotated[Catalogue, Depends(catalogue_of)]


@router.post("/inspections/{inspection_id}/infer", status_code=202)
async def infer_inspection(
    inspection_id: UUID,
    body: InferAsked,
    database: TheDatabase,
    queue: TheQueue,
    catalogue: TheCatalogue,
    actor: Annotated[Actor, allow("quality.inference_jobs.write")],
) -> InferRead:
    """Have a model look at one image of the inspection, or at all; its findings then wait for review."""
    return await have_it_looked_at(database, queue, catalogue, actor, inspection_id, body)


async def have_it_looked_at(
    database: Database, queue: JobQueue, catalogue: Catalogue, actor: Actor, inspection_id: UUID, body: InferAsked
) -> InferRead:
    """The model is read outside of the transaction that asks for it: a large file takes its time."""
    async with database.reading() as connection, AsyncSession(connection) as session:
        model = await model_named(session, catalogue, body.model)
    async with database.transaction() as session:
        await keep_artifact(session, model)
        wish = Wish(model, body.artifact_id, body.threshold, body.priority)
        return _answer(model, await ask(session, queue, actor, inspection_id, wish))


def _answer(model: Model, runs: list[InferenceJob]) -> InferRead:
    contract = model.contract
    waiting = {run.job_id: None for run in runs if run.status in UNFINISHED and run.job_id is not None}
    return InferRead(
        model=ModelRead(
            name=contract.name,
            version=contract.version,
            sha256=model.sha256,
            labels=list(contract.labels),
            threshold=contract.threshold,
        ),
        job_ids=list(waiting),
        inference_jobs=[InferenceJobRead.model_validate(run) for run in runs],
    )
