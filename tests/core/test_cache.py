"""Answers that are kept: computed once, shared through a real Redis, right whatever happens to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis as Client
from tests.redis_server import Redis, free_port, running_redis

from opsroom.core.cache import PREFIX, Cache, Packing
from opsroom.core.metrics import Metrics


def unpack(content: bytes) -> int:
    found: int = json.loads(content)
    return found


NUMBER: Packing[int] = Packing("tests.number", lambda number: json.dumps(number).encode(), unpack)


@dataclass
class Work:
    """Something that is worth not doing twice."""

    answer: int = 42
    done: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> int:
        self.done += 1
        return self.answer

    async def slowly(self) -> int:
        self.done += 1
        await self.gate.wait()
        return self.answer

    async def badly(self) -> int:
        self.done += 1
        raise LookupError("it cannot be computed")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    with running_redis(tmp_path) as server:
        yield server


@asynccontextmanager
async def cached(url: str | None = None, house: str = "here") -> AsyncIterator[Cache]:
    cache = Cache(Metrics(), url, house)
    try:
        yield cache
    finally:
        await cache.close()


async def test_a_question_is_computed_once_and_another_for_itself() -> None:
    work = Work()
    async with cached() as cache:
        assert [await cache.answer(NUMBER, question, work) for question in ("a", "a", "b", "a")] == [42] * 4
    assert work.done == 2


async def test_who_asks_while_it_is_computed_waits_for_the_same() -> None:
    work = Work()
    async with cached() as cache:
        asking = [asyncio.create_task(cache.answer(NUMBER, "a", work.slowly)) for _ in range(20)]
        await asyncio.sleep(0)
        work.gate.set()
        assert await asyncio.gather(*asking) == [42] * 20
        assert cache._locks == {}
    assert work.done == 1


async def test_what_failed_is_not_kept() -> None:
    work = Work()
    async with cached() as cache:
        for _ in range(2):
            with pytest.raises(LookupError):
                await cache.answer(NUMBER, "a", work.badly)
        assert await cache.answer(NUMBER, "a", work) == 42
    assert work.done == 3


async def test_of_many_answers_the_latest_are_kept() -> None:
    async with cached() as cache:
        for number in range(1000):
            await cache.answer(NUMBER, number, Work(number))
        assert await cache.answer(NUMBER, 999, Work(-1)) == 999
        assert await cache.answer(NUMBER, 0, Work(-1)) == -1, "it was forgotten, and is asked anew"


class TestRedis:
    async def test_servers_share_what_one_of_them_computed(self, redis: Redis) -> None:
        work = Work()
        async with cached(redis.url) as one, cached(redis.url) as other:
            assert await one.answer(NUMBER, "a", work) == await other.answer(NUMBER, "a", work) == 42
            assert b'opsroom_cached_answers_total{kind="tests.number",where="shared"} 1.0' in other._metrics.text()
        assert work.done == 1

    async def test_houses_that_share_a_redis_share_nothing_else(self, redis: Redis) -> None:
        async with cached(redis.url) as one, cached(redis.url, "elsewhere") as other:
            assert await one.answer(NUMBER, "a", Work(1)) == 1
            assert await other.answer(NUMBER, "a", Work(2)) == 2

    @pytest.mark.parametrize("content", [b"", b"not json", b"bytes:1", b"\x80\x04K\x01."], ids=repr)
    async def test_bytes_that_are_no_answer_are_none(self, redis: Redis, content: bytes) -> None:
        """The last would be a pickle."""
        async with cached(redis.url) as cache:
            await cache.answer(NUMBER, "a", Work())
        with Client.from_url(redis.url) as client:
            (key,) = client.keys(f"{PREFIX}*")
            client.set(key, content)
        async with cached(redis.url) as cache:
            assert await cache.answer(NUMBER, "a", Work(7)) == 7

    async def test_killed_in_the_middle_it_changes_no_answer(self, redis: Redis) -> None:
        async with cached(redis.url) as cache:
            assert await cache.answer(NUMBER, 1, Work(1)) == 1
            redis.kill()
            assert [await cache.answer(NUMBER, number, Work(number)) for number in (1, 2, 3, 2)] == [1, 2, 3, 2]
            redis.start()
            cache._redis.until = 0.001  # as if the time to look had come
            work = Work(4)
            assert await cache.answer(NUMBER, 4, work) == 4
            async with cached(redis.url) as other:
                assert await other.answer(NUMBER, 4, work) == 4
            assert work.done == 1

    async def test_one_that_hangs_costs_a_wait_and_then_nothing(self, redis: Redis) -> None:
        async with cached(redis.url) as cache:
            redis.pause()
            assert await cache.answer(NUMBER, 1, Work(1)) == 1
            until = cache._redis.until
            assert until > 0
            assert [await cache.answer(NUMBER, number, Work(number)) for number in range(50)] == [*range(50)]
            assert cache._redis.until == until, "it was asked no more"

    async def test_one_that_was_never_there_is_no_hindrance(self) -> None:
        async with cached(f"redis://127.0.0.1:{free_port()}") as cache:
            assert await cache.answer(NUMBER, "a", Work()) == 42
