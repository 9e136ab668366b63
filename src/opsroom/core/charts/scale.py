"""From values to places, and where an axis has its ticks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = 60, 3_600, 86_400
STEPS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY,
         28 * DAY, 91 * DAY, 364 * DAY)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scale:
    """Linear: `low` lies at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def seconds(value: float | datetime) -> float:
    return value.timestamp() if isinstance(value, datetime) else float(value)


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values of a 1-2-5 step that cover [low, high]; the first and last lie on or outside it."""
    if high <= low:
        low, high = low - (abs(low) or 1) * 0.5, high + (abs(high) or 1) * 0.5
    step = nice((high - low) / wanted)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def nice(raw: float) -> float:
    """The smallest of 1, 2, 5 × 10^n that is not below `raw`."""
    power = 10.0 ** math.floor(math.log10(raw))
    factor = next(each for each in (1, 2, 5, 10) if raw / power <= each * (1 + 1e-9))
    return factor * power


def tick_words(values: Sequence[float]) -> list[str]:
    """With as many decimals as the step between them needs."""
    step = abs(values[1] - values[0]) if len(values) > 1 else 1.0
    digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0
    return [f"{value:,.{digits}f}".replace("-", "−") for value in values]


def time_ticks(start: datetime, end: datetime, zone: str = "UTC", wanted: int = 8) -> list[tuple[datetime, str]]:
    """Round local times in [start, end]: dates where the step is a day or more or a day begins, else the time."""
    where = ZoneInfo(zone)
    span = (end - start).total_seconds()
    step = next((each for each in STEPS if span / each <= wanted), STEPS[-1])
    local = start.astimezone(where)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    found = []
    moment = midnight
    while (at := moment.replace(tzinfo=where).astimezone(UTC)) <= end:
        if at >= start:
            by_day = step >= DAY or (moment.hour, moment.minute) == (0, 0)
            found.append((at, f"{moment:%m-%d}" if by_day else f"{moment:%H:%M}"))
        moment += timedelta(seconds=step)
    return found
