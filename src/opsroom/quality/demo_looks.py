"""Images of the demonstration, and what the shipped model finds on them: for one lot beforehand, for one as a job."""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from PIL import Image
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from opsroom.core.actor import Actor
from opsroom.core.jobs.handler import Run
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.parts import Parts
from opsroom.core.storage.blobs import Blobs
from opsroom.quality.findings.models import Defect
from opsroom.quality.images.actions import HandedIn, add_image
from opsroom.quality.images.reading import Picture
from opsroom.quality.inference.asking import Wish, ask, new_run
from opsroom.quality.inference.backends.in_process import InProcess
from opsroom.quality.inference.catalogue import Catalogue, keep_artifact
from opsroom.quality.inference.keeping import keep
from opsroom.quality.inference.looking import Seen, look
from opsroom.quality.inference.taking import Taken
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import InferenceStatus
from opsroom.quality.surfaces.drawing import draw
from opsroom.quality.surfaces.values import SIZE
from opsroom.quality.vision.runtime import Model

# Numbers of surfaces that the model was not trained on, and what is drawn on them.
WAITING: tuple[tuple[int, list[str]], ...] = (
    (2_000_101, ["crack"]),
    (2_000_103, ["scratch"]),
    (2_000_102, ["dent"]),
    (2_000_100, []),
)
BAD = (
    (2_000_101, ["porosity"]), (2_000_102, ["porosity"]), (2_000_103, ["porosity"]), (2_000_103, ["dent"]),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Looks:
    """taken, seen: of the images of the lot that is rejected"""

    model: Model
    waiting: tuple[HandedIn, ...]
    bad: tuple[HandedIn, ...]
    taken: tuple[Taken, ...]
    seen: tuple[Seen, ...]


async def prepare_looks(parts: Parts) -> Looks:
    blobs = parts.blobs
    model = await Catalogue(blobs, parts.options["inference_threads"]).shipped()
    waiting, bad = await _handed_in(blobs, WAITING), await _handed_in(blobs, BAD)
    taken = [Taken(uuid7(), 1, each.blob.sha256, model.contract.threshold) for each in bad]
    seen = await look(blobs, model, InProcess(parts.options["inference_timeout"]), taken)
    return Looks(model, waiting, bad, tuple(taken), tuple(seen))


async def ask_for_looks(
    session: AsyncSession, queue: JobQueue, inspector: Actor, inspection: Inspection, looks: Looks
) -> None:
    """Hand the images in and ask for the model, as anybody would."""
    for unit, given in enumerate(looks.waiting, 1):
        await add_image(session, inspector, inspection.id, given, unit)
    await keep_artifact(session, looks.model)
    await ask(session, queue, inspector, inspection.id, Wish(looks.model))


async def keep_looks(
    session: AsyncSession, inspector: Actor, inspection: Inspection, looks: Looks, run: Run
) -> Sequence[UUID]:
    """Write down what the model has found already; the ids of its findings."""
    for unit, (given, taken) in enumerate(zip(looks.bad, looks.taken, strict=True), 1):
        image = await add_image(session, inspector, inspection.id, given, unit)
        made = new_run((image.artifact_id, taken.input_sha256), run.job_id, inspection.id, inspector, Wish(looks.model))
        made.id = taken.id
        session.add(made)
        await session.flush()
        made.status, made.attempts = InferenceStatus.RUNNING, 1
        await session.flush()
    await keep(session, looks.seen, run)
    return (await session.scalars(select(Defect.id).where(Defect.inspection_id == inspection.id))).all()


async def _handed_in(blobs: Blobs, drawn: Sequence[tuple[int, list[str]]]) -> tuple[HandedIn, ...]:
    found = []
    for unit, (number, flaws) in enumerate(drawn, 1):
        content = await asyncio.to_thread(_png, number, flaws)
        found.append(HandedIn(f"unit-{unit}.png", await blobs.keep_bytes(content), Picture("image/png", SIZE, SIZE)))
    return tuple(found)


def _png(number: int, flaws: list[str]) -> bytes:
    written = io.BytesIO()
    Image.fromarray(draw(number, flaws).pixels).save(written, "PNG")
    return written.getvalue()
