"""Events that reach a real server: signed, repeated until it answers, visible, and once more on demand."""

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.core.webhooks.conftest import Receive

from opsroom.core.webhooks.actions import Event, announce
from opsroom.settings import Settings

ENDPOINTS, DELIVERIES = "/api/v1/webhooks/endpoints", "/api/v1/webhooks/deliveries"
SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, exact").decode()
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)

Work = Callable[[], Awaitable[None]]
Problem = Callable[[httpx.Response, int], dict[str, Any]]


async def endpoint(admin: httpx.AsyncClient, url: str, *events: str, **more: Any) -> str:
    body = {"url": url, "events": events or ["stores.*"], "secret": SECRET} | more
    created = await admin.post(ENDPOINTS, json=body)
    assert created.status_code == 201, created.text
    assert "secret" not in created.json()
    return str(created.json()["id"])


async def tell(app: FastAPI, event_type: str = "stores.incident.opened") -> None:
    async with app.state.database.transaction() as session:
        await announce(session, app.state.queue, [Event(event_type, {"store_id": "S-1"}, AT)])


async def let_waits_pass(app: FastAPI) -> None:
    async with app.state.database.transaction() as session:
        await session.execute(text("UPDATE jobs SET run_at = created_at WHERE status = 'queued'"))


async def deliveries(admin: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await admin.get(DELIVERIES)).json()["items"]
    return found


async def test_an_event_arrives_signed_and_the_answer_is_visible(
    app: FastAPI, admin: httpx.AsyncClient, receive: Receive, work: Work
) -> None:
    receiver = receive("204")
    await endpoint(admin, receiver.url)
    await tell(app)
    await work()
    (request,) = receiver.heard(1)
    headers = request["headers"]
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{request['body']}".encode()
    expected = hmac.new(b"a key of thirty-two bytes, exact", content, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(expected).decode()
    assert headers["host"] == f"localhost:{receiver.port}"
    assert json.loads(request["body"]) == {
        "type": "stores.incident.opened",
        "timestamp": "2026-03-02T09:00:00+00:00",
        "data": {"store_id": "S-1"},
    }
    (delivery,) = await deliveries(admin)
    assert (delivery["status"], delivery["response_status"], delivery["attempts"]) == ("delivered", 204, 1)
    assert delivery["event_id"] == headers["webhook-id"]


async def test_a_failing_endpoint_is_tried_again_under_the_same_id(
    app: FastAPI, admin: httpx.AsyncClient, receive: Receive, work: Work
) -> None:
    receiver = receive("500,302,200")
    await endpoint(admin, receiver.url)
    await tell(app)
    for attempt in (1, 2):
        await work()
        (delivery,) = await deliveries(admin)
        assert (delivery["status"], delivery["attempts"]) == ("pending", attempt)
        await let_waits_pass(app)
    await work()
    requests = receiver.heard(3)
    assert len({request["headers"]["webhook-id"] for request in requests}) == 1
    assert {request["path"] for request in requests} == {"/hook"}  # the redirect was not followed
    (delivery,) = await deliveries(admin)
    assert [tried["status"] for tried in delivery["tries"]] == [500, 302, 200]
    assert delivery["status"] == "delivered"


async def test_what_was_delivered_is_sent_once_more_on_demand(
    app: FastAPI, admin: httpx.AsyncClient, receive: Receive, work: Work, problem_of: Problem
) -> None:
    receiver = receive("200")
    await endpoint(admin, receiver.url)
    await tell(app)
    (waiting,) = await deliveries(admin)
    problem_of(await admin.post(f"{DELIVERIES}/{waiting['id']}/redeliver"), 409)
    await work()
    assert (await admin.post(f"{DELIVERIES}/{waiting['id']}/redeliver")).status_code == 202
    await work()
    first, second = receiver.heard(2)
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"]
    assert first["body"] == second["body"]
    assert [row["attempts"] for row in await deliveries(admin)] == [2]


async def test_only_endpoints_that_asked_for_the_event_hear_of_it(
    app: FastAPI, admin: httpx.AsyncClient, receive: Receive, work: Work
) -> None:
    receiver = receive("200")
    wanted = await endpoint(admin, receiver.url, "stores.incident.opened")
    await endpoint(admin, receiver.url, "stores.sla.*")
    await endpoint(admin, receiver.url, "*", active=False)
    await tell(app)
    await work()
    assert [row["endpoint_id"] for row in await deliveries(admin)] == [wanted]


async def test_a_renewed_secret_is_shown_once_and_signs_from_then_on(
    app: FastAPI, admin: httpx.AsyncClient, receive: Receive, work: Work
) -> None:
    receiver = receive("200")
    key = await endpoint(admin, receiver.url)
    renewed = (await admin.post(f"{ENDPOINTS}/{key}/secret")).json()["secret"]
    assert renewed not in (await admin.get(f"{ENDPOINTS}/{key}")).text
    assert (await admin.post(f"{ENDPOINTS}/{key}/test")).status_code == 202
    await work()
    (request,) = receiver.heard(1)
    headers = request["headers"]
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{request['body']}".encode()
    key_bytes = base64.b64decode(renewed.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.new(key_bytes, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{signature}"


async def test_an_endpoint_that_is_gone_is_not_tried_again(
    app: FastAPI, admin: httpx.AsyncClient, receive: Receive, work: Work
) -> None:
    receiver = receive("410")
    await endpoint(admin, receiver.url)
    await tell(app)
    await work()
    (delivery,) = await deliveries(admin)
    assert (delivery["status"], delivery["response_status"]) == ("failed", 410)


async def test_an_undone_cause_tells_nobody(app: FastAPI, admin: httpx.AsyncClient, receive: Receive) -> None:
    await endpoint(admin, receive("200").url)
    async with app.state.database.transaction() as session:
        await announce(session, app.state.queue, [Event("stores.incident.opened", {}, AT)])
        await session.rollback()
    assert await deliveries(admin) == []


async def test_others_than_administrators_see_nothing_of_it(manager: httpx.AsyncClient, problem_of: Problem) -> None:
    problem_of(await manager.get(ENDPOINTS), 403)
    problem_of(await manager.get(DELIVERIES), 403)


@pytest.mark.parametrize("url", ["ftp://example.com", "https://me:pw@example.com", "nowhere"])
async def test_what_is_no_web_address_is_refused(admin: httpx.AsyncClient, problem_of: Problem, url: str) -> None:
    problem_of(await admin.post(ENDPOINTS, json={"url": url, "events": ["*"]}), 422)


class TestInnerAddresses:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"outgoing_networks": ()})

    async def test_are_not_called_unless_a_setting_allows_it(
        self, app: FastAPI, admin: httpx.AsyncClient, receive: Receive, work: Work
    ) -> None:
        receiver = receive("200")
        await endpoint(admin, receiver.url)
        await tell(app)
        await work()
        (delivery,) = await deliveries(admin)
        assert delivery["status"] == "failed"
        assert "OPSROOM_OUTGOING_NETWORKS" in delivery["error"]
        assert receiver.heard_no_more()
