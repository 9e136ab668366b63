"""A model looks at the images of an inspection, through HTTP and jobs."""

from pathlib import Path

import httpx
from fastapi import FastAPI
from sqlalchemy import func, null, select, update
from tests.quality.inference.conftest import NUMBER, Problem, Q, Work, hand_in, infer, listed, png

from opsroom.core.jobs.models import Job, JobStatus
from opsroom.core.storage.models import Artifact
from opsroom.quality.inference.models import InferenceJob

MODELS = Path(__file__).parents[1] / "vision" / "models"
COPIED = (
    "inspection_id", "model_name", "model_version", "model_sha256", "input_artifact_id", "threshold", "job_id",
    "requested_by",
)  # fmt: skip


async def test_findings_of_the_model_wait_for_review_with_its_verdict(
    user: httpx.AsyncClient, inspection: str, work: Work
) -> None:
    flawed = await hand_in(user, inspection, png(NUMBER, ["contamination"]), unit=3)
    sound = await hand_in(user, inspection, png(NUMBER + 1, []), unit=4)
    asked = await infer(user, inspection)
    assert [each["status"] for each in asked["inference_jobs"]] == ["queued", "queued"]
    assert [each["input_artifact_id"] for each in asked["inference_jobs"]] == [flawed, sound]
    assert len(asked["job_ids"]) == 1
    await work()

    runs = {each["input_artifact_id"]: each for each in await listed(user, "inference-jobs")}
    for run in runs.values():
        assert (run["status"], run["attempts"], run["server"], run["error"]) == ("succeeded", 1, "onnx", None)
        assert run["model_sha256"] == asked["model"]["sha256"]
        assert set(run["outputs"]) == {"boxes", "scores", "types"}
        assert run["total_ms"] >= run["compute_ms"] > 0
        assert run["queue_ms"] >= 0
    (finding,) = await listed(user, "defects")
    assert (finding["type"], finding["unit_number"], finding["image_artifact_id"]) == ("contamination", 3, flawed)
    assert (finding["detection_method"], finding["review_status"]) == ("model", "pending")
    assert finding["inference_job_id"] == runs[flawed]["id"]
    verdict = finding["model_verdict"]
    assert (verdict["type"], verdict["confidence"]) == ("contamination", finding["confidence"])
    assert (verdict["model"], verdict["version"], verdict["sha256"]) == (
        "surface-defects", "1", asked["model"]["sha256"],
    )  # fmt: skip
    (_lot, waiting) = (await user.get(f"{Q}/review-queue")).json()[0].values()
    assert waiting["id"] == finding["id"]


async def test_an_image_is_looked_at_once_however_often_it_is_asked_for(
    user: httpx.AsyncClient, inspection: str, work: Work
) -> None:
    await hand_in(user, inspection, png(NUMBER, ["contamination"]))
    first = await infer(user, inspection)
    again = await infer(user, inspection)
    assert [each["id"] for each in again["inference_jobs"]] == [each["id"] for each in first["inference_jobs"]]
    assert again["job_ids"] == first["job_ids"]
    await work()
    after = await infer(user, inspection, threshold=0.01)
    assert after["job_ids"] == []
    assert after["inference_jobs"][0]["status"] == "succeeded"
    later = await hand_in(user, inspection, png(NUMBER + 1, []))
    more = await infer(user, inspection)
    assert [each["status"] for each in more["inference_jobs"]] == ["succeeded", "queued"]
    assert more["inference_jobs"][1]["input_artifact_id"] == later
    await work()
    assert len(await listed(user, "defects")) == 1


async def test_runs_that_wait_for_one_model_are_carried_out_together(
    user: httpx.AsyncClient, inspection: str, app: FastAPI, work: Work
) -> None:
    asked = []
    for number in range(3):
        image = await hand_in(user, inspection, png(NUMBER + number, []))
        asked.append((await infer(user, inspection, artifact_id=image, priority=3 - number))["job_ids"][0])
    await work()
    runs = await listed(user, "inference-jobs")
    assert {each["job_id"] for each in runs} == {asked[0]}
    assert {each["compute_ms"] for each in runs} == {runs[0]["compute_ms"]}, "one batch"
    async with app.state.database.transaction() as session:
        jobs = {job.id.hex: job for job in await session.scalars(select(Job))}
    told = [jobs[each.replace("-", "")] for each in asked]
    assert [job.status for job in told] == [JobStatus.SUCCEEDED] * 3
    assert [job.result["succeeded"] for job in told] == [3, 0, 0]


