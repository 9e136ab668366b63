"""Answers that were computed before: in this process, and through Redis in all of them.

A question names everything that its answer depends on, with the state of the data; so an answer that is found is right,
and a write makes another question of it (decision 0018). What is kept in Redis is bytes that the asker wrote, never a
pickle. While Redis is away each process keeps its own: that is slower, and nothing else.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from opsroom.core.away import Away
from opsroom.core.metrics import Metrics

T = TypeVar("T")

KEPT = 64  # answers in this process
SECONDS = 60.0
REDIS_SECONDS = 0.5  # for a megabyte or two, of a Redis that is well
PREFIX = "opsroom-cache:"

log = structlog.get_logger("opsroom.cache")


@dataclass(frozen=True, slots=True)
class Packing(Generic[T]):
    """How answers of a kind are written down; `unpack` raises ValueError for bytes it did not write."""

    name: str
    pack: Callable[[T], bytes]
    unpack: Callable[[bytes], T]


class Cache:
    def __init__(self, metrics: Metrics, redis_url: str | None = None, house: str = "") -> None:
        """house: tells this installation from others that use the same Redis"""
        self._metrics = metrics
        self._house = house
        self._own: OrderedDict[str, tuple[float, Any]] = OrderedDict()
        self._shared = _shared(redis_url) if redis_url else None
        self._redis = Away("Redis", "answers are kept in this process")
        self._locks: dict[str, asyncio.Lock] = {}

    async def answer(self, packing: Packing[T], question: Any, compute: Callable[[], Awaitable[T]]) -> T:
        """At most one computation of each question at a time; whoever asks meanwhile waits for it.

        question: a value whose `repr` tells it from every other
        """
        key = hashlib.sha256(f"{self._house} {packing.name} {question!r}".encode()).hexdigest()
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                return await self._answer(packing, key, compute)
        finally:
            if not lock.locked():
                self._locks.pop(key, None)

    async def close(self) -> None:
        if self._shared is not None:
            await self._shared.aclose()

    async def _answer(self, packing: Packing[T], key: str, compute: Callable[[], Awaitable[T]]) -> T:
        until, kept = self._own.get(key, (0.0, None))
        if until > time.monotonic():
            self._metrics.count_cached(packing.name, "own")
            return kept  # type: ignore[no-any-return]  # what this very kind of question was answered
        fetched = await self._fetch(packing, key)
        found = fetched[0] if fetched else await compute()
        self._metrics.count_cached(packing.name, "shared" if fetched else "computed")
        if not fetched:
            await self._hand_out(packing, key, found)
        self._own[key] = (time.monotonic() + SECONDS, found)
        while len(self._own) > KEPT:
            self._own.popitem(last=False)
        return found

    async def _fetch(self, packing: Packing[T], key: str) -> tuple[T] | None:
        content = await self._with_redis(lambda redis: redis.get(PREFIX + key))
        if content is None:
            return None
        try:
            return (packing.unpack(content),)
        except ValueError as error:
            log.warning("an answer in Redis cannot be read", kind=packing.name, error=repr(error))
            return None

    async def _hand_out(self, packing: Packing[T], key: str, found: T) -> None:
        if self._shared is not None:
            content = packing.pack(found)
            await self._with_redis(lambda redis: redis.set(PREFIX + key, content, px=int(SECONDS * 1000)))

    async def _with_redis(self, ask: Callable[[Redis], Awaitable[Any]]) -> Any:
        if self._shared is None or not self._redis.may_ask():
            return None
        try:
            found = await ask(self._shared)
        except Exception as error:  # noqa: BLE001  whatever is wrong with Redis must not break an answer
            self._redis.failed(error)
            return None
        self._redis.answered()
        return found


def _shared(redis_url: str) -> Redis:
    return Redis.from_url(
        redis_url,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),  # whose default waits seconds
    )
