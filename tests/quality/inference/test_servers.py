"""A real server of the Open Inference Protocol: as good as the model in the process, slow, wrong, late, killed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from tests.quality.inference.conftest import NUMBER, Work, hand_in, infer, listed, png
from tests.quality.inference.triton import Triton, triton_in

from opsroom.core.clock import now
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.runtime import Runtime
from opsroom.main import create_app
from opsroom.quality.inference.backends.backend import Backend, ServerAway, ServerRefused, TimedOut
from opsroom.quality.inference.backends.chosen import chosen_backend
from opsroom.quality.surfaces.drawing import draw
from opsroom.quality.vision.runtime import Model, load, shipped
from opsroom.quality.vision.tensors import batch, prepared
from opsroom.quality.vision.values import Tensor
from opsroom.settings import Settings

NAME = "surface-defects"
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
both_ways = pytest.mark.parametrize("way", ["http", "grpc"])


def backend(url: str, seconds: float = 60.0) -> Backend:
    return chosen_backend({"inference_url": url, "inference_timeout": seconds})


@pytest.fixture(scope="module")
def model() -> Model:
    return load(shipped())


@pytest.fixture(scope="module")
def pixels(model: Model) -> Tensor:
    return batch([prepared(draw(NUMBER + number).pixels, model.contract) for number in range(3)])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    """Serves the shipped model."""
    with triton_in(tmp_path_factory.mktemp("triton")) as server:
        server.serve(NAME, shipped())
        server.start()
        server.wait_until_ready()
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Triton]:
    """Of the test's own, not started yet; it will serve the shipped model."""
    with triton_in(tmp_path) as found:
        found.serve(NAME, shipped())
        yield found


@both_ways
async def test_a_server_gives_what_the_model_in_the_process_gives(
    running: Triton, way: str, model: Model, pixels: Tensor
) -> None:
    wanted = model.run(pixels)
    for _ in range(2):  # the second time nothing is asked about the server any more
        found = await backend(getattr(running, way)).run(model, pixels)
        assert abs(found.scores - wanted.scores).max() < 1e-5
        assert abs(found.boxes - wanted.boxes).max() < 1e-4
        assert (found.types == wanted.types).all()


async def test_a_server_without_binary_tensors_is_spoken_to_in_json(
    running: Triton, model: Model, pixels: Tensor
) -> None:
    speaking: Any = backend(running.http)
    speaking._binary[model.sha256] = False
    assert (await speaking.run(model, pixels)).scores.shape == model.run(pixels).scores.shape


@both_ways
async def test_a_model_that_the_server_does_not_have_is_refused(
    running: Triton, way: str, model: Model, pixels: Tensor
) -> None:
    other = replace(model, contract=replace(model.contract, name="no-such-model"))
    with pytest.raises(ServerRefused, match="no-such-model"):
        await backend(getattr(running, way)).run(other, pixels)


@both_ways
async def test_a_server_that_takes_too_long_is_left(running: Triton, way: str, model: Model, pixels: Tensor) -> None:
    wait = running.folder / "models" / NAME / "wait"
    wait.touch()
    try:
        with pytest.raises(TimedOut, match=r"No answer within 0\.3 seconds"):
            await backend(getattr(running, way), 0.3).run(model, pixels)
    finally:
        wait.unlink()


@both_ways
async def test_nobody_there_may_be_there_later(way: str, server: Triton, model: Model, pixels: Tensor) -> None:
    with pytest.raises(ServerAway, match="does not answer"):
        await backend(getattr(server, way)).run(model, pixels)


@both_ways
async def test_a_model_of_another_shape_is_refused_with_both_shapes(
    way: str, tmp_path: Path, model: Model, pixels: Tensor
) -> None:
    with triton_in(tmp_path) as server:
        server.serve(NAME, shipped(), side=128)
        server.start()
        await asyncio.to_thread(server.wait_until_ready)
        with pytest.raises(ServerRefused) as refused:
            await backend(getattr(server, way)).run(model, pixels)
    assert "FP32 [-1, 1, 128, 128] named pixels" in str(refused.value)
    assert "FP32 [-1, 1, 256, 256] named pixels" in str(refused.value)


