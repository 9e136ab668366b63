"""A part of the house that may be away: all go on without it, and one at a time looks whether it is back."""

import time
from dataclasses import dataclass

import structlog

AWAY_SECONDS = 5.0  # between looks at one that is away

log = structlog.get_logger("opsroom.away")


@dataclass(slots=True)
class Away:
    """name: what it is; meanwhile: what is done without it"""

    name: str
    meanwhile: str
    until: float = 0.0

    def may_ask(self) -> bool:
        """False while it is away, but for one caller now and then."""
        if time.monotonic() < self.until:
            return False
        if self.until:
            self.until = time.monotonic() + AWAY_SECONDS
        return True

    def failed(self, error: Exception) -> None:
        if not self.until:
            log.warning("it does not answer", part=self.name, meanwhile=self.meanwhile, error=repr(error))
        self.until = time.monotonic() + AWAY_SECONDS

    def answered(self) -> None:
        if self.until:
            log.info("it answers again", part=self.name)
        self.until = 0.0
