"""The whole life of one lot through HTTP, to its release; and of one that is rejected."""

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image
from tests.quality.conftest import PASSWORD, Person

from opsroom.core.audit.sealed.exporting import write_export
from opsroom.core.audit.sealed.notes import signer_of
from opsroom.core.audit.sealed.sealing import seal
from opsroom.core.auth.models import Role
from opsroom.quality.surfaces.drawing import draw

Q = "/api/v1/quality"
Problem = Callable[[httpx.Response, int], dict[str, Any]]
Work = Callable[[], Awaitable[None]]
UNSEEN = 2_000_000  # a surface that the model was not trained on
SIGNER = signer_of("a secret of the tests that is long enough", "tests")
BORE = {"bore": {"nominal": 12.0, "lower": 11.9, "upper": 12.1, "unit": "mm"}}


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = await client.post(f"{Q}/{path}", json=body)
    assert answer.status_code == status, f"{path}: {answer.text}"
    found: dict[str, Any] = answer.json()
    return found


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(f"{Q}/{path}", params=query)
    assert answer.status_code == 200, f"{path}: {answer.text}"
    return answer.json()


def png(size: int = 32) -> bytes:
    written = io.BytesIO()
    Image.new("L", (size, size), 128).save(written, "PNG")
    return written.getvalue()


@pytest.fixture
async def inspector(person: Person) -> httpx.AsyncClient:
    return await person("inez", Role.USER)


@pytest.fixture
async def second(person: Person) -> httpx.AsyncClient:
    return await person("otieno", Role.USER)


@pytest.fixture
async def qualified(person: Person) -> httpx.AsyncClient:
    """The qualified person, who may release."""
    return await person("quinn", Role.MANAGER)


@pytest.fixture
async def lot(qualified: httpx.AsyncClient) -> dict[str, Any]:
    await post(
        qualified,
        "parts",
        {"part_number": "BRK", "name": "Bracket", "type": "component", "specifications": BORE},
        201,
    )
    await post(qualified, "gauges", {"gauge_number": "G-1", "name": "Bore gauge", "calibration_due": "2199-01-01"}, 201)
    await post(
        qualified, "lots", {"lot_number": "CAST-7", "part_id": "BRK", "quantity": 900, "supplier": "Nordguss"}, 201
    )
    made = await post(qualified, "lots", {"lot_number": "L-1", "part_id": "BRK", "quantity": 500}, 201)
    await post(qualified, "lots/L-1/parents", {"parent_id": "CAST-7", "quantity": 510}, 201)
    return made


async def measure(client: httpx.AsyncClient, inspection: str, values: list[float], first: int = 1) -> list[str]:
    made = []
    for unit, value in enumerate(values, first):
        body = {
            "inspection_id": inspection, "characteristic": "bore", "unit_number": unit, "value": value,
            "gauge_id": "G-1",
        }  # fmt: skip
        made.append((await post(client, "measurements", body, 201))["id"])
    return made


async def inspect(client: httpx.AsyncClient, lot: str, values: list[float], **more: Any) -> str:
    made = await post(client, "inspections", {"lot_id": lot, "type": "final", **more}, 201)
    await post(client, f"inspections/{made['id']}/start", {})
    await measure(client, made["id"], values)
    return str(made["id"])


STEADY = [
    [12.00, 12.01, 11.99, 12.00], [12.01, 12.00, 11.99, 12.01], [11.99, 12.00, 12.01, 11.99],
    [12.00, 11.99, 12.00, 12.01], [12.01, 12.00, 11.99, 12.00], [11.99, 12.01, 12.00, 12.00],
]  # fmt: skip


