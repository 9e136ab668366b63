"""Bodies that are too large, lie about their size, never end, or are made to cost more than they weigh."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.attacks.conftest import Serve, request_of, status_of
from tests.conftest import MakeApp, sign_in

from opsroom.core.auth.models import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Problem = Callable[[httpx.Response, int], dict[str, Any]]
SMALL = {"body_limit_mb": 1, "upload_limit_mb": 2}
TOKEN, POLLS, IMPORTS = "/api/v1/auth/token", "/api/v1/stores/observations", "/api/v1/stores/imports"
TOO_MUCH = b"x" * 1_500_000
FORM = "Content-Type: application/x-www-form-urlencoded"


def client_of(app: Any, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://opsroom.test", headers=headers)


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(serve: Serve) -> None:
    wire = await serve(**SMALL)
    answer = await wire.say(request_of("POST", TOKEN, FORM, "Content-Length: 99000000"))
    assert status_of(answer) == 413
    assert b'"limit_bytes":1048576' in answer


async def test_a_body_without_a_length_is_counted_as_it_comes(serve: Serve) -> None:
    wire = await serve(**SMALL)
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    answer = await wire.say(request_of("POST", TOKEN, FORM, "Transfer-Encoding: chunked"), *[chunk] * 17)
    assert status_of(answer) == 413


async def test_what_follows_a_length_that_is_too_small_is_no_part_of_the_body(serve: Serve) -> None:
    wire = await serve(**SMALL)
    hidden = request_of("POST", POLLS)
    answer = await wire.say(
        request_of("POST", TOKEN, FORM, "Content-Length: 3").replace(b"close", b"keep-alive"), b"a=b" + hidden
    )
    assert status_of(answer) == 422
    assert answer.count(b"HTTP/1.1 ") == 2, "it is a request of its own, and answered as one"
    assert b"401 Unauthorized" in answer


async def test_a_body_shorter_than_it_says_does_nothing_and_breaks_nothing(serve: Serve) -> None:
    wire = await serve(**SMALL)
    await wire.say(request_of("POST", TOKEN, FORM, "Content-Length: 500"), b"username=admin", hang_up=True)
    assert status_of(await wire.get("/livez")) == 200


async def test_two_lengths_are_refused(serve: Serve) -> None:
    wire = await serve(**SMALL)
    both = request_of("POST", TOKEN, FORM, "Content-Length: 5", "Transfer-Encoding: chunked")
    smuggled = await wire.say(both, b"0\r\n\r\n" + request_of("GET", "/livez"))
    assert smuggled.count(b"HTTP/1.1 ") == 1
    assert status_of(smuggled) in {400, 422}


async def test_a_body_that_trickles_is_not_waited_for(serve: Serve) -> None:
    wire = await serve(body_grace_seconds=0.3)
    answer = await wire.say(request_of("POST", TOKEN, FORM, "Content-Length: 5000"), b"username=")
    assert status_of(answer) == 408
    assert b'"code":"request_too_slow"' in answer


async def test_a_stranger_cannot_fill_the_disk_or_the_memory(serve: Serve) -> None:
    wire = await serve(**SMALL)
    boundary = "Content-Type: multipart/form-data; boundary=b"
    for path, kind in ((IMPORTS, boundary), ("/api/v1/users", "Content-Type: application/json")):
        answer = await wire.say(request_of("POST", path, kind, "Content-Length: 900000"))
        assert status_of(answer) == 401, "refused before a single byte of the body was sent"


@pytest.mark.parametrize("path", ["/api/v1/users/files", "/api/v1/stores/imports", "/api/v1/stores/import"])
async def test_a_record_named_like_an_upload_is_none(make_app: MakeApp, problem_of: Problem, path: str) -> None:
    app = make_app(**SMALL)
    bearer = f"Bearer {await sign_in(app, Role.ADMIN, 'wanjiru')}"
    async with client_of(app, authorization=bearer) as client:
        answer = await client.patch(path, content=TOO_MUCH, headers={"Content-Type": "application/json"})
    problem_of(answer, 413)


async def test_polls_are_held_in_memory_and_so_have_the_smaller_limit(make_app: MakeApp, problem_of: Problem) -> None:
    app = make_app(**SMALL)
    bearer = f"Bearer {await sign_in(app, Role.MANAGER, 'wanjiru')}"
    async with client_of(app, authorization=bearer) as client:
        problem_of(await client.post(POLLS, content=TOO_MUCH), 413)


async def test_an_upload_has_a_limit_too(make_app: MakeApp, problem_of: Problem) -> None:
    app = make_app(**SMALL)
    bearer = f"Bearer {await sign_in(app, Role.MANAGER, 'wanjiru')}"
    async with client_of(app, authorization=bearer) as client:
        kept = await client.post("/api/v1/artifacts/files?name=a", content=TOO_MUCH)
        assert kept.status_code == 201
        problem_of(await client.post("/api/v1/artifacts/files?name=b", content=TOO_MUCH * 2), 413)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"username": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
        b'{"username": ' + b"9" * 100_000 + b"}",
        b'{"username": 1e999999}',
        b'{"username": "' + b"\\ud800" * 10 + b'"}',
        b"\xff\xfe\x00",
    ],
    ids=["deep", "deep-object", "digits", "infinity", "half-letters", "no-text"],
)
async def test_json_that_is_made_to_break_its_reader_is_refused(
    admin: httpx.AsyncClient, problem_of: Problem, body: bytes
) -> None:
    answer = await admin.post("/api/v1/users", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    problem_of(answer, answer.status_code)


async def test_a_form_of_countless_fields_is_refused(nobody: httpx.AsyncClient, problem_of: Problem) -> None:
    answer = await nobody.post(TOKEN, content=b"a=1&" * 50_000, headers={"Content-Type": FORM.partition(" ")[2]})
    problem_of(answer, 400)
