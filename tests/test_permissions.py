"""Nothing is open by accident: every route × nobody, user, manager, admin."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.types import Message, Scope

from opsroom.core.auth.guards import PUBLIC, Allow
from opsroom.core.auth.models import Role
from opsroom.core.errors import WrongSetting
from opsroom.main import create_app
from opsroom.settings import Settings

ClientFor = Callable[..., Awaitable[httpx.AsyncClient]]
Problem = Callable[[httpx.Response, int], dict[str, Any]]

NO_ID = "00000000-0000-7000-8000-000000000000"

# What anyone may call. A new name here is a decision.
OPEN_TO_ALL = {
    "livez",
    "readyz",
    "healthz",
    "create_token",
    "refresh_token",
    "console_root",
    "console_bare",
    "console_static",
    "console_sign_in",
    "console_sign_in_submit",
    "console_sign_out",
    "console_preferences",
}
# These answer 401 of their own to wrong credentials, as an empty body is.
SIGNING_IN = {"create_token", "refresh_token", "console_sign_in_submit"}


def guards_of(dependant: Dependant) -> Iterator[Allow]:
    if isinstance(dependant.call, Allow):
        yield dependant.call
    for dependency in dependant.dependencies:
        yield from guards_of(dependency)


def guarded_routes(app: FastAPI) -> list[tuple[RouteContext, list[Allow]]]:
    return [(route, list(guards_of(route.dependant))) for route in iter_route_contexts(app.routes)]


async def status_of(app: FastAPI, method: str, path: str, authorization: str | None) -> int:
    """The status of an answer, without waiting for its end: some answers are streams that have none."""
    headers = [(b"host", b"opsroom.test"), (b"content-type", b"application/json")]
    if authorization is not None:
        headers.append((b"authorization", authorization.encode()))
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("opsroom.test", 80),
    }
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    body: asyncio.Queue[Message] = asyncio.Queue()
    body.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.set_result(int(message["status"]))

    answering = asyncio.ensure_future(app(scope, body.get, send))
    waited: set[asyncio.Future[Any]] = {answering, started}
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    if not started.done():
        await answering
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)
    return started.result()


def filled(path: str) -> str:
    """A route's path with an id that nothing has for each placeholder."""
    return "/".join(NO_ID if part.startswith("{") else part for part in path.split("/"))


def test_every_route_declares_exactly_one_permission_that_some_role_has(app: FastAPI) -> None:
    known = app.state.role_permissions.known
    for route, guards in guarded_routes(app):
        assert len(guards) == 1, f"{route.path} has {len(guards)} guards"
        assert guards[0].permission == PUBLIC or guards[0].permission in known, f"{route.path}: {guards[0].permission}"


def test_what_is_open_to_all_is_what_the_list_says(app: FastAPI) -> None:
    assert {route.name for route, (guard,) in guarded_routes(app) if guard.permission == PUBLIC} == OPEN_TO_ALL


def test_operation_ids_are_unique_but_for_two_spellings_of_one_path(app: FastAPI) -> None:
    seen: dict[str, str] = {}
    for route in iter_route_contexts(app.routes):
        path = str(route.path).rstrip("/")
        assert seen.setdefault(str(route.name), path) == path, (
            f"{route.name} is both {seen[str(route.name)]} and {path}"
        )


@pytest.mark.parametrize("role", [None, Role.USER, Role.MANAGER, Role.ADMIN])
async def test_each_role_reaches_what_its_permissions_name_and_nothing_else(
    app: FastAPI, client_for: ClientFor, role: Role | None
) -> None:
    held = app.state.role_permissions.of(role) if role else frozenset()
    numbers = count(1)
    wrong = []
    for route, (guard,) in guarded_routes(app):
        # Signed in anew for each: some of the calls end the sign-in.
        client = await client_for(role, f"person_{next(numbers)}")
        for method in sorted(route.methods or ()):
            status = await status_of(app, method, filled(str(route.path)), client.headers.get("authorization"))
            if guard.permission == PUBLIC or guard.permission in held:
                right = status < 500 and (status not in {401, 403} or route.name in SIGNING_IN)
            else:
                right = status in refusals(str(route.path), role)
            if not right:
                wrong.append(f"{method} {route.path} ({guard.permission}): {status}")
    assert wrong == []


def refusals(path: str, role: Role | None) -> set[int]:
    """Who is not signed in is told so, in the console by being sent to sign in; who is, that it is forbidden."""
    if role is not None:
        return {403}
    return {401, 303} if path.startswith("/console") else {401}


async def test_an_operation_that_the_setting_names_is_open_to_anonymous_and_no_other(
    settings: Settings, problem_of: Problem
) -> None:
    opened = create_app(settings.model_copy(update={"open_endpoints": ("list_jobs",)}), work=False)
    transport = httpx.ASGITransport(app=opened, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://opsroom.test") as nobody:
        assert (await nobody.get("/api/v1/jobs")).status_code == 200
        problem_of(await nobody.get(f"/api/v1/jobs/{NO_ID}"), 401)
        problem_of(await nobody.get("/api/v1/users"), 401)
    await opened.state.database.close()


async def test_a_setting_that_opens_what_does_not_exist_stops_the_start(settings: Settings) -> None:
    with pytest.raises(WrongSetting, match="list_nothing"):
        create_app(settings.model_copy(update={"open_endpoints": ("list_jobs", "list_nothing")}), work=False)