@pytest.fixture
async def through(settings: Settings) -> AsyncIterator[Callable[[str], Work]]:
    """A worker that runs models on a server; a batch may take 60 seconds."""
    opened: list[FastAPI] = []

    def make(url: str) -> Work:
        application = create_app(
            settings.model_copy(update={"inference_url": url, "inference_timeout": 60.0}), work=False
        )
        opened.append(application)
        state = application.state
        return Runtime(state.database, state.queue, state.metrics).run_until_idle

    yield make
    for application in opened:
        await application.state.database.close()


async def due(app: FastAPI) -> None:
    """The wait before the next attempt is over."""
    async with app.state.database.transaction() as session:
        await session.execute(update(Job).values(run_at=now()))


async def grows(path: Path) -> None:
    async with asyncio.timeout(60):
        while not path.exists():  # noqa: ASYNC110, ASYNC240  another process writes it
            await asyncio.sleep(0.02)


@on_sqlite
@both_ways
async def test_a_server_that_comes_late_and_is_killed_in_the_middle_loses_nothing_and_doubles_nothing(
    way: str,
    server: Triton,
    user: httpx.AsyncClient,
    inspection: str,
    app: FastAPI,
    through: Callable[[str], Work],
) -> None:
    work = through(getattr(server, way))
    await hand_in(user, inspection, png(NUMBER, ["contamination"]))
    await infer(user, inspection)

    await work()  # nobody is there yet
    (run,) = await listed(user, "inference-jobs")
    assert (run["status"], run["attempts"], run["finished_at"]) == ("queued", 1, None)
    assert "does not answer" in run["error"]

    place = server.folder / "models" / NAME
    (place / "wait").touch()
    server.start()
    await asyncio.to_thread(server.wait_until_ready)
    await due(app)
    working = asyncio.create_task(_awaited(work))
    await grows(place / "seen")
    server.kill()  # in the middle of the batch
    await working
    (run,) = await listed(user, "inference-jobs")
    assert (run["status"], run["attempts"]) == ("queued", 2)

    (place / "wait").unlink()
    server.start()
    await asyncio.to_thread(server.wait_until_ready)
    await due(app)
    await work()
    (run,) = await listed(user, "inference-jobs")
    assert (run["status"], run["attempts"], run["error"]) == ("succeeded", 3, None)
    assert run["server"] == getattr(server, way)
    assert [each["type"] for each in await listed(user, "defects")] == ["contamination"]


async def _awaited(work: Work) -> None:
    await work()


@on_sqlite
async def test_after_the_last_attempt_a_run_has_timed_out_or_failed(
    server: Triton, user: httpx.AsyncClient, inspection: str, app: FastAPI, settings: Settings
) -> None:
    place = server.folder / "models" / NAME
    (place / "wait").touch()
    server.start()
    await asyncio.to_thread(server.wait_until_ready)
    patience = settings.model_copy(update={"inference_url": server.http, "inference_timeout": 0.5})
    application = create_app(patience, work=False)
    state = application.state
    work = Runtime(state.database, state.queue, state.metrics).run_until_idle
    try:
        for status, sentence in (("timed_out", "No answer within 0.5 seconds"), ("failed", "does not answer")):
            await hand_in(user, inspection, png(NUMBER, ["contamination"]))
            (job_id,) = (await infer(user, inspection))["job_ids"]
            async with app.state.database.transaction() as session:
                await session.execute(update(Job).values(max_attempts=1))
            await work()
            run = (await listed(user, "inference-jobs"))[-1]
            assert (run["status"], run["attempts"], run["job_id"]) == (status, 1, job_id)
            assert sentence in run["error"]
            server.kill()
    finally:
        await state.database.close()
    assert await listed(user, "defects") == []
