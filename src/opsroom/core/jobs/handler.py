"""What an app declares to have work done in the background.

A job runs in three steps, so that its effects happen once or not at all:

    compute   no transaction; may take minutes, report progress and be cancelled
    save      one transaction, together with the mark "succeeded"
    failed    one transaction, together with the mark "failed" or "cancelled", when nothing more is tried
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.errors import Refusal, Unavailable

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R")


class Permanent(Exception):  # noqa: N818  says that trying again cannot help
    """Raised by a job whose next attempt would fail in the same way; the text is shown to people."""


class Cancelled(Exception):  # noqa: N818  a wish that was granted
    """Raised inside a job when somebody cancelled it."""


class Superseded(Exception):  # noqa: N818  nothing went wrong; another worker has the job
    """Raised inside a job whose lease ran out and was taken by another worker."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a job is tried, and the wait before attempt n + 1: base × 2^(n - 1), at most `longest`."""

    attempts: int = 3
    base: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=5)

    def wait_after(self, attempt: int) -> timedelta:
        # 2^20 × any base is above every sensible longest wait; the bound keeps the power small.
        factor: int = 2 ** min(attempt - 1, 20)
        return min(self.base * factor, self.longest)


def wait_before_next(error: Exception, attempt: int, max_attempts: int, retry: Retry) -> timedelta | None:
    """How long to wait before a failed attempt is repeated; None when nothing more is tried.

    A refusal would be repeated word for word, unless it says that something is unavailable for now.
    """
    final = isinstance(error, Permanent) or (isinstance(error, Refusal) and not isinstance(error, Unavailable))
    return None if final or attempt >= max_attempts else retry.wait_after(attempt)


class Progress(Protocol):
    async def __call__(self, fraction: float, message: str = "") -> None:
        """Say how far the work is (0 to 1); what is shown never goes back within an attempt.

        Raises:
            Cancelled: somebody asked for that meanwhile.
            Superseded: the lease was lost to another worker.
        """


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a job, as its functions see it."""

    job_id: UUID
    attempt: int
    requested_by: str
    user_id: UUID | None
    progress: Progress


@dataclass(frozen=True, slots=True)
class JobType(Generic[P, R]):
    """A kind of job.

    compute: the work; gives what `save` needs
    save: writes the effects; its return value is kept as the job's `result`
    failed: writes what an abandoned job leaves behind (a report marked failed); given the sentence
    every: asked for again and again after this time, with the payload's defaults, one at a time
    instead: for work whose records end with it, how to ask for it anew; trying such a job again is refused with this
    """

    name: str
    payload: type[P]
    compute: Callable[[P, Run], Awaitable[R]]
    save: Callable[[AsyncSession, P, R, Run], Awaitable[dict[str, Any] | None]]
    failed: Callable[[AsyncSession, P, str, Run], Awaitable[None]] | None = None
    retry: Retry = field(default_factory=Retry)
    every: timedelta | None = None
    instead: str = ""
