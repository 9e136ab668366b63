"""The signpost finds what the router itself would have found."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from opsroom.core.routing import Signpost

PATHS = [
    "/a", "/a/new", "/a/{x}", "/a/{x}/b", "/a/{x}/{y}", "/files/old/{x}", "/files/{rest:path}", "/files/{x}/late",
    "/{x}",
]  # fmt: skip
ASKED = [
    "/a", "/a/new", "/a/old", "/a/1/b", "/a/1/c", "/a/1/b/c", "/a/", "/files/old/x", "/files/old/x/y",
    "/files/new/late", "/files/", "/", "/b", "/files" + "/deep" * 30,
]  # fmt: skip


def application(*, with_signpost: bool) -> FastAPI:
    app, router = FastAPI(openapi_url=None), APIRouter()
    for path in PATHS:
        router.add_api_route(path, lambda path=path: path, methods=["GET"])
    router.add_api_route("/a/{x}", lambda: "changed", methods=["PATCH"])
    app.router.routes.extend(router.routes)
    if with_signpost:
        app.router.middleware_stack = Signpost(app.router.middleware_stack, app.routes)
    return app


@pytest.mark.parametrize(
    ("method", "path"), [*(("GET", path) for path in ASKED), ("PATCH", "/a/new"), ("DELETE", "/a/1")]
)
async def test_the_same_route_answers_with_and_without_it(method: str, path: str) -> None:
    answers = []
    for with_signpost in (True, False):
        transport = httpx.ASGITransport(application(with_signpost=with_signpost))
        async with httpx.AsyncClient(transport=transport, base_url="http://x.test") as client:
            answer = await client.request(method, path)
            answers.append((answer.status_code, answer.text))
    assert answers[0] == answers[1]


async def test_a_wrong_method_is_told_all_those_that_the_path_has() -> None:
    transport = httpx.ASGITransport(application(with_signpost=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://x.test") as client:
        answer = await client.delete("/a/1")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PATCH")
        assert (await client.post("/files/a/b/c")).headers["allow"] == "GET"
        assert (await client.delete("/a/1/b/c")).status_code == 404
