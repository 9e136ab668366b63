"""How long an account stays locked after wrong passwords."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = timedelta(days=1)
MOST_DOUBLINGS = 16  # more than lead from a minute to a day


@dataclass(frozen=True, slots=True)
class Lockout:
    """attempts: wrong passwords in a row that lock; wait: the first lock, doubled by each further wrong password"""

    attempts: int = 5
    wait: timedelta = timedelta(minutes=15)

    def until(self, failures: int, at: datetime) -> datetime | None:
        """The end of the lock that so many failures in a row bring, if they bring one."""
        beyond = failures - self.attempts
        if beyond < 0:
            return None
        return at + min(self.wait * (1 << min(beyond, MOST_DOUBLINGS)), max(LONGEST, self.wait))

    def failures_so_far(self, failures: int, locked_until: datetime | None, at: datetime) -> int:
        """A day after the end of a lock it is forgotten."""
        return 0 if locked_until is not None and locked_until + LONGEST < at else failures