async def test_a_lot_from_its_casting_to_its_release(  # noqa: PLR0915  one life, told in order
    inspector: httpx.AsyncClient, second: httpx.AsyncClient, qualified: httpx.AsyncClient, lot: dict[str, Any],
    problem_of: Problem, app: FastAPI, work: Work, tmp_path: Path,
) -> None:  # fmt: skip
    # Lots before it, so that the process is known.
    for number, values in enumerate(STEADY):
        await post(qualified, "lots", {"lot_number": f"P-{number}", "part_id": "BRK", "quantity": 500}, 201)
        earlier = await inspect(inspector, f"P-{number}", values)
        await post(inspector, f"inspections/{earlier}/complete", {})

    # The inspection, drawn by AQL.
    final = await post(inspector, "inspections", {"lot_id": "L-1", "type": "final", "second_person": True}, 201)
    path = f"inspections/{final['id']}"
    plan = await post(inspector, f"{path}/sampling-plan", {"level": "II", "aql": 1.0}, 201)
    assert (plan["code"], plan["n"], plan["ac"], plan["re"]) == ("H", 50, 1, 2)
    problem_of(await inspector.post(f"{Q}/{path}/sampling-plan", json={"aql": 0.65}), 409)
    started = await post(inspector, f"{path}/start", {})
    assert (started["inspector"], started["sample_size"]) == ("inez", 50)
    assert (await get(inspector, "lots/L-1"))["status"] == "in_inspection"

    # An image, and a critical finding that two people decide.
    upload = await inspector.post(f"{Q}/{path}/files", files={"file": ("unit 3.png", png())}, data={"unit_number": "3"})
    assert upload.status_code == 201, upload.text
    image = upload.json()
    assert (image["width"], image["unit_number"]) == (32, 3)
    content = await inspector.get(f"{Q}/images/{image['id']}/content")
    assert content.content == png()
    found = await post(
        inspector,
        "defects",
        {
            "inspection_id": final["id"], "unit_number": 3, "type": "crack", "severity": "critical",
            "box": {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.1}, "image_artifact_id": image["artifact_id"],
        },
        201,
    )  # fmt: skip
    review = f"defects/{found['id']}/review"
    queue = await get(second, "review-queue")
    assert [(w["lot_number"], w["finding"]["id"]) for w in queue] == [("L-1", found["id"])]
    once = await post(inspector, review, {"decision": "reject", "reason": "A hair on the lens"})
    assert (once["review_status"], once["first_reviewer"]) == ("needs_second_review", "inez")
    assert await get(inspector, "review-queue") == []
    again = problem_of(await inspector.post(f"{Q}/{review}", json={"decision": "reject", "reason": "x"}), 403)
    assert again["code"] == "second_person_needed"
    twice = await post(second, review, {"decision": "reject", "reason": "A hair indeed"})
    assert (twice["review_status"], twice["second_reviewer"]) == ("rejected", "otieno")
    told = {each["reviewer"]: each for each in await get(second, "reviewers")}
    assert (told["inez"]["rejected"], told["inez"]["compared"], told["inez"]["agreed"]) == (1, 1, 1)

    # The model looks at another image; what it found stays its own, whatever two people make of it.
    flawed = io.BytesIO()
    Image.fromarray(draw(UNSEEN, ["contamination"]).pixels).save(flawed, "PNG")
    files = {"file": ("unit 4.png", flawed.getvalue())}
    seen = (await inspector.post(f"{Q}/{path}/files", files=files, data={"unit_number": "4"})).json()
    asked = await post(inspector, f"{path}/infer", {"artifact_id": seen["artifact_id"]}, 202)
    await work()
    (run,) = (await get(inspector, "inference-jobs", inspection_id=final["id"]))["items"]
    assert (run["status"], run["model_sha256"]) == ("succeeded", asked["model"]["sha256"])
    by_model = (await get(inspector, "defects", inference_job_id=run["id"]))["items"]
    assert {each["unit_number"] for each in by_model} == {4}
    for each in by_model:
        verdict = {"decision": "reject", "reason": "Wiped off"}
        for client in (inspector, second):
            judged = await post(client, f"defects/{each['id']}/review", verdict)
        assert judged["review_status"] == "rejected"
        assert judged["model_verdict"] == each["model_verdict"]
    told = {each["reviewer"]: each for each in await get(second, "reviewers")}
    assert (told["otieno"]["with_model"], told["otieno"]["confirmed_model"]) == (len(by_model), 0)
    performance = await reported(qualified, work, "model_performance", {})
    assert performance["summary"] == {"models": 1, "runs": 1, "findings": len(by_model)}

    # Values that drift; one of them is outside and takes a second person.
    drifting = await measure(inspector, final["id"], [12.06, 12.07, 12.05, 12.11])
    chart = (await get(inspector, "spc", part="BRK", characteristic="bore", kind="xbar-r", phase1=6))["chart"]
    (signal,) = [each for each in chart["signals"] if each["rule"] == 1]
    assert signal["index"] == 6
    assert "above the upper control limit" in signal["explanation"]
    waiting = problem_of(await inspector.post(f"{Q}/{path}/complete", json={}), 409)
    assert waiting["waiting"] == ["1 values outside their limits wait for a second person"]
    problem_of(await inspector.post(f"{Q}/measurements/{drifting[3]}/confirm"), 403)
    await post(second, f"measurements/{drifting[3]}/confirm", {})

    # The lot is held, and what failed is seen to.
    reason = {"reason": "Bore drifts upwards", "password": PASSWORD}
    bare = problem_of(await qualified.post(f"{Q}/lots/L-1/hold", json=reason), 401)
    assert bare["code"] == "both_components_needed"
    held = await post(qualified, "lots/L-1/hold", reason | {"username": "quinn"})
    assert (held["lot"]["on_hold"], held["lot"]["held_by"]) == (True, "quinn")
    done = await post(inspector, f"{path}/complete", {})
    assert done["result"] == "accepted", "one unit outside, and the plan allows one"
    report = await post(
        qualified,
        "nonconformances",
        {"lot_id": "L-1", "inspection_id": final["id"], "title": "Drift", "description": "Bore", "owner": "otieno"},
        201,
    )
    capa = f"nonconformances/{report['number']}"
    await post(qualified, f"{capa}/contain", {"containment": "Line stopped"})
    await post(qualified, f"{capa}/analyse", {"cause": "Worn reamer"})
    action = await post(
        qualified,
        "corrective-actions",
        {
            "nonconformance_id": report["number"], "description": "New reamer", "owner": "otieno",
            "due_on": "2026-12-01", "effectiveness_check": "The next lot is back in the middle",
        },
        201,
    )  # fmt: skip
    assert problem_of(await qualified.post(f"{Q}/{capa}/close"), 409)["code"] == "actions_unfinished"

    # Everything that a release waits for is told at once; the hold comes first.
    signed = {"username": "quinn", "password": PASSWORD}
    assert problem_of(await qualified.post(f"{Q}/lots/L-1/release", json=signed), 423)["code"] == "lot_on_hold"
    again_at = await post(inspector, "inspections", {"lot_id": "L-1", "type": "audit"}, 201)
    await post(qualified, "lots/L-1/resume", {"reason": "Sorted", "password": PASSWORD})
    obstacles = problem_of(await qualified.post(f"{Q}/lots/L-1/release", json=signed), 409)["obstacles"]
    assert len(obstacles) == 2
    assert (await get(qualified, "lots/L-1/readiness"))["obstacles"] == obstacles
    await post(second, f"inspections/{again_at['id']}/start", {})
    await measure(second, again_at["id"], [12.0, 12.01, 11.99, 12.0])
    await post(second, f"inspections/{again_at['id']}/complete", {})
    await post(qualified, f"corrective-actions/{action['id']}/done", {})
    await post(qualified, f"corrective-actions/{action['id']}/check", {"effective": True, "result": "Mean 12.00"})
    await post(qualified, f"{capa}/close", {})

    # Two signatures, the second of which releases it.
    await post(
        second,
        "signatures",
        {
            "record_table": "inspections", "record_id": final["id"], "meaning": "review", "username": "otieno",
            "password": PASSWORD,
        },
        201,
    )  # fmt: skip
    problem_of(await inspector.post(f"{Q}/lots/L-1/release", json=signed), 403)
    released = await post(qualified, "lots/L-1/release", {"password": PASSWORD, "comment": "As ordered"})
    assert released["lot"]["status"] == "released"
    signature = released["signature"]
    assert (signature["printed_name"], signature["meaning"], signature["disposition"]) == (
        "quinn",
        "release",
        "released",
    )
    assert (await get(qualified, f"signatures/{signature['id']}/verification"))["holds"] is True
    twice_released = problem_of(await qualified.post(f"{Q}/lots/L-1/release", json=signed), 409)
    assert twice_released["code"] == "status_moves"
    assert problem_of(await qualified.delete(f"{Q}/lots/L-1"), 409)["code"] == "released_lot_kept"
    assert (
        problem_of(await qualified.patch(f"{Q}/lots/L-1", json={"quantity": 1}), 409)["code"] == "released_lot_changed"
    )

    genealogy = await get(qualified, "lots/L-1/genealogy")
    assert [(each["lot_number"], each["depth"]) for each in genealogy["back"]] == [("CAST-7", 1)]
    forward = (await get(qualified, "lots/CAST-7/genealogy"))["forward"]
    assert [(each["lot_number"], each["status"], each["inspections"]) for each in forward] == [("L-1", "released", 2)]

    # The certificate as PDF, and the proof of all of it, verified by a script that knows nothing of this program.
    certificate = await certified(qualified, work, "L-1")
    await seal(app.state.database, [SIGNER])
    proof = await get(qualified, "lots/L-1/proof")
    assert proof["waiting"] == 0
    assert [each["sha256"] for each in proof["certificates"]] == [hashlib.sha256(certificate).hexdigest()]
    assert proof["record_sha256"] == proof["certificates"][0]["record_sha256"] == signature["record_sha256"]
    entries = [json.loads(each["line"]) for each in proof["entries"]]
    tables = {each["table_name"] for each in entries}
    assert tables >= {
        "lots", "lot_parents", "inspections", "sampling_plans", "inspection_images", "defects", "defect_reviews",
        "inference_jobs", "measurements", "nonconformances", "corrective_actions", "signatures", "reports", "artifacts",
    }  # fmt: skip
    assert proof["certificates"][0]["sha256"] in json.dumps(entries), "the trail itself names the file's hash"
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(proof))
    script = await qualified.get(f"{Q}/proof-verifier")
    (tmp_path / "verify_trail.py").write_bytes(script.content)
    assert verified(file) == (0, f"{len(entries)} entries are as they were sealed\n")
    released_line = next(each for each in proof["entries"] if '"released"' in each["line"])
    released_line["line"] = released_line["line"].replace("released", "rejected")
    file.write_text(json.dumps(proof))
    assert verified(file)[0] == 1

    # And the trail as a whole.
    async with app.state.database.reading() as connection:
        await write_export(connection, tmp_path / "trail")
    assert verified(tmp_path / "trail")[0] == 0


