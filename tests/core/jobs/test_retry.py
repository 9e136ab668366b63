"""The retry policy, as a table."""

from datetime import timedelta

import pytest

from opsroom.core.errors import Conflict, NotFound, Unavailable
from opsroom.core.jobs.handler import Permanent, Retry, wait_before_next

POLICY = Retry(attempts=5, base=timedelta(seconds=2), longest=timedelta(seconds=10))


@pytest.mark.parametrize(
    ("error", "attempt", "seconds"),
    [
        (ValueError("x"), 1, 2),
        (ValueError("x"), 2, 4),
        (ValueError("x"), 3, 8),
        (ValueError("x"), 4, 10),
        (ValueError("x"), 5, None),
        (ValueError("x"), 6, None),
        (Unavailable("the store is away"), 1, 2),
        (Unavailable("the store is away"), 5, None),
        (NotFound("there is no such report type"), 1, None),
        (Conflict("it is there already"), 1, None),
        (Permanent("the file is not a table"), 1, None),
    ],
)
def test_the_wait_before_the_next_attempt(error: Exception, attempt: int, seconds: int | None) -> None:
    wait = wait_before_next(error, attempt, POLICY.attempts, POLICY)
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


def test_a_thousandth_attempt_waits_the_longest_wait_and_overflows_nothing() -> None:
    assert Retry().wait_after(1000) == timedelta(minutes=5)
