"""The job type `quality.infer`: take what waits for a model, look at it, keep what was found."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.jobs.handler import JobType, Permanent, Retry, Run
from opsroom.core.parts import Parts
from opsroom.quality.inference.asking import JOB, InferPayload
from opsroom.quality.inference.backends.backend import ServerAway, is_time_out
from opsroom.quality.inference.backends.chosen import chosen_backend
from opsroom.quality.inference.catalogue import Catalogue
from opsroom.quality.inference.keeping import end_all, keep
from opsroom.quality.inference.looking import Seen, look
from opsroom.quality.inference.taking import Taken, give_back, take
from opsroom.quality.kinds import InferenceStatus
from opsroom.quality.vision.runtime import Model
from opsroom.quality.vision.values import Unusable

# A server that is being restarted is back within minutes.
RETRY = Retry(attempts=8, base=timedelta(seconds=2), longest=timedelta(minutes=1))
ASK_EVERY = 0.5  # seconds between looks whether somebody cancelled


class Inference:
    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._blobs = parts.blobs
        self._catalogue = Catalogue(parts.blobs, parts.options["inference_threads"])
        self._backend = chosen_backend(parts.options)

    def job_type(self) -> JobType[InferPayload, list[Seen]]:
        return JobType(
            name=JOB,
            payload=InferPayload,
            compute=self._compute,
            save=self._save,
            failed=self._failed,
            retry=RETRY,
            instead="An image that was not looked at is looked at by asking for its inspection again (…/infer).",
        )

    async def _compute(self, payload: InferPayload, run: Run) -> list[Seen]:
        try:
            model = await self._catalogue.by_hash(payload.model_sha256)
            async with self._database.transaction() as session:
                taken = await take(session, model, run, self._backend.server)
            return await self._looked(model, taken, run) if taken else []
        except Unusable as refused:
            raise Permanent(str(refused)) from refused

    async def _looked(self, model: Model, taken: list[Taken], run: Run) -> list[Seen]:
        try:
            message = f"looking at {len(taken)} images"
            return await _watched(look(self._blobs, model, self._backend, taken), run, message)
        except ServerAway as away:
            async with self._database.transaction() as session:
                await give_back(session, taken, str(away))
            raise

    async def _save(self, session: AsyncSession, _payload: InferPayload, seen: list[Seen], run: Run) -> dict[str, Any]:
        return {**await keep(session, seen, run)}

    async def _failed(self, session: AsyncSession, _payload: InferPayload, sentence: str, run: Run) -> None:
        await end_all(session, run, _status_for(sentence), sentence)


async def _watched(work: Coroutine[Any, Any, list[Seen]], run: Run, message: str) -> list[Seen]:
    """Work that ends early when somebody cancels the job. Of work that is done at once no progress is written."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=ASK_EVERY))[0]:
            await run.progress(0.5, message)
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _status_for(sentence: str) -> InferenceStatus:
    if sentence == "cancelled":
        return InferenceStatus.CANCELLED
    return InferenceStatus.TIMED_OUT if is_time_out(sentence) else InferenceStatus.FAILED
