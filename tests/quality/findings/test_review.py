"""Reviewing findings: verdicts, reasons, undo, the second person, and what is kept."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from tests.quality.conftest import Person

from opsroom.core.auth.models import Role
from opsroom.quality.findings.models import Defect
from opsroom.quality.findings.places import uncertainty_of
from opsroom.quality.kinds import DefectType, DetectionMethod, Severity

Q = "/api/v1/quality"
Problem = Callable[[httpx.Response, int], dict[str, Any]]
VERDICT = {"type": "scratch", "severity": "minor", "confidence": 0.62}


@pytest.fixture
async def inez(person: Person) -> httpx.AsyncClient:
    return await person("inez", Role.MANAGER, consents=False)


@pytest.fixture
async def otieno(person: Person) -> httpx.AsyncClient:
    return await person("otieno", Role.USER, consents=False)


@pytest.fixture
async def wanjiru(person: Person) -> httpx.AsyncClient:
    return await person("wanjiru", Role.USER, consents=False)


@pytest.fixture
async def inspection(inez: httpx.AsyncClient) -> str:
    await inez.post(f"{Q}/parts", json={"part_number": "P", "name": "Part", "type": "component"})
    await inez.post(f"{Q}/lots", json={"lot_number": "L-1", "part_id": "P", "quantity": 10})
    return str((await inez.post(f"{Q}/inspections", json={"lot_id": "L-1", "type": "final"})).json()["id"])


@pytest.fixture
async def by_model(app: FastAPI, inspection: str) -> str:
    """A finding of a model, as its run leaves it."""
    async with app.state.database.transaction() as session:
        finding = Defect(
            inspection_id=UUID(inspection), type=DefectType.SCRATCH, severity=Severity.MINOR, severity_rank=1,
            detection_method=DetectionMethod.MODEL, confidence=0.62, uncertainty=uncertainty_of(0.62), box_x=0.1,
            box_y=0.1, box_width=0.2, box_height=0.2, size=0.2, model_verdict=VERDICT,
        )  # fmt: skip
        session.add(finding)
        await session.flush()
        return str(finding.id)


async def by_eye(client: httpx.AsyncClient, inspection: str, severity: str) -> str:
    body = {"inspection_id": inspection, "type": "crack", "severity": severity}
    answer = await client.post(f"{Q}/defects", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def step(client: httpx.AsyncClient, finding: str, decision: str, **given: Any) -> dict[str, Any]:
    answer = await client.post(f"{Q}/defects/{finding}/review", json={"decision": decision, **given})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_people_correct_the_model_and_its_verdict_stays(otieno: httpx.AsyncClient, by_model: str) -> None:
    retyped = await step(otieno, by_model, "retype", type="dent", severity="moderate")
    assert (retyped["type"], retyped["severity"], retyped["detection_method"]) == ("dent", "moderate", "hybrid")
    drawn = await step(otieno, by_model, "redraw", box={"x": 0.5, "y": 0.5, "width": 0.1, "height": 0.3})
    assert (drawn["box_x"], drawn["size"]) == (0.5, 0.3)
    confirmed = await step(otieno, by_model, "confirm")
    assert (confirmed["review_status"], confirmed["first_reviewer"]) == ("confirmed", "otieno")
    assert confirmed["model_verdict"] == VERDICT
    steps = (await otieno.get(f"{Q}/defects/{by_model}/reviews")).json()["items"]
    assert [each["decision"] for each in steps] == ["retype", "redraw", "confirm"]
    assert (steps[0]["before"]["type"], steps[0]["after"]["type"]) == ("scratch", "dent")


async def test_a_step_is_taken_back_by_whoever_took_it_and_stays_on_record(
    otieno: httpx.AsyncClient, wanjiru: httpx.AsyncClient, by_model: str, problem_of: Problem
) -> None:
    assert problem_of(await otieno.post(f"{Q}/defects/{by_model}/review", json={"decision": "undo"}), 409)
    await step(otieno, by_model, "retype", type="dent")
    await step(otieno, by_model, "reject", reason="Dust")
    problem_of(await wanjiru.post(f"{Q}/defects/{by_model}/review", json={"decision": "undo"}), 403)
    problem_of(await wanjiru.post(f"{Q}/defects/{by_model}/review", json={"decision": "confirm"}), 409)
    back = await step(otieno, by_model, "undo")
    assert (back["review_status"], back["type"], back["first_reviewer"], back["comment"]) == (
        "pending", "dent", None, None,
    )  # fmt: skip
    further = await step(otieno, by_model, "undo")
    assert further["type"] == "scratch"
    steps = (await otieno.get(f"{Q}/defects/{by_model}/reviews")).json()["items"]
    assert [(each["decision"], each["undone_position"]) for each in steps] == [
        ("retype", None), ("reject", None), ("undo", 2), ("undo", 1),
    ]  # fmt: skip
    (counts,) = (await otieno.get(f"{Q}/reviewers")).json()
    assert (counts["rejected"], counts["retyped"], counts["undone"]) == (0, 0, 2)


async def test_a_critical_finding_takes_two_who_agree(
    inez: httpx.AsyncClient, otieno: httpx.AsyncClient, inspection: str, problem_of: Problem
) -> None:
    finding = await by_eye(inez, inspection, "critical")
    assert (await step(inez, finding, "confirm"))["review_status"] == "needs_second_review"
    problem_of(await inez.post(f"{Q}/defects/{finding}/review", json={"decision": "confirm"}), 403)
    decided = await step(otieno, finding, "confirm")
    assert (decided["review_status"], decided["first_reviewer"], decided["second_reviewer"]) == (
        "confirmed", "inez", "otieno",
    )  # fmt: skip


async def test_two_who_disagree_escalate_and_a_third_decides(
    inez: httpx.AsyncClient, otieno: httpx.AsyncClient, wanjiru: httpx.AsyncClient, inspection: str,
    problem_of: Problem,
) -> None:  # fmt: skip
    finding = await by_eye(inez, inspection, "critical")
    await step(inez, finding, "confirm")
    assert (await step(otieno, finding, "reject", reason="Shadow"))["review_status"] == "escalated"
    problem_of(await otieno.post(f"{Q}/defects/{finding}/review", json={"decision": "confirm"}), 403)
    decided = await step(wanjiru, finding, "reject", reason="Shadow indeed")
    assert (decided["review_status"], decided["first_reviewer"]) == ("rejected", "inez")
    counts = {each["reviewer"]: each for each in (await inez.get(f"{Q}/reviewers")).json()}
    assert [(counts[name]["compared"], counts[name]["agreed"]) for name in ("inez", "otieno", "wanjiru")] == [
        (2, 0), (2, 1), (2, 1),
    ]  # fmt: skip


async def test_calling_it_minor_does_not_spare_the_second_person(inez: httpx.AsyncClient, inspection: str) -> None:
    finding = await by_eye(inez, inspection, "critical")
    await step(inez, finding, "retype", severity="minor")
    assert (await step(inez, finding, "confirm"))["review_status"] == "needs_second_review"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"decision": "reject"}, "reason"),
        ({"decision": "escalate"}, "reason"),
        ({"decision": "retype"}, "type"),
        ({"decision": "redraw"}, "box"),
    ],
)
async def test_what_a_decision_needs_is_named(
    otieno: httpx.AsyncClient, by_model: str, problem_of: Problem, body: dict[str, str], field: str
) -> None:
    assert problem_of(await otieno.post(f"{Q}/defects/{by_model}/review", json=body), 422)["field"] == field


async def test_the_queue_begins_with_the_gravest_and_least_certain(
    inez: httpx.AsyncClient, inspection: str, by_model: str
) -> None:
    minor = await by_eye(inez, inspection, "minor")
    critical = await by_eye(inez, inspection, "critical")
    queue = (await inez.get(f"{Q}/review-queue")).json()
    assert [each["finding"]["id"] for each in queue] == [critical, minor, by_model]


@pytest.mark.parametrize(("confidence", "uncertainty"), [(None, 1), (0.5, 1), (1, 0), (0, 0), (0.75, 0.5)])
def test_a_model_is_least_certain_at_one_half(confidence: float | None, uncertainty: float) -> None:
    assert uncertainty_of(confidence) == uncertainty
