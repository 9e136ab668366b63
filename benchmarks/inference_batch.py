"""Q2: inference through a job, a batch of 64 images, against bare onnxruntime on the same arrays.

    python benchmarks/inference_batch.py [--images 64] [--rounds 9] [--only sqlite|postgresql]

Job: from the claim to the commit: images fetched by their hash and decoded, the model, raw outputs and findings
written, audited. Bare: `session.run` of onnxruntime on the very arrays that the job prepares, with the same threads.
In turn, wall time and seconds of this process's processor, medians; the outputs that were written are compared with
the bare ones. Each round has an inspection of its own.

"Decoding" is Pillow alone over the same files, in as many threads: work that a job must do and the floor does not.
"model" is how much of the job the model itself took. The rest does not grow with the model: a second line says what
the ratio is with a model that takes ten times as long, by running the same one ten times over in its place.
"""

import argparse
import asyncio
import io
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from PIL import Image
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import SYSTEM
from opsroom.core.clock import now
from opsroom.core.jobs.runtime import Runtime
from opsroom.core.metrics import Metrics
from opsroom.main import House
from opsroom.quality.images.actions import HandedIn, add_image
from opsroom.quality.images.reading import Picture
from opsroom.quality.inference.asking import Wish, ask
from opsroom.quality.inference.catalogue import Catalogue, keep_artifact
from opsroom.quality.inference.looking import AT_ONCE
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import InspectionType, PartType
from opsroom.quality.lots.models import Lot
from opsroom.quality.parts.models import Part, PartRevision
from opsroom.quality.surfaces.drawing import draw
from opsroom.quality.surfaces.values import SIZE
from opsroom.quality.vision.decoding import NAMES
from opsroom.quality.vision.runtime import INPUT, Model, Stop
from opsroom.quality.vision.tensors import batch, prepared
from opsroom.quality.vision.values import Outputs, Tensor
from opsroom.settings import Settings
from stores_trigger import SECRET, database, execute, opsroom

FIRST = 3_000_000


@dataclass(frozen=True)
class Slow(Model):
    """The same model run several times over, as a larger one would take longer."""

    times: int = 10

    def run(self, pixels: Tensor, stop: Stop | None = None) -> Outputs:
        for _ in range(self.times - 1):
            super().run(pixels, stop)
        return super().run(pixels, stop)