async def reported(
    client: httpx.AsyncClient, work: Work, kind: str, parameters: dict[str, Any], form: str = "json"
) -> dict[str, Any]:
    body = {"type": f"quality.{kind}", "format": form, "parameters": parameters}
    asked = (await client.post("/api/v1/reports", json=body)).json()["id"]
    await work()
    found: dict[str, Any] = (await client.get(f"/api/v1/reports/{asked}")).json()
    assert (found["status"], found["error"]) == ("complete", None)
    return found


async def certified(client: httpx.AsyncClient, work: Work, lot: str) -> bytes:
    report = await reported(client, work, "lot_certificate", {"lot": lot}, "pdf")
    answer = await client.get(f"/api/v1/reports/{report['id']}/download")
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-"), answer.text
    return answer.content


def verified(what: Path) -> tuple[int, str]:
    """By the script beside it, in a process that cannot see this project."""
    command = [sys.executable, "-I", str(what.parent / "verify_trail.py"), str(what), "--key", SIGNER.verifier_key]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=what.parent)
    return done.returncode, done.stdout


async def test_a_lot_that_is_rejected_reworked_and_rejected_for_good(
    inspector: httpx.AsyncClient, qualified: httpx.AsyncClient, lot: dict[str, Any], problem_of: Problem
) -> None:
    first = await inspect(inspector, "L-1", [12.0, 12.0])
    for unit in (1, 2):
        body = {"inspection_id": first, "unit_number": unit, "type": "dent", "severity": "major"}
        found = await post(inspector, "defects", body, 201)
        await post(inspector, f"defects/{found['id']}/review", {"decision": "confirm"})
    lenient = problem_of(await inspector.post(f"{Q}/inspections/{first}/complete", json={"result": "accepted"}), 409)
    assert lenient["code"] == "plan_rejects"
    done = await post(inspector, f"inspections/{first}/complete", {})
    assert done["result"] == "rejected"
    bars = await get(inspector, "pareto", part="BRK")
    assert [(bar["category"], bar["count"]) for bar in bars] == [("dent", 2)]

    signed = {"username": "quinn", "password": PASSWORD, "reason": "Dents on 2 of 2"}
    refused = problem_of(await qualified.post(f"{Q}/lots/L-1/release", json=signed), 409)
    assert any("rejected the lot" in obstacle for obstacle in refused["obstacles"])
    reworked = await post(qualified, "lots/L-1/rework", signed)
    assert reworked["lot"]["status"] == "in_production"
    body = {"lot_id": "L-1", "type": "re_inspection"}
    problem_of(await inspector.post(f"{Q}/inspections", json=body), 422)
    second = await inspect(inspector, "L-1", [12.0, 12.2], type="re_inspection", replaces_id=first)
    problem_of(await inspector.post(f"{Q}/inspections/{second}/complete", json={}), 409)
    await post(inspector, f"inspections/{second}/fail", {"reason": "Gauge dropped"})
    rejected = await post(qualified, "lots/L-1/reject", signed)
    assert rejected["lot"]["status"] == "rejected"
    problem_of(await qualified.post(f"{Q}/lots/L-1/release", json=signed), 409)
    assert (
        problem_of(await inspector.post(f"{Q}/inspections", json={"lot_id": "L-1", "type": "final"}), 409)["code"]
        == "lot_is_decided"
    )
    moved = await qualified.post(f"{Q}/lots/L-1/status", json={"status": "in_production"})
    assert problem_of(moved, 409)["code"] == "rework_is_signed"