async def test_an_image_that_is_lost_or_broken_fails_alone(
    user: httpx.AsyncClient, inspection: str, app: FastAPI, work: Work
) -> None:
    lost = await hand_in(user, inspection, png(NUMBER, []))
    broken = await hand_in(user, inspection, png(NUMBER + 1, []))
    good = await hand_in(user, inspection, png(NUMBER + 2, ["contamination"]))
    blobs, database = app.state.blobs, app.state.database
    cut = await blobs.keep_bytes(png(NUMBER + 1, [])[:900])
    async with database.transaction() as session:
        by_text = {str(each.id): each.sha256 for each in await session.scalars(select(Artifact))}
    await infer(user, inspection)
    await blobs.remove(by_text[lost])
    async with database.transaction() as session:
        # What a store gives is checked by its hash; a file that was broken when it came is found only by reading it.
        run = (await session.scalars(select(InferenceJob).where(InferenceJob.input_sha256 == by_text[broken]))).one()
        copied = {name: getattr(run, name) for name in COPIED}
        await session.delete(run)
        await session.flush()
        session.add(InferenceJob(**copied, input_sha256=cut.sha256))
    await work()
    runs = {each["input_artifact_id"]: each for each in await listed(user, "inference-jobs")}
    assert [runs[each]["status"] for each in (lost, broken, good)] == ["failed", "failed", "succeeded"]
    async with database.transaction() as session:
        without = select(func.count()).where(InferenceJob.outputs.is_(null()))
        assert await session.scalar(without) == 2
    assert "is missing; restore it from a backup" in runs[lost]["error"]
    assert runs[broken]["error"].startswith("The image is broken")
    assert [each["image_artifact_id"] for each in await listed(user, "defects")] == [good]


async def test_what_was_found_after_the_inspection_ended_is_not_taken_over(
    user: httpx.AsyncClient, inspection: str, work: Work
) -> None:
    await hand_in(user, inspection, png(NUMBER, ["contamination"]))
    await infer(user, inspection)
    cancelled = await user.post(f"{Q}/inspections/{inspection}/cancel", json={"reason": "Wrong lot"})
    assert cancelled.status_code == 200, cancelled.text
    await work()
    (run,) = await listed(user, "inference-jobs")
    assert run["status"] == "failed"
    assert "ended before the model had looked" in run["error"]
    assert await listed(user, "defects") == []


async def test_an_inspection_is_not_completed_while_a_model_has_images_to_look_at(
    user: httpx.AsyncClient, inspection: str, work: Work, problem_of: Problem
) -> None:
    await hand_in(user, inspection, png(NUMBER, []))
    assert (await user.post(f"{Q}/inspections/{inspection}/start", json={})).status_code == 200
    await infer(user, inspection)
    told = problem_of(await user.post(f"{Q}/inspections/{inspection}/complete", json={}), 409)
    assert told["waiting"] == ["1 images wait for a model"]
    await work()
    done = await user.post(f"{Q}/inspections/{inspection}/complete", json={})
    assert done.json()["result"] == "accepted", done.text


async def test_cancelling_the_job_cancels_its_runs_and_they_can_be_asked_for_again(
    manager: httpx.AsyncClient, inspection: str, work: Work, problem_of: Problem
) -> None:
    await hand_in(manager, inspection, png(NUMBER, ["contamination"]))
    (job_id,) = (await infer(manager, inspection))["job_ids"]
    assert (await manager.post(f"/api/v1/jobs/{job_id}/cancel")).status_code == 200
    (run,) = await listed(manager, "inference-jobs")
    assert (run["status"], run["error"]) == ("cancelled", "cancelled")
    told = problem_of(await manager.post(f"/api/v1/jobs/{job_id}/retry"), 409)
    assert told["code"] == "job_not_tried_again"
    assert "asking for its inspection again" in told["detail"]
    await infer(manager, inspection)
    await work()
    assert [each["status"] for each in await listed(manager, "inference-jobs")] == ["cancelled", "succeeded"]


