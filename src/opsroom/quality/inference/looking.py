"""Looking at images: read, prepare, run the model once over all of them, tell what was found in each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from opsroom.core.clock import now
from opsroom.core.errors import Unavailable
from opsroom.core.storage.blobs import Blobs
from opsroom.quality.inference.backends.backend import Backend
from opsroom.quality.inference.taking import Taken
from opsroom.quality.vision.decoding import findings
from opsroom.quality.vision.reading import read_photograph
from opsroom.quality.vision.runtime import Model
from opsroom.quality.vision.tensors import Prepared, batch, prepared
from opsroom.quality.vision.values import Contract, Found, UnreadableImage

LOST = ("artifact_missing", "artifact_corrupted")
AT_ONCE = 4  # images that are read and scaled side by side


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one run. error: why the image was not looked at; then there is nothing else

    began, compute_ms: when the model began with the batch, and how long it took for all of it
    """

    id: UUID
    error: str | None = None
    outputs: dict[str, Any] | None = None
    found: tuple[Found, ...] = ()
    began: datetime | None = None
    compute_ms: float | None = None


async def look(blobs: Blobs, model: Model, backend: Backend, taken: Sequence[Taken]) -> list[Seen]:
    """An image that cannot be read fails alone.

    Raises:
        ServerAway, ServerRefused, UnusableOutput, Unavailable: none of them could be looked at.
    """
    gate = asyncio.Semaphore(AT_ONCE)
    read = await asyncio.gather(*(_read(gate, blobs, model.contract, each) for each in taken))
    images = [(run, image) for run, image in zip(taken, read, strict=True) if isinstance(image, Prepared)]
    failed = [Seen(run.id, error=image) for run, image in zip(taken, read, strict=True) if isinstance(image, str)]
    if not images:
        return failed
    began, clock = now(), asyncio.get_running_loop().time
    begun = clock()
    outputs = await backend.run(model, batch([image for _, image in images]))
    compute_ms = (clock() - begun) * 1000
    return failed + [
        Seen(
            run.id,
            outputs=outputs.of(row),
            found=tuple(findings(outputs, row, model.contract, image.placement, run.threshold)),
            began=began,
            compute_ms=compute_ms,
        )
        for row, (run, image) in enumerate(images)
    ]


async def _read(gate: asyncio.Semaphore, blobs: Blobs, contract: Contract, run: Taken) -> Prepared | str:
    """The image, or the sentence that says why it cannot be looked at."""
    async with gate:
        try:
            path = await blobs.fetch(run.input_sha256)
        except Unavailable as refused:
            if refused.code in LOST:
                return refused.sentence
            raise
        try:
            return await asyncio.to_thread(lambda: prepared(read_photograph(path).pixels, contract))
        except UnreadableImage as refused:
            return str(refused)
        finally:
            path.unlink(missing_ok=True)
