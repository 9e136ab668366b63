"""The records of the quality app through the API."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Q = "/api/v1/quality"
PART = {
    "part_number": "BRK-1042",
    "revision": "A",
    "name": "Bracket",
    "type": "component",
    "specifications": {"bore": {"nominal": 12.0, "lower": 11.9, "upper": 12.1, "unit": "mm"}},
}
Problem = Callable[[httpx.Response, int], dict[str, Any]]


async def made(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(f"{Q}/{path}", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def lot(manager: httpx.AsyncClient) -> dict[str, Any]:
    await made(manager, "parts", PART)
    return await made(manager, "lots", {"lot_number": "L-1", "part_id": "BRK-1042", "quantity": 500})


async def test_specifications_change_with_a_new_revision_and_the_old_one_is_kept(
    manager: httpx.AsyncClient, problem_of: Problem
) -> None:
    part = await made(manager, "parts", PART)
    wider = {"bore": {"lower": 11.8, "upper": 12.2, "unit": "mm"}}
    path = f"{Q}/parts/BRK-1042"
    problem = problem_of(await manager.patch(path, json={"specifications": wider}), 422)
    assert "new revision" in problem["detail"]
    changed = await manager.patch(path, json={"specifications": wider, "revision": "B"})
    assert changed.json()["revision"] == "B"
    problem_of(await manager.patch(path, json={"specifications": {}, "revision": "A"}), 409)
    revisions = (await manager.get(f"{Q}/parts/{part['id']}/revisions", params={"order": "effective_from"})).json()
    assert [r["revision"] for r in revisions["items"]] == ["A", "B"]
    assert revisions["items"][0]["specifications"]["bore"]["upper"] == 12.1


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"lower": 12.2, "upper": 12.1}, "lower 12.2 must be below upper 12.1"),
        ({"unit": "mm"}, "needs a lower or an upper limit"),
        ({"nominal": 13, "upper": 12.1}, "nominal 13 lies outside"),
        ({"lower": "nan"}, "finite"),
    ],
)
async def test_limits_that_cannot_be_met_are_refused(
    manager: httpx.AsyncClient, problem_of: Problem, limits: dict[str, Any], sentence: str
) -> None:
    body = PART | {"specifications": {"bore": limits}}
    assert sentence in str(problem_of(await manager.post(f"{Q}/parts", json=body), 422))


async def test_a_lot_is_made_of_an_active_part_that_exists(manager: httpx.AsyncClient, problem_of: Problem) -> None:
    await made(manager, "parts", PART | {"active": False})
    body = {"lot_number": "L-1", "part_id": "BRK-1042", "quantity": 5}
    assert "not active" in problem_of(await manager.post(f"{Q}/lots", json=body), 409)["detail"]
    missing = problem_of(await manager.post(f"{Q}/lots", json=body | {"part_id": "X"}), 404)
    assert missing["field"] == "part_id"


async def test_a_lot_is_read_by_its_number_and_found_by_what_the_line_reported(
    manager: httpx.AsyncClient, lot: dict[str, Any]
) -> None:
    await manager.patch(f"{Q}/lots/L-1", json={"production_metadata": {"furnace": 2, "melt": "M-8"}})
    found = (await manager.get(f"{Q}/lots", params={"production_metadata__contains": '{"furnace": 2}'})).json()
    assert [each["lot_number"] for each in found["items"]] == ["L-1"]
    assert (await manager.get(f"{Q}/lots", params={"status": "released"})).json()["total"] == 0


async def test_no_lot_goes_into_itself(manager: httpx.AsyncClient, lot: dict[str, Any], problem_of: Problem) -> None:
    await made(manager, "lots", {"lot_number": "L-0", "part_id": "BRK-1042", "quantity": 5})
    await made(manager, "lots/L-1/parents", {"parent_id": "L-0", "quantity": 3})
    problem = problem_of(await manager.post(f"{Q}/lots/L-0/parents", json={"parent_id": "L-1"}), 409)
    assert problem["code"] == "lot_among_its_own_parents"


async def test_an_inspection_keeps_the_revision_it_was_planned_with(
    manager: httpx.AsyncClient, lot: dict[str, Any]
) -> None:
    before = await made(manager, "inspections", {"lot_id": "L-1", "type": "final"})
    await manager.patch(f"{Q}/parts/BRK-1042", json={"revision": "B"})
    after = await made(manager, "inspections", {"lot_id": "L-1", "type": "final"})
    assert before["part_revision_id"] != after["part_revision_id"]
    assert (await manager.get(f"{Q}/inspections/{before['id']}")).json()["part_revision_id"] == before[
        "part_revision_id"
    ]


@pytest.fixture
async def inspection(manager: httpx.AsyncClient, lot: dict[str, Any]) -> dict[str, Any]:
    await made(manager, "gauges", {"gauge_number": "G-1", "name": "Caliper", "calibration_due": "2199-01-01"})
    return await made(manager, "inspections", {"lot_id": "L-1", "type": "final"})


def measured(inspection: dict[str, Any], **changes: Any) -> dict[str, Any]:
    whole = {
        "inspection_id": inspection["id"],
        "characteristic": "bore",
        "unit_number": 1,
        "value": 12.03,
        "gauge_id": "G-1",
    }
    return whole | changes


async def test_a_value_is_judged_when_it_is_entered(manager: httpx.AsyncClient, inspection: dict[str, Any]) -> None:
    inside = await made(manager, "measurements", measured(inspection))
    outside = await made(manager, "measurements", measured(inspection, unit_number=2, value=12.2))
    assert (inside["within_limits"], outside["within_limits"]) == (True, False)
    assert inside["operator"] == "the_manager"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_a_value_that_is_no_number_is_refused(
    manager: httpx.AsyncClient, inspection: dict[str, Any], problem_of: Problem, value: str
) -> None:
    content = str(measured(inspection, value="?")).replace("'?'", value).replace("'", '"')
    answer = await manager.post(f"{Q}/measurements", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    problem_of(answer, answer.status_code)


async def test_a_gauge_that_is_overdue_or_unknown_measures_nothing(
    manager: httpx.AsyncClient, inspection: dict[str, Any], problem_of: Problem
) -> None:
    await made(manager, "gauges", {"gauge_number": "G-2", "name": "Old", "calibration_due": "2020-01-01"})
    overdue = problem_of(await manager.post(f"{Q}/measurements", json=measured(inspection, gauge_id="G-2")), 422)
    assert (overdue["code"], overdue["field"]) == ("out_of_calibration", "gauge_id")
    assert "2020-01-01" in overdue["detail"]
    problem_of(await manager.post(f"{Q}/measurements", json=measured(inspection, gauge_id="G-9")), 404)


async def test_a_station_that_is_overdue_inspects_nothing(
    manager: httpx.AsyncClient, lot: dict[str, Any], problem_of: Problem
) -> None:
    await made(manager, "stations", {"station_number": "CAM-1", "name": "Camera", "calibration_due": "2020-01-01"})
    body = {"lot_id": "L-1", "type": "final", "station_id": "CAM-1"}
    assert problem_of(await manager.post(f"{Q}/inspections", json=body), 422)["code"] == "out_of_calibration"


async def test_a_correction_takes_a_reason_and_keeps_the_first_value(
    manager: httpx.AsyncClient, inspection: dict[str, Any], problem_of: Problem
) -> None:
    value = await made(manager, "measurements", measured(inspection, value=21.03))
    path = f"{Q}/measurements/{value['id']}"
    assert problem_of(await manager.patch(path, json={"value": 12.03}), 422)["code"] == "reason_needed"
    corrected = await manager.patch(path, json={"value": 12.03}, headers={"X-Reason": "digits swapped"})
    assert corrected.json()["original_value"] == 21.03
    assert corrected.json()["within_limits"] is True


async def test_a_finding_lies_inside_its_image(
    manager: httpx.AsyncClient, inspection: dict[str, Any], problem_of: Problem
) -> None:
    body = {"inspection_id": inspection["id"], "type": "dent", "severity": "critical"}
    outside = {"box": {"x": 0.9, "y": 0.1, "width": 0.2, "height": 0.1}}
    assert "beyond the image" in str(problem_of(await manager.post(f"{Q}/defects", json=body | outside), 422))
    found = await made(manager, "defects", body | {"polygon": [[0.1, 0.1], [0.3, 0.1], [0.2, 0.4]]})
    box = {name: found[name] for name in ("box_x", "box_y", "box_width", "box_height", "size")}
    assert box == pytest.approx({"box_x": 0.1, "box_y": 0.1, "box_width": 0.2, "box_height": 0.3, "size": 0.3})
    assert (found["second_person"], found["severity_rank"]) == (True, 4)


async def test_nonconformances_are_numbered_by_themselves(manager: httpx.AsyncClient, lot: dict[str, Any]) -> None:
    body = {"lot_id": "L-1", "title": "Drift", "description": "Upwards", "owner": "otieno"}
    first, second = [await made(manager, "nonconformances", body) for _ in range(2)]
    assert (first["number"][-4:], second["number"][-4:]) == ("0001", "0002")


async def test_a_lot_goes_only_after_its_inspections(
    manager: httpx.AsyncClient, inspection: dict[str, Any], problem_of: Problem
) -> None:
    problem = problem_of(await manager.delete(f"{Q}/lots/L-1"), 409)
    assert problem["referring"] == ["inspections"]
    assert (await manager.delete(f"{Q}/inspections/{inspection['id']}")).status_code == 204
    assert (await manager.delete(f"{Q}/lots/L-1")).status_code == 204