async def test_what_cannot_be_looked_at_is_refused_before_anything_is_kept(
    user: httpx.AsyncClient, nobody: httpx.AsyncClient, inspection: str, problem_of: Problem
) -> None:
    path = f"{Q}/inspections/{inspection}/infer"
    assert problem_of(await user.post(path, json={}), 409)["code"] == "no_images"
    image = await hand_in(user, inspection, png(NUMBER, []))
    unknown = "00000000-0000-7000-8000-000000000000"
    told = problem_of(await user.post(path, json={"artifact_id": unknown}), 404)
    assert told["field"] == "artifact_id"
    for named in ("no-such-model", unknown, image):
        told = problem_of(await user.post(path, json={"model": named}), 404)
        assert (told["code"], told["field"]) == ("unknown_model", "model")
    problem_of(await user.post(f"{Q}/inspections/{unknown}/infer", json={}), 404)
    problem_of(await user.post(path, json={"threshold": 1.5}), 422)
    problem_of(await nobody.post(path, json={}), 401)
    assert await listed(user, "inference-jobs") == []


async def test_a_worker_that_was_only_slow_writes_nothing_over_its_successor(
    user: httpx.AsyncClient, inspection: str, app: FastAPI, work: Work
) -> None:
    """A run that is marked as running belongs to the job that it names; a job that died is carried out again."""
    await hand_in(user, inspection, png(NUMBER, ["contamination"]))
    (job_id,) = (await infer(user, inspection))["job_ids"]
    async with app.state.database.transaction() as session:
        await session.execute(update(InferenceJob).values(status="running", attempts=1))
    await work()
    (run,) = await listed(user, "inference-jobs")
    assert (run["status"], run["attempts"], run["job_id"]) == ("succeeded", 2, job_id)
    assert len(await listed(user, "defects")) == 1


async def handed_in_model(client: httpx.AsyncClient, name: str) -> str:
    content = (MODELS / f"{name}.onnx").read_bytes()
    asked = {"name": f"{name}.onnx", "type": "model"}
    answer = await client.post("/api/v1/artifacts/files", params=asked, content=content)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


async def test_a_model_that_was_handed_in_is_run_and_one_of_another_shape_refused(
    manager: httpx.AsyncClient, inspection: str, work: Work, problem_of: Problem
) -> None:
    await hand_in(manager, inspection, png(NUMBER, []), unit=2)
    path = f"{Q}/inspections/{inspection}/infer"
    for name, words in (
        ("colour", "['b', 3, 224, 224] named pixels; expected float32 [batch, 1, height, width]"),
        ("strange_label", "'rust' is no type of defect"),
    ):
        refused = problem_of(await manager.post(path, json={"model": await handed_in_model(manager, name)}), 422)
        assert (refused["code"], refused["field"]) == ("unusable_model", "model")
        assert words in refused["detail"]
    assert await listed(manager, "inference-jobs") == []
    told = await infer(manager, inspection, model=await handed_in_model(manager, "good"))
    assert (told["model"]["name"], told["model"]["version"]) == ("always-a-dent", "7")
    await infer(manager, inspection)  # another model may look at the same image
    await work()
    (finding,) = await listed(manager, "defects")
    assert (finding["type"], finding["unit_number"]) == ("dent", 2)
    assert finding["model_verdict"]["model"] == "always-a-dent"
    assert len(await listed(manager, "inference-jobs")) == 2


async def test_what_a_broken_model_says_is_not_believed(
    manager: httpx.AsyncClient, inspection: str, work: Work
) -> None:
    await hand_in(manager, inspection, png(NUMBER, []))
    await infer(manager, inspection, model=await handed_in_model(manager, "unknown_type"))
    await work()
    (run,) = await listed(manager, "inference-jobs")
    assert (run["status"], run["attempts"], run["outputs"]) == ("failed", 1, None)
    assert "a type that is none of its 1 labels" in run["error"]
    assert await listed(manager, "defects") == []
