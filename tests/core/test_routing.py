"""The signpost finds what the router itself would have found."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from opsroom.core.routing import Signpost

PATHS = ["/a", "/a/new", "/a/{x}", "/a/{x}/b", "/a/{x}/{y}", "/files/old/{x}", "/files/{rest:path}", "/files/{x}/late", "/{x}"]


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
    ("method", "path"),
    [
        ("GET", "/a"), ("GET", "/a/new"), ("GET", "/a/old"), ("PATCH", "/a/new"), ("GET", "/a/1/b"), ("GET", "/a/1/c"),
        ("GET", "/files/old/x"), ("GET", "/files/old/x/y"), ("GET", "/files/new/late"), ("GET", "/files/"), ("GET", "/"),
        ("GET", "/files/" + "deep/" * 30), ("GET", "/b"), ("DELETE", "/a/1"), ("GET", "/a/1/b/c"), ("GET", "/a/"),
    ],
)  # fmt: skip
async def test_the_same_route_answers_with_and_without_it(method: str, path: str) -> None:
    answers = []
    for with_signpost in (True, False):
        transport = httpx.ASGITransport(application(with_signpost=with_signpost))
        async with httpx.AsyncClient(transport=transport, base_url="http://x.test") as client:
            answer = await client.request(method, path)
            answers.append((answer.status_code, answer.text))
    assert answers[0] == answers[1]
