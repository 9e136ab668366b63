"""Looking at images: read, prepare, run the model once over all of them, tell what was found in each."""

import asyncio
import io
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
AT_ONCE = 4  # threads that read and scale images side by side


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
    shares = [share for start in range(AT_ONCE) if (share := taken[start::AT_ONCE])]
    parts = await asyncio.gather(*(asyncio.to_thread(_read, blobs, model.contract, share) for share in shares))
    read = {run_id: image for part in parts for run_id, image in part}
    images = [(run, image) for run in taken if isinstance(image := read[run.id], Prepared)]
    failed = [Seen(run.id, error=image) for run in taken if isinstance(image := read[run.id], str)]
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


def _read(blobs: Blobs, contract: Contract, share: Sequence[Taken]) -> list[tuple[UUID, Prepared | str]]:
    """Blocking. Each image, or the sentence that says why it cannot be looked at.

    One thread for many images: the way to a thread and back costs as much as a small image.
    """
    return [(run.id, _image(blobs, contract, run)) for run in share]


def _image(blobs: Blobs, contract: Contract, run: Taken) -> Prepared | str:
    try:
        return prepared(read_photograph(io.BytesIO(blobs.read(run.input_sha256))).pixels, contract)
    except UnreadableImage as refused:
        return str(refused)
    except Unavailable as refused:
        if refused.code in LOST:
            return refused.sentence
        raise
