"""Rate limits: what is counted, what is not, and what happens without Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from limits import parse
from tests.conftest import MakeApp, sign_in
from tests.redis_server import Redis, free_port, running_redis

from opsroom.core.auth.guards import COOKIE
from opsroom.core.auth.models import Role
from opsroom.core.ratelimit import Counts, OwnCounts, _address, parse_limit

Problem = Callable[[httpx.Response, int], dict[str, Any]]


@asynccontextmanager
async def visitor(app: FastAPI, address: str = "192.0.2.1", **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://opsroom.test", headers=headers) as client:
        yield client


async def statuses(client: httpx.AsyncClient, path: str, times: int) -> list[int]:
    return [(await client.get(path)).status_code for _ in range(times)]


sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ME = "/api/v1/auth/me"


@sqlite_only
class TestRequests:
    async def test_beyond_the_limit_the_answer_is_429_and_says_when_to_come_back(
        self, make_app: MakeApp, problem_of: Problem
    ) -> None:
        async with visitor(make_app(rate_limit="3/hour")) as client:
            assert await statuses(client, ME, 3) == [401, 401, 401]
            answer = await client.get(ME)
            document = problem_of(answer, 429)
        assert document["code"] == "too_many_requests"
        assert 1 <= int(answer.headers["retry-after"]) == document["retry_after"] <= 3600
        assert answer.headers["x-request-id"] == document["request_id"]

    async def test_one_who_signed_in_is_counted_alone_wherever_they_are(self, make_app: MakeApp) -> None:
        app = make_app(rate_limit="2/hour")
        first, second = [f"Bearer {await sign_in(app, Role.USER, name)}" for name in ("wanjiru", "otieno")]
        async with visitor(app, authorization=first) as one, visitor(app, authorization=second) as other:
            assert await statuses(one, ME, 3) == [200, 200, 429]
            assert await statuses(other, ME, 3) == [200, 200, 429]
        async with visitor(app, "192.0.2.77", authorization=first) as elsewhere:
            assert await statuses(elsewhere, ME, 1) == [429]

    async def test_a_session_cookie_is_an_identity_too(self, make_app: MakeApp) -> None:
        app = make_app(rate_limit="2/hour")
        for cookie in ("one", "other"):
            async with visitor(app, cookie=f"theme=dark; {COOKIE}={cookie}") as client:
                assert await statuses(client, ME, 3) == [401, 401, 429]

    async def test_inventing_a_credential_for_each_request_does_not_help(self, make_app: MakeApp) -> None:
        app = make_app(rate_limit="2/hour", address_rate_limit="5/hour")
        answers = []
        async with visitor(app) as client:
            for number in range(7):
                answer = await client.get(ME, headers={"Authorization": f"Bearer invented-{number}"})
                answers.append(answer.status_code)
        assert answers == [401] * 5 + [429] * 2

    async def test_attempts_to_sign_in_have_a_stricter_limit(self, make_app: MakeApp) -> None:
        app = make_app(sign_in_rate_limit="2/hour")
        form = {"username": "wanjiru", "password": "a guess of many"}
        async with visitor(app) as client, visitor(app, "192.0.2.2") as neighbour:
            tried = [(await client.post("/api/v1/auth/token", data=form)).status_code for _ in range(3)]
            assert tried == [401, 401, 429]
            assert (await client.post("/console/sign-in", data=form)).status_code == 429
            assert (await client.get("/console/sign-in")).status_code == 200, "the page itself is no attempt"
            assert await statuses(client, ME, 1) == [401], "other requests go on"
            assert (await neighbour.post("/api/v1/auth/token", data=form)).status_code == 401

    async def test_health_and_static_files_are_not_counted(self, make_app: MakeApp) -> None:
        async with visitor(make_app(rate_limit="1/hour", address_rate_limit="1/hour")) as client:
            await client.get(ME)
            assert await statuses(client, ME, 1) == [429]
            for path in ("/livez", "/readyz", "/healthz", "/static/favicon.svg"):
                assert await statuses(client, path, 3) == [200, 200, 200]

    async def test_no_limit_is_a_choice(self, make_app: MakeApp) -> None:
        unlimited = make_app(rate_limit="none", address_rate_limit="none", sign_in_rate_limit="none")
        async with visitor(unlimited) as client:
            assert set(await statuses(client, ME, 30)) == {401}

    async def test_without_redis_running_answers_are_what_they_are(self, make_app: MakeApp) -> None:
        app = make_app(rate_limit="2/hour", redis_url=f"redis://127.0.0.1:{free_port()}")
        async with visitor(app) as client:
            assert await statuses(client, ME, 3) == [401, 401, 429]


class TestOwnCounts:
    def test_a_window_has_room_for_so_many_and_then_begins_anew(self) -> None:
        now = 1000.0
        counts = OwnCounts(clock=lambda: now)
        limit = parse("2/10seconds")
        assert [counts.hit(limit, "a") for _ in range(3)] == [None, None, 10.0]
        assert counts.hit(limit, "b") is None
        now = 1009.0
        assert counts.hit(limit, "a") == 1.0
        now = 1010.0
        assert counts.hit(limit, "a") is None

    def test_names_of_an_ended_window_are_forgotten(self) -> None:
        now = 0.0
        counts = OwnCounts(clock=lambda: now)
        limit = parse("2/second")
        for number in range(100):
            counts.hit(limit, str(number))
        now = 1.0
        counts.hit(limit, "one")
        assert list(counts._windows[limit][1]) == ["one"]

    @given(
        st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 5)), max_size=40), st.integers(1, 4), st.integers(1, 7)
    )
    def test_as_many_as_allowed_pass_in_each_window(
        self, steps: list[tuple[str, float]], amount: int, length: int
    ) -> None:
        now = 0.0
        counts = OwnCounts(clock=lambda: now)
        passed: list[tuple[int, str]] = []
        for who, pause in steps:
            now += pause
            window = int(now // length)
            allowed = counts.hit(parse(f"{amount}/{length}seconds"), who) is None
            assert allowed == (passed.count((window, who)) < amount)
            if allowed:
                passed.append((window, who))


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "local"),
    ],
)
def test_a_subscriber_is_one_address(host: str, counted: str) -> None:
    assert _address(host) == counted


def test_a_socket_of_the_host_has_no_address() -> None:
    assert _address("") == "local"


@pytest.mark.parametrize("value", ["fast", "0", "10/fortnight", ""])
def test_what_is_no_rate_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="expected a rate such as 1200/minute, or none"):
        parse_limit(value)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    with running_redis(tmp_path) as server:
        yield server


@asynccontextmanager
async def counting(url: str) -> AsyncIterator[Counts]:
    counts = Counts(url)
    try:
        yield counts
    finally:
        await counts.close()


async def passes(counts: Counts, times: int = 1, who: str = "wanjiru") -> list[bool]:
    return [await counts.hit(parse("3/hour"), who) is None for _ in range(times)]


class TestRedis:
    async def test_several_servers_share_their_counts(self, redis: Redis) -> None:
        async with counting(redis.url) as one, counting(redis.url) as other:
            assert await passes(one, 2) == [True, True]
            assert await passes(other, 2) == [True, False]
            wait = await one.hit(parse("3/hour"), "wanjiru")
            assert wait is not None
            assert 3500 < wait <= 3600
            assert await passes(other, 1, "otieno") == [True]

    async def test_when_redis_dies_the_process_counts_for_itself(self, redis: Redis) -> None:
        async with counting(redis.url) as counts:
            assert await passes(counts, 3) == [True, True, True]
            redis.kill()
            assert await passes(counts, 4) == [True, True, True, False]
            assert counts._redis.until > 0

    async def test_when_redis_comes_back_its_counts_count_again(self, redis: Redis) -> None:
        async with counting(redis.url) as counts:
            redis.kill()
            assert await passes(counts, 4) == [True, True, True, False]
            redis.start()
            assert await passes(counts) == [False], "nobody has looked yet"
            counts._redis.until = 0.001  # as if the time to look had come
            assert await passes(counts, 4) == [True, True, True, False]
            assert counts._redis.until == 0

    async def test_a_redis_that_hangs_costs_one_short_wait_and_then_nothing(self, redis: Redis) -> None:
        async with counting(redis.url) as counts:
            assert await passes(counts) == [True]
            redis.pause()
            assert await passes(counts, 4) == [True, True, True, False]
            away_until = counts._redis.until
            assert await passes(counts, 50) == [False] * 50
            assert counts._redis.until == away_until, "Redis was asked no more"

    async def test_while_one_request_looks_the_others_do_not_wait(self, redis: Redis) -> None:
        async with counting(redis.url) as counts:
            redis.pause()
            await passes(counts)
            counts._redis.until = 0.001  # as if the time to look had come
            looking = asyncio.create_task(passes(counts))
            await asyncio.sleep(0)
            assert await passes(counts, 1, "otieno") == [True]
            assert not looking.done()
            assert await looking == [True]

    @sqlite_only
    async def test_killing_redis_in_the_middle_breaks_no_answer(self, redis: Redis, make_app: MakeApp) -> None:
        app = make_app(rate_limit="5/hour", redis_url=redis.url)
        async with visitor(app) as client:
            assert await statuses(client, ME, 2) == [401, 401]
            redis.kill()
            assert await statuses(client, ME, 6) == [401] * 5 + [429]
