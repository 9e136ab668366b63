"""Rate limits: of one identity, of one address, and stricter of attempts to sign in.

Counted in windows of fixed length: in Redis when there is one, so that several servers share the counts, in the
process otherwise. While Redis is away the process counts for itself: an outage slows nothing and breaks no answer.
"""

import hashlib
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address, ip_network

from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from opsroom.core.away import Away
from opsroom.core.errors import Refusal, TooMany

UNLIMITED = "none"
REDIS_SECONDS = 0.25  # longer than any answer of a Redis that is well


def parse_limit(value: str) -> RateLimitItem | None:
    """`1200/minute`, `10 per 5 seconds`; `none` is no limit.

    Raises:
        ValueError: anything else.
    """
    if value == UNLIMITED:
        return None
    try:
        return parse(value)
    except ValueError:
        raise ValueError("expected a rate such as 1200/minute, or none") from None


@dataclass(frozen=True, slots=True)
class Limits:
    """identity: of one credential, or of one address for requests without; address: of all its requests together"""

    identity: RateLimitItem | None
    address: RateLimitItem | None
    sign_in: RateLimitItem | None


@dataclass(slots=True)
class OwnCounts:
    """This process's counts of the present window of each limit.

    The memory storage of the `limits` package looks at every key at every hit, 0.7 ms with ten thousand of them.
    """

    clock: Callable[[], float] = time.time
    _windows: dict[RateLimitItem, tuple[int, Counter[str]]] = field(default_factory=dict)

    def hit(self, limit: RateLimitItem, who: str) -> float | None:
        """Count one more. None, or the seconds until there is room again."""
        length, now = limit.get_expiry(), self.clock()
        number = int(now // length)
        begun, counts = self._windows.get(limit, (number, Counter()))
        if begun != number:
            counts = Counter()
        self._windows[limit] = (number, counts)
        counts[who] += 1
        return None if counts[who] <= limit.amount else (number + 1) * length - now


class Counts:
    """Counts shared through Redis, or this process's own."""

    def __init__(self, redis_url: str | None = None, own: OwnCounts | None = None) -> None:
        self._own = own or OwnCounts()
        self._shared = _shared_counts(redis_url) if redis_url else None
        self._redis = Away("Redis", "counting in this process")

    async def hit(self, limit: RateLimitItem, who: str) -> float | None:
        """Count one more. None, or the seconds until there is room again."""
        if self._shared is None or not self._redis.may_ask():
            return self._own.hit(limit, who)
        try:
            allowed = await self._shared.hit(limit, who)
            wait = None if allowed else await _until_reset(self._shared, limit, who)
        except Exception as error:  # noqa: BLE001  whatever is wrong with Redis must not break an answer
            self._redis.failed(error)
            return self._own.hit(limit, who)
        self._redis.answered()
        return wait

    async def close(self) -> None:
        if self._shared is not None:
            storage = self._shared.storage
            assert isinstance(storage, RedisStorage)  # noqa: S101  nothing else is made below
            await storage.bridge.get_connection().aclose()  # type: ignore[attr-defined]  # redis-py has it, coredis not


class RateLimit:
    """Refuses requests beyond the limits, with 429 and the time to wait; health and static files are not counted."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: Limits,
        counts: Counts,
        refuse: Callable[[Request, Refusal], Awaitable[Response]],
        cookie: str,
        sign_in_paths: frozenset[str],
        exempt_paths: tuple[str, ...],
    ) -> None:
        self.app = app
        self.limits = limits
        self.counts = counts
        self.refuse = refuse
        self.cookie = cookie
        self.sign_in_paths = sign_in_paths
        self.exempt_paths = exempt_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(self.exempt_paths):
            for limit, who in self._counted(scope):
                wait = await self.counts.hit(limit, who)
                if wait is not None:
                    response = await self.refuse(Request(scope), _too_many(wait))
                    await response(scope, receive, send)
                    return
        await self.app(scope, receive, send)

    def _counted(self, scope: Scope) -> Iterator[tuple[RateLimitItem, str]]:
        """The address first: who invents a credential for each request does not get as far as to be counted by it."""
        address = _address(scope["client"][0] if scope.get("client") else "")
        if self.limits.address:
            yield self.limits.address, f"address:{address}"
        if self.limits.sign_in and scope["method"] == "POST" and scope["path"] in self.sign_in_paths:
            yield self.limits.sign_in, f"sign-in:{address}"
        if self.limits.identity:
            yield self.limits.identity, f"identity:{_credential(scope, self.cookie) or address}"


@lru_cache(4096)
def _address(host: str) -> str:
    """The client's address; of IPv6 the /64, which one subscriber has to themselves."""
    try:
        version = ip_address(host).version
    except ValueError:
        return "local"
    return host if version == 4 else str(ip_network(f"{host.partition('%')[0]}/64", strict=False))


def _credential(scope: Scope, cookie: str) -> str | None:
    """A hash of the token or session cookie by which a request will be judged, whether it is good or not: read as the
    guard reads them, so that neither another spelling nor a second credential is another identity.
    """
    headers = Headers(scope=scope)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    found = token.strip() if scheme.lower() == "bearer" else ""
    if not found and cookie in headers.get("cookie", ""):
        found = cookie_parser(headers["cookie"]).get(cookie, "")
    return hashlib.sha256(found.encode()).hexdigest()[:32] if found else None


def _too_many(wait: float) -> Refusal:
    seconds = max(math.ceil(wait), 1)
    refusal = TooMany(f"Too many requests; try again in {seconds} s.", retry_after=seconds)
    refusal.headers = {"Retry-After": str(seconds)}
    return refusal


def _shared_counts(redis_url: str) -> FixedWindowRateLimiter:
    scheme = "async+redis+" if redis_url.startswith("unix:") else "async+"
    storage = RedisStorage(
        scheme + redis_url,
        implementation="redispy",
        key_prefix="opsroom-limits",
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # handed on to redis-py, whose default waits seconds
    )
    return FixedWindowRateLimiter(storage)


async def _until_reset(shared: FixedWindowRateLimiter, limit: RateLimitItem, who: str) -> float:
    return (await shared.get_window_stats(limit, who)).reset_time - time.time()
