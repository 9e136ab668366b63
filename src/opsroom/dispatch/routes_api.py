"""`/api/v1/dispatch/routes`: events from the road, proofs of delivery, stops in another order."""

from collections.abc import AsyncIterator
from pathlib import PurePath
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Path, Request, Response, UploadFile
from pydantic import Field
from sqlalchemy import select

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Unit
from opsroom.core.errors import NotFound, UnsupportedMedia
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.storage.blobs import CHUNK
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.core.storage.serve import TheBlobs, send_artifact
from opsroom.dispatch import deciding_jobs, replanning
from opsroom.dispatch.driving import report_event
from opsroom.dispatch.event_schemas import EventReport
from opsroom.dispatch.moving import move_stops
from opsroom.dispatch.options import options_from
from opsroom.dispatch.plan_models import DecisionType, Route, RouteStop
from opsroom.dispatch.plan_schemas import EventRead, RouteRead
from opsroom.dispatch.schemas import Shape

router = APIRouter(prefix="/api/v1/dispatch", tags=["dispatch"])

RouteKey = Annotated[str, Path(description="the route_id")]
PROOFS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}
LARGEST_PROOF = 20 << 20  # bytes


class FileKept(Shape):
    artifact_id: UUID
    sha256: str
    size_bytes: int


class StopsInOrder(Shape):
    stops: list[str] = Field(min_length=2, max_length=200, description="every stop_id of the route, in the new order")


@router.post("/routes/{route_id}/events", status_code=201)
async def report_route_event(
    route_id: RouteKey,
    report: EventReport,
    request: Request,
    response: Response,
    session: Unit,
    queue: TheQueue,
    actor: Annotated[Actor, allow("dispatch.events.write")],
) -> EventRead:
    """What a driver reports. A delivery that will be late has the rest planned anew; a breakdown, all that waits."""
    options = options_from(request.app.state.options)
    followed = await report_event(session, queue, options, route_id, report, actor)
    if followed.repeated:
        response.status_code = 200
        return EventRead.model_validate(followed.event)
    if followed.late:
        again = replanning.ReplanRoute(route_id=route_id, at=followed.event.at)
        await queue.add(session, replanning.JOB, again, actor=actor)
    if followed.stranded:
        asked = deciding_jobs.Decide(
            type=DecisionType.TRIGGERED, policy=options.policy, iterations=options.iterations, at=followed.event.at
        )
        await queue.add(session, deciding_jobs.JOB, asked, actor=actor)
    return EventRead.model_validate(followed.event)


@router.post("/routes/{route_id}/files", status_code=201)
async def keep_route_file(
    route_id: RouteKey,
    session: Unit,
    blobs: TheBlobs,
    actor: Annotated[Actor, allow("dispatch.events.write")],
    file: Annotated[UploadFile, File(description="photo or PDF that proves a delivery")],
) -> FileKept:
    """Keep a proof of delivery; the event `delivered` then names it."""
    if await session.scalar(select(Route.id).where(Route.route_id == route_id)) is None:
        raise NotFound(f"There is no route {route_id}.")
    if file.content_type not in PROOFS:
        raise UnsupportedMedia(f"A proof is one of {', '.join(PROOFS)}; this is {file.content_type}.", field="file")

    async def chunks() -> AsyncIterator[bytes]:
        while chunk := await file.read(CHUNK):
            yield chunk

    path = await blobs.receive(chunks(), LARGEST_PROOF)
    try:
        blob = await blobs.keep_file(path)
    finally:
        path.unlink(missing_ok=True)
    name = PurePath(file.filename or f"proof.{PROOFS[file.content_type]}").name[:255]
    artifact = Artifact(
        name=name,
        type=ArtifactType.IMAGE if file.content_type.startswith("image/") else ArtifactType.DOCUMENT,
        media_type=file.content_type,
        sha256=blob.sha256,
        size_bytes=blob.size,
        tags={"route_id": route_id},
        owner_id=actor.user_id,
    )
    session.add(artifact)
    await session.flush()
    return FileKept(artifact_id=artifact.id, sha256=blob.sha256, size_bytes=blob.size)


@router.get("/stops/{stop_id}/proof")
async def download_proof(
    stop_id: str,
    request: Request,
    session: Unit,
    blobs: TheBlobs,
    _actor: Annotated[Actor, allow("dispatch.routes.read")],
) -> Response:
    """The proof of delivery of a stop, as it was sent."""
    stop: RouteStop | None = await session.scalar(select(RouteStop).where(RouteStop.stop_id == stop_id))
    if stop is None:
        raise NotFound(f"There is no stop {stop_id}.")
    if stop.proof_artifact_id is None:
        raise NotFound(f"Stop {stop_id} has no proof.", code="no_proof")
    return await send_artifact(request, blobs, await session.get_one(Artifact, stop.proof_artifact_id))


@router.post("/routes/{route_id}/stops")
async def order_route_stops(
    route_id: RouteKey, asked: StopsInOrder, session: Unit, _actor: Annotated[Actor, allow("dispatch.routes.write")]
) -> RouteRead:
    """Set the order of stops of a route that has not departed; nothing plans it anew from then on."""
    return RouteRead.model_validate(await move_stops(session, route_id, asked.stops))
