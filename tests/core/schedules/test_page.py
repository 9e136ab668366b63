"""The page of schedules, as a browser without scripts uses it."""

from typing import Any

import httpx
import pytest
from tests.core.schedules.conftest import TYPE

PATH = "/console/reports/schedules"


@pytest.fixture
def form(wanted: dict[str, Any]) -> dict[str, str]:
    plain = {name: value for name, value in wanted.items() if isinstance(value, str)}
    return plain | {"recipients": "lead@example.com, two@example.com", "parameters": "", "attach": "true"}


async def test_a_schedule_is_added_changed_switched_and_removed(lead: httpx.AsyncClient, form: dict[str, str]) -> None:
    assert TYPE in (await lead.get(PATH)).text
    assert (await lead.post(PATH, data=form)).headers["location"] == PATH
    (schedule,) = (await lead.get("/api/v1/report-schedules")).json()["items"]
    assert schedule["recipients"] == ["lead@example.com", "two@example.com"]
    place = f"{PATH}/{schedule['id']}"
    assert 'value="2026-11-02T07:00"' in (await lead.get(f"{PATH}?edit={schedule['id']}")).text
    assert (await lead.post(place, data=form | {"zone": "UTC", "format": "pdf"})).status_code == 303
    assert (await lead.post(f"{place}/switch")).status_code == 303
    page = (await lead.get(PATH)).text
    assert "PDF" in page
    assert "switched off" in page
    assert (await lead.post(f"{place}/remove")).status_code == 303
    assert (await lead.get("/api/v1/report-schedules")).json()["items"] == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("parameters", "[", "no JSON object"),
        ("parameters", '{"trouble": []}', "parameters are not valid"),
        ("recurrence", "FREQ=NEVER", "FREQ must be one of"),
        ("recipients", "nobody", "String should match"),
        ("zone", "Rome", "no IANA time zone"),
        ("start_local", "soon", "Input should be a valid datetime"),
    ],
)
async def test_a_mistake_is_said_and_what_was_typed_stays(
    lead: httpx.AsyncClient, form: dict[str, str], field: str, value: str, said: str
) -> None:
    answer = await lead.post(PATH, data=form | {field: value})
    assert answer.status_code == 422
    assert said in answer.text
    assert "Week of the sites" in answer.text
