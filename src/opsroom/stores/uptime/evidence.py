"""How far an observation speaks: the two accountings of the engine."""

from dataclasses import dataclass

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class EvidenceProfile:
    """Which observations count and how long their state holds, in microseconds; None is without limit.

    carry: a state holds from its observation at most this long, or until the next one.
    back: before the first observation its state reaches back at most this far.
    inside_hours_only: only observations inside open time count, and no state crosses closed time.
    """

    carry: int | None
    back: int | None
    inside_hours_only: bool

    def __post_init__(self) -> None:
        if (self.carry is not None and self.carry < 0) or (self.back is not None and self.back < 0):
            raise ValueError("carry and back are durations in microseconds: zero or more, or None")


def strict(poll_interval: int = HOUR) -> EvidenceProfile:
    """Unobserved time is unknown; a poll speaks for two poll intervals before and after it."""
    return EvidenceProfile(carry=2 * poll_interval, back=2 * poll_interval, inside_hours_only=True)


STRICT = strict()
CLASSIC = EvidenceProfile(carry=None, back=None, inside_hours_only=False)
