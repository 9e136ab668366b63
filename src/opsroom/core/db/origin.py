"""Who causes what is written: the value that the triggers of the audit trail read.

The guard of a route sets it for the request, the runtime for a job; the transaction hands it to the database.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import msgspec

REMEMBERED = 128  # a request asks for the same origin several times
NAME_LIMIT = 150
AGENT_LIMIT = 400
REASON_LIMIT = 500
SHORT_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Origin:
    """user_name: as printed at that time
    session_id: the sign-in, or the API key
    reason: why, in the words of the person
    job_id: the job whose work this is; it acts for the person who asked for it
    """

    user_name: str = "system"
    user_id: UUID | None = None
    session_id: UUID | None = None
    ip: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    reason: str | None = None
    job_id: UUID | None = None


LIMITS = {
    "user_name": NAME_LIMIT,
    "user_id": SHORT_LIMIT,
    "session_id": SHORT_LIMIT,
    "ip": SHORT_LIMIT,
    "user_agent": AGENT_LIMIT,
    "request_id": SHORT_LIMIT,
    "reason": REASON_LIMIT,
    "job_id": SHORT_LIMIT,
}


@lru_cache(REMEMBERED)
def facts_of(origin: Origin) -> Mapping[str, str]:
    """What is known, as text that both databases can store."""
    return {
        name: storable(str(value), limit)
        for name, limit in LIMITS.items()
        if (value := getattr(origin, name)) is not None
    }


@lru_cache(REMEMBERED)
def as_hex(origin: Origin) -> str:
    """Its facts as JSON in hexadecimal digits: nothing in it can end a literal of SQL."""
    return msgspec.json.encode(facts_of(origin)).hex()


SYSTEM = Origin()
_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def current_origin() -> Origin:
    """Of a task that nobody asked for, the system itself."""
    return _origin.get() or SYSTEM


def set_origin(origin: Origin) -> None:
    """For the rest of this task."""
    _origin.set(origin)


@contextmanager
def acting(origin: Origin) -> Iterator[None]:
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def storable(text: str, limit: int) -> str:
    """At most so many characters, without those that PostgreSQL refuses."""
    if len(text) <= limit and text.isascii() and "\0" not in text:
        return text  # nearly always
    return text[:limit].replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
