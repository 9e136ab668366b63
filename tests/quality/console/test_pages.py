"""The pages of quality on its demonstration data, in a browser without scripts."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text
from tests.core.console.conftest import browser, lead, reader, stranger  # noqa: F401  fixtures
from tests.quality.conftest import PASSWORD

from opsroom.core.auth.models import Role, User
from opsroom.core.parts import NoPayload
from opsroom.quality.demo import DRIFTING, JOB, STEADY

Work = Callable[[], Awaitable[None]]


@pytest.fixture
async def shown(app: FastAPI, work: Work) -> FastAPI:
    """With the demonstration data."""
    async with app.state.database.transaction() as session:
        await app.state.queue.add(session, JOB, NoPayload())
    await work()
    return app


async def rows(app: FastAPI, query: str) -> list[Any]:
    async with app.state.database.reading() as connection:
        return list((await connection.execute(text(query))).all())


async def test_the_demonstration_has_lots_in_every_state_and_a_process_that_drifts(
    shown: FastAPI, client_for: Callable[..., Awaitable[httpx.AsyncClient]]
) -> None:
    (job,) = await rows(shown, f"SELECT status, error FROM jobs WHERE type = '{JOB}'")
    assert job.status == "succeeded", job.error
    states = dict(map(tuple, await rows(shown, "SELECT status, count(*) FROM lots GROUP BY status")))
    assert set(states) == {"created", "in_production", "in_inspection", "released", "rejected"}
    assert states["released"] == STEADY + DRIFTING - 2
    user = await client_for(Role.USER)
    asked: dict[str, str | int] = {
        "part": "BRK-1042",
        "characteristic": "bore_diameter",
        "kind": "xbar-r",
        "phase1": 12,
    }
    chart = (await user.get("/api/v1/quality/spc", params=asked)).json()["chart"]
    first = min(signal["index"] for signal in chart["signals"])
    assert first >= STEADY, "it signals when the reamer is worn, and not before"
    capable: dict[str, str | int] = {"part": "BRK-1042", "characteristic": "wall_thickness"}
    found = (await user.get("/api/v1/quality/capability", params=capable)).json()
    assert found["capability"]["cpk"] > 1.33
    signatures = (await user.get("/api/v1/quality/signatures", params={"meaning": "release", "size": 1})).json()
    verified = await user.get(f"/api/v1/quality/signatures/{signatures['items'][0]['id']}/verification")
    assert verified.json()["holds"] is True


async def test_the_pages_answer_their_questions(shown: FastAPI, reader: httpx.AsyncClient) -> None:  # noqa: F811
    board = await reader.get("/console/quality")
    assert board.status_code == 200, board.text[-3000:]
    assert "B-0302" in board.text
    assert "on hold" in board.text
    (inspection,) = await rows(
        shown, "SELECT i.id FROM inspections i JOIN lots l ON l.id = i.lot_id WHERE l.lot_number = 'B-0201'"
    )
    seen = await reader.get(f"/console/quality/inspections/{inspection.id}")
    assert seen.status_code == 200, seen.text[-3000:]
    assert seen.text.count('<rect class="mark') == 3
    lot = await reader.get("/console/quality/lots/B-0100")
    assert lot.status_code == 200, lot.text[-3000:]
    assert "CAST-0715" in lot.text
    assert "holds" in lot.text
    assert "/release" not in lot.text, "a reader does not decide"
    charts = await reader.get("/console/quality/charts?part=BRK-1042&characteristic=bore_diameter&kind=xbar-r")
    assert charts.status_code == 200, charts.text[-3000:]
    assert "above the upper control limit" in charts.text
    assert "porosity" in charts.text
    nothing = await reader.get("/console/quality/charts?part=BRK-1042&characteristic=weight")
    assert "No inspection measured weight" in nothing.text
    assert (await reader.get("/console/quality/lots/none")).status_code == 404


async def test_findings_are_reviewed_one_after_the_other(shown: FastAPI, reader: httpx.AsyncClient) -> None:  # noqa: F811
    page = await reader.get("/console/quality/review")
    assert page.status_code == 200, page.text[-3000:]
    assert page.text.index("crack") < page.text.index("dent") < page.text.index("scratch")
    (minor,) = await rows(shown, "SELECT id FROM defects WHERE severity = 'minor'")
    path = f"/console/quality/review/{minor.id}"
    refused = await reader.post(path, data={"decision": "reject"})
    assert (refused.status_code, "takes a reason" in refused.text) == (422, True)
    assert (await reader.post(path, data={"decision": "reject", "reason": "Dust"})).status_code == 303
    assert (await rows(shown, "SELECT review_status FROM defects WHERE severity = 'minor'"))[0][0] == "rejected"
    assert (await reader.post(path, data={"decision": "undo"})).headers["location"].endswith(str(UUID(str(minor.id))))


async def test_a_lot_is_held_by_signature_and_a_wrong_password_is_told(
    shown: FastAPI, lead: httpx.AsyncClient, password_hash: str  # noqa: F811
) -> None:  # fmt: skip
    async with shown.state.database.transaction() as session:
        user = (await session.scalars(select(User).where(User.username == "the_manager"))).one()
        user.password_hash = password_hash
    path = "/console/quality/lots/B-0201/hold"
    given = {"username": "the_manager", "password": PASSWORD, "reason": "Look again"}
    early = await lead.post(path, data=given)
    assert (early.status_code, "Accept first" in early.text) == (409, True)
    accepted = await lead.post("/api/v1/quality/signature-consents", json={"accepted": True})
    assert accepted.status_code == 201, accepted.text
    wrong = await lead.post(path, data=given | {"password": "no"})
    assert (wrong.status_code, "nothing was signed" in wrong.text) == (401, True)
    assert (await lead.post(path, data=given)).status_code == 303
    assert (await rows(shown, "SELECT held_by FROM lots WHERE lot_number = 'B-0201'"))[0][0] == "the_manager"


async def test_strangers_are_sent_to_sign_in(shown: FastAPI, stranger: httpx.AsyncClient) -> None:  # noqa: F811
    for path in ("", "/review", "/charts", "/lots/B-0100"):
        assert (await stranger.get(f"/console/quality{path}")).status_code == 303
