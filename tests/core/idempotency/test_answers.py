"""A POST repeated with its Idempotency-Key takes effect once and is answered alike."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from starlette.types import Message, Scope

from opsroom.core.auth.models import Role
from opsroom.core.clock import now
from opsroom.core.idempotency.models import IdempotentAnswer
from opsroom.core.jobs.schedule import ask_for_due
from opsroom.core.webhooks.models import WebhookDelivery, WebhookEndpoint
from opsroom.stores.models import ObservationImport

Problem = Callable[[httpx.Response, int], dict[str, Any]]
ClientFor = Callable[..., Awaitable[httpx.AsyncClient]]

PATH = "/api/v1/webhooks/endpoints"
BODY = {"url": "https://hooks.example.com/a", "events": ["stores.*"]}
KEY = {"Idempotency-Key": "4f1c-one"}


async def count_of(app: FastAPI, model: Any) -> int:
    async with app.state.database.reading() as connection:
        found: int = await connection.scalar(select(func.count()).select_from(model))
        return found


async def test_a_repeated_request_is_answered_as_the_first_time_and_done_once(
    app: FastAPI, admin: httpx.AsyncClient
) -> None:
    first = await admin.post(PATH, json=BODY, headers=KEY)
    again = await admin.post(PATH, json=BODY, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    for name in ("etag", "location", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await count_of(app, WebhookEndpoint) == 1
    assert (await admin.post(PATH, json=BODY, headers={"Idempotency-Key": "another"})).json()["id"] != first.json()[
        "id"
    ]


async def test_hand_written_routes_heed_it_too(app: FastAPI, admin: httpx.AsyncClient) -> None:
    endpoint = (await admin.post(PATH, json=BODY)).json()
    tested = [await admin.post(f"{PATH}/{endpoint['id']}/test", headers=KEY) for _ in range(3)]
    assert [each.status_code for each in tested] == [202] * 3
    assert len({each.json()["id"] for each in tested}) == 1
    assert await count_of(app, WebhookDelivery) == 1


async def test_a_key_used_for_another_body_is_a_conflict_and_elsewhere_another_key(
    app: FastAPI, admin: httpx.AsyncClient, client_for: ClientFor, problem_of: Problem
) -> None:
    await admin.post(PATH, json=BODY, headers=KEY)
    other = await admin.post(PATH, json={**BODY, "active": False}, headers=KEY)
    assert problem_of(other, 409)["code"] == "idempotency_key_reused"
    assert (await admin.post("/api/v1/users", json={}, headers=KEY)).status_code == 422
    colleague = await client_for(Role.ADMIN, "a_colleague")
    assert "idempotency-replayed" not in (await colleague.post(PATH, json=BODY, headers=KEY)).headers
    assert await count_of(app, WebhookEndpoint) == 2


async def test_a_form_is_the_same_whatever_boundary_its_parts_are_drawn_with(
    app: FastAPI, admin: httpx.AsyncClient, problem_of: Problem
) -> None:
    async def hand_in(content: bytes) -> httpx.Response:
        files = {"zones": ("zones.csv", content, "text/csv")}
        return await admin.post("/api/v1/stores/imports", files=files, headers=KEY)

    zones = b"store_id,timezone_str\nA,Europe/Rome\n"
    first, again = await hand_in(zones), await hand_in(zones)
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert await count_of(app, ObservationImport) == 1
    other = await hand_in(zones.replace(b"Rome", b"Oslo"))
    assert problem_of(other, 409)["code"] == "idempotency_key_reused"


async def test_what_was_refused_is_done_anew(admin: httpx.AsyncClient, problem_of: Problem) -> None:
    problem_of(await admin.post(PATH, json={"url": "ftp://x", "events": ["*"]}, headers=KEY), 422)
    assert (await admin.post(PATH, json=BODY, headers=KEY)).status_code == 201


async def test_an_answer_that_got_lost_after_the_commit_is_given_to_who_asks_again(
    app: FastAPI, admin: httpx.AsyncClient
) -> None:
    """The process dies between commit and answer: what the caller sees is a broken connection."""
    request = admin.build_request("POST", PATH, json=BODY, headers=KEY)
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 1),
        "server": ("opsroom.test", 80),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": request.content, "more_body": False}

    async def send(_message: Message) -> None:
        raise OSError("the connection is gone")

    with pytest.raises(OSError, match="the connection is gone"):
        await app(scope, receive, send)
    assert await count_of(app, WebhookEndpoint) == 1
    again = await admin.send(request)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert await count_of(app, WebhookEndpoint) == 1


async def test_requests_at_the_same_moment_are_one(app: FastAPI, admin: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(admin.post(PATH, json=BODY, headers=KEY) for _ in range(4)))
    assert {(each.status_code, each.content) for each in answers} == {(201, answers[0].content)}
    assert await count_of(app, WebhookEndpoint) == 1


async def test_an_answer_that_is_shown_once_is_not_kept(
    app: FastAPI, admin: httpx.AsyncClient, problem_of: Problem
) -> None:
    endpoint = (await admin.post(PATH, json=BODY)).json()
    first = await admin.post(f"{PATH}/{endpoint['id']}/secret", headers=KEY)
    assert first.headers["cache-control"] == "no-store"
    again = problem_of(await admin.post(f"{PATH}/{endpoint['id']}/secret", headers=KEY), 409)
    assert again["code"] == "answer_shown_once"
    async with app.state.database.reading() as connection:
        assert await connection.scalar(select(IdempotentAnswer.body)) is None


async def test_a_key_does_not_open_what_is_closed_and_must_be_one(
    admin: httpx.AsyncClient, user: httpx.AsyncClient, nobody: httpx.AsyncClient, problem_of: Problem
) -> None:
    await admin.post(PATH, json=BODY, headers=KEY)
    problem_of(await user.post(PATH, json=BODY, headers=KEY), 403)
    problem_of(await nobody.post(PATH, json=BODY, headers=KEY), 401)
    for wrong in ("", "a b", "a" * 201):
        problem_of(await admin.post(PATH, json=BODY, headers={"Idempotency-Key": wrong}), 422)


async def test_answers_are_forgotten_after_their_hours(
    app: FastAPI, admin: httpx.AsyncClient, work: Callable[[], Awaitable[None]]
) -> None:
    await admin.post(PATH, json=BODY, headers=KEY)
    await admin.post(PATH, json=BODY, headers={"Idempotency-Key": "young"})
    async with app.state.database.transaction() as session:
        old = update(IdempotentAnswer).where(IdempotentAnswer.idempotency_key == KEY["Idempotency-Key"])
        await session.execute(old.values(created_at=now() - timedelta(hours=25)))
    await ask_for_due(app.state.database, app.state.queue)
    await work()
    async with app.state.database.reading() as connection:
        assert (await connection.scalars(select(IdempotentAnswer.idempotency_key))).all() == ["young"]


async def test_every_route_that_heeds_it_says_so(admin: httpx.AsyncClient) -> None:
    paths = (await admin.get("/openapi.json")).json()["paths"]
    posts = {path: verbs["post"] for path, verbs in paths.items() if "post" in verbs}
    heeding = {
        path for path, post in posts.items() if "Idempotency-Key" in {p["name"] for p in post.get("parameters", ())}
    }
    assert {PATH, f"{PATH}/bulk", "/api/v1/reports", "/api/v1/users"} <= heeding
    assert "/api/v1/auth/token" not in heeding
