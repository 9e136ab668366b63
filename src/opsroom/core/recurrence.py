"""Recurrence rules: the part of RFC 5545 that calendars of work need, in local wall time.

    FREQ=WEEKLY;BYDAY=TU,TH            FREQ=MONTHLY;BYDAY=1SU;BYMONTH=3,6,9,12
    FREQ=DAILY;INTERVAL=2;COUNT=10     FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20271231

An occurrence begins at the same time of the local clock whatever the clocks did meanwhile. UNTIL is local
too; given as a date it includes that day.
"""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, weekday

FREQUENCIES = {"DAILY": DAILY, "WEEKLY": WEEKLY, "MONTHLY": MONTHLY, "YEARLY": YEARLY}
WEEKDAYS = {name: number for number, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
STEPS = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}
PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST")
LARGEST_NUMBER = 10_000
LONGEST_RULE = 200

DAY_OF_RULE = re.compile(r"(?P<place>[+-]?[1-5]?\d)?(?P<day>MO|TU|WE|TH|FR|SA|SU)")


class WrongRecurrenceError(ValueError):
    """The rule cannot be taken; the sentence says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"{sentence}; write it like FREQ=WEEKLY;BYDAY=TU,TH")


def checked_rule(text: str, start: datetime) -> str:
    """The rule in its usual spelling.

    Raises:
        WrongRecurrenceError: it is not understood, or its first occurrence is not the start.
    """
    parts = _parts(text)
    first = next(iter(rrule(dtstart=start, **(_options(parts, start) | {"until": start, "count": None}))), None)
    if first != start:
        raise WrongRecurrenceError(f"the start {start:%A %Y-%m-%d %H:%M} is no occurrence of the rule")
    return ";".join(f"{name}={parts[name]}" for name in PARTS if name in parts)


def occurrences(text: str | None, start: datetime, earliest: datetime, latest: datetime) -> Iterator[datetime]:
    """Local starts in [earliest, latest], in order; without a rule there is one. `text` has been checked."""
    if text is None:
        return iter([start] if earliest <= start <= latest else [])
    parts = _parts(text)
    rule = rrule(dtstart=_nearer_start(parts, start, earliest), **_options(parts, start))
    found: Iterator[datetime] = iter(rule.between(earliest, latest, inc=True))
    return found


def _nearer_start(parts: dict[str, str], start: datetime, earliest: datetime) -> datetime:
    """An occurrence's place in the same rhythm shortly before `earliest`, so that years of days are not walked."""
    step = STEPS.get(parts["FREQ"])
    if step is None or "COUNT" in parts or earliest <= start:
        return start
    step *= int(parts.get("INTERVAL", 1))
    return start + max((earliest - start) // step - 1, 0) * step


def _parts(text: str) -> dict[str, str]:
    if len(text) > LONGEST_RULE:
        raise WrongRecurrenceError(f"a rule has at most {LONGEST_RULE} characters")
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name not in PARTS:
            raise WrongRecurrenceError(f"{part!r} is no part of a rule taken here; known are {', '.join(PARTS)}")
        if name in parts:
            raise WrongRecurrenceError(f"{name} is given twice")
        parts[name] = value
    if parts.get("FREQ") not in FREQUENCIES:
        raise WrongRecurrenceError(f"FREQ must be one of {', '.join(FREQUENCIES)}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise WrongRecurrenceError("COUNT and UNTIL exclude each other")
    return parts


def _options(parts: dict[str, str], start: datetime) -> dict[str, Any]:
    """What the library takes. A place such as 2TU has a meaning within months and years only."""
    within_months = parts["FREQ"] in {"MONTHLY", "YEARLY"}
    return {
        "freq": FREQUENCIES[parts["FREQ"]],
        "interval": _number(parts, "INTERVAL", 1),
        "count": _number(parts, "COUNT", None),
        "until": _until(parts["UNTIL"], start) if "UNTIL" in parts else None,
        "byweekday": _weekdays(parts["BYDAY"], placed=within_months) if "BYDAY" in parts else None,
        "bymonthday": _numbers(parts, "BYMONTHDAY", 31, negative=True),
        "bymonth": _numbers(parts, "BYMONTH", 12),
        "bysetpos": _numbers(parts, "BYSETPOS", 366, negative=True),
        "wkst": _weekdays(parts.get("WKST", "MO"), placed=False)[0],
    }


def _number(parts: dict[str, str], name: str, default: int | None) -> int | None:
    if name not in parts:
        return default
    if not parts[name].isascii() or not parts[name].isdigit() or not 1 <= int(parts[name][:6]) <= LARGEST_NUMBER:
        raise WrongRecurrenceError(f"{name} must be a whole number from 1 to {LARGEST_NUMBER}")
    return int(parts[name])


def _numbers(parts: dict[str, str], name: str, largest: int, *, negative: bool = False) -> list[int] | None:
    if name not in parts:
        return None
    numbers = []
    for text in parts[name].split(","):
        if not re.fullmatch(r"-?\d{1,3}" if negative else r"\d{1,3}", text, re.ASCII) or not (
            1 <= abs(int(text)) <= largest
        ):
            raise WrongRecurrenceError(f"{name} takes numbers from 1 to {largest}{', or negative' if negative else ''}")
        numbers.append(int(text))
    return numbers


def _weekdays(text: str, *, placed: bool) -> list[weekday]:
    days = []
    for part in text.split(","):
        match = DAY_OF_RULE.fullmatch(part)
        if not match or (match["place"] and (not placed or int(match["place"]) == 0)):
            example = "MO,TU or 2TU (the second) or -1SU (the last)" if placed else "MO,TU"
            raise WrongRecurrenceError(f"{part!r} is no day of the week here; days are written {example}")
        days.append(weekday(WEEKDAYS[match["day"]], int(match["place"]) if match["place"] else None))
    return days


def _until(text: str, start: datetime) -> datetime:
    for form in ("%Y%m%d", "%Y%m%dT%H%M%S"):
        try:
            until = datetime.strptime(text, form)  # noqa: DTZ007  local on purpose
        except ValueError:
            continue
        until = datetime.combine(until, time.max) if form == "%Y%m%d" else until
        if until < start:
            raise WrongRecurrenceError("UNTIL lies before the start")
        return until
    raise WrongRecurrenceError(f"UNTIL {text!r} must be local: 20271231 or 20271231T235900")