@dataclass
class Side:
    """Seconds of each round, by the clock and of the processor."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def add(self, wall: float, processor: float) -> None:
        self.wall.append(wall)
        self.processor.append(processor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    pictures = [draw(FIRST + number).pixels for number in range(asked.images)]
    for engine in [asked.only] if asked.only else ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory() as name:
            url, server = database(engine, Path(name))
            settings = Settings.model_validate(
                {"environment": "test", "data_dir": Path(name, "data"), "database_url": url, "secret_key": SECRET}
            )
            opsroom(["db", "migrate"], {**os.environ, "OPSROOM_DATABASE_URL": url, "OPSROOM_SECRET_KEY": SECRET})
            try:
                asyncio.run(measure(engine, settings, pictures, asked.rounds))
            finally:
                if server:
                    asyncio.run(execute(server, f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))


async def measure(engine: str, settings: Settings, pictures: list[Any], rounds: int) -> None:
    house = House(settings)
    catalogue = inference_catalogue(house)
    model = await catalogue.shipped()
    pixels = batch([prepared(each, model.contract) for each in pictures])
    files = [png(each) for each in pictures]
    for times in (1, 10):
        used = model if times == 1 else Slow(*(getattr(model, name) for name in model.__dataclass_fields__))
        catalogue._loaded[model.sha256] = used  # noqa: SLF001  what the job will find loaded
        job, bare, decoding = Side(), Side(), Side()
        spent: list[float] = []
        for turn in range(rounds + 1):
            inspection = await prepare(house, used, pictures, f"{times}-{turn}")
            runtime = Runtime(house.database, house.queue, Metrics())
            took = await clocked(runtime.run_until_idle)
            floor = await clocked(partial(bare_run, model, pixels, times))
            decoded = await clocked(partial(decode, files))
            spent.append(await check(house, inspection, model, pixels))
            if turn:  # the first round warms both sides
                job.add(*took)
                bare.add(*floor)
                decoding.add(*decoded)
        told(engine, times, (job, bare, decoding), statistics.median(spent))
    await house.database.close()


def inference_catalogue(house: House) -> Catalogue:
    """That of the job type, whose models stay loaded from one job to the next."""
    compute: Any = house.queue.types["quality.infer"].compute
    found: Catalogue = compute.__self__._catalogue  # noqa: SLF001  as above
    return found


async def prepare(house: House, model: Model, pictures: list[Any], name: str) -> Any:
    """An inspection with the images handed in, and the model asked for."""
    async with house.database.transaction() as session:
        inspection = await planned(session, name)
        for unit, pixels in enumerate(pictures, 1):
            blob = await house.blobs.keep_bytes(png(pixels))
            given = HandedIn(f"{unit}.png", blob, Picture("image/png", SIZE, SIZE))
            await add_image(session, SYSTEM, inspection.id, given, unit)
        await keep_artifact(session, model)
        await ask(session, house.queue, SYSTEM, inspection.id, Wish(model))
        return inspection.id


def png(pixels: Any) -> bytes:
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


async def planned(session: AsyncSession, name: str) -> Inspection:
    part = Part(part_number=name, revision="A", name="Plate", type=PartType.COMPONENT)
    session.add(part)
    await session.flush()
    revision = PartRevision(
        part_id=part.id, revision="A", specifications={}, effective_from=now(), changed_by="benchmark"
    )
    lot = Lot(lot_number=name, part_id=part.id, quantity=1000)
    session.add_all([revision, lot])
    await session.flush()
    inspection = Inspection(lot_id=lot.id, part_revision_id=revision.id, type=InspectionType.FINAL)
    session.add(inspection)
    await session.flush()
    return inspection


async def clocked(work: Callable[[], Any]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - wall, time.process_time() - processor


async def bare_run(model: Model, pixels: Tensor, times: int) -> None:
    for _ in range(times):
        await asyncio.to_thread(model.session.run, NAMES, {INPUT: pixels})


async def decode(files: list[bytes]) -> None:
    def some(share: list[bytes]) -> None:
        for each in share:
            Image.open(io.BytesIO(each)).load()

    await asyncio.gather(*(asyncio.to_thread(some, files[start::AT_ONCE]) for start in range(AT_ONCE)))


async def check(house: House, inspection: Any, model: Model, pixels: Tensor) -> float:
    """The outputs that were written are those of the bare model; gives the seconds the model took in the job."""
    query = select(InferenceJob).where(InferenceJob.inspection_id == inspection).order_by(InferenceJob.id)
    async with house.database.transaction() as session:
        runs = (await session.scalars(query)).all()
        assert {run.status.value for run in runs} == {"succeeded"}, [run.error for run in runs]  # noqa: S101  see above
        boxes, scores, types = model.session.run(NAMES, {INPUT: pixels})
        for row, run in enumerate(runs):
            kept = run.outputs or {}
            for name, wanted in (("boxes", boxes), ("scores", scores), ("types", types)):
                np.testing.assert_allclose(np.array(kept[name]), wanted[row], atol=1e-5)
        return sum({run.job_id: (run.compute_ms or 0) / 1000 for run in runs}.values())


def told(engine: str, times: int, sides: tuple[Side, Side, Side], model: float) -> None:
    wall, floor, decoding = (statistics.median(side.wall) for side in sides)
    worked, least, decoded = (statistics.median(side.processor) for side in sides)
    print(
        f"{engine:11} model × {times:2}: job {wall:.3f} s (of which model {model:.3f} s), bare {floor:.3f} s: "
        f"{wall / floor:.2f} ×, with decoding ({decoding:.3f} s) {wall / (floor + decoding):.2f} ×; "
        f"processor {worked:.3f} s, {least:.3f} s: {worked / least:.2f} ×, "
        f"with decoding ({decoded:.3f} s) {worked / (least + decoded):.2f} ×"
    )


if __name__ == "__main__":
    main()
