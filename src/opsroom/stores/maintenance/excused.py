"""Which closed time of a timeline is maintenance: it would have been open."""

from collections.abc import Iterable, Iterator, Sequence

Span = tuple[int, int, str]


def with_excused(spans: Iterable[Span], opened: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """The timeline of one store, with the state `excused` where it is closed although the business hours say open.

    spans: start, end and state, without a gap, computed without maintenance time
    opened: the open time with maintenance in it: disjoint, in order
    """
    place = 0
    for start, end, state in spans:
        if state != "closed":
            yield start, end, state
            continue
        while place < len(opened) and opened[place][1] <= start:
            place += 1
        yield from _closed(start, end, opened, place)


def _closed(start: int, end: int, opened: Sequence[tuple[int, int]], place: int) -> Iterator[Span]:
    """A closed span, cut at the edges of the open time in it."""
    at = start
    while place < len(opened) and opened[place][0] < end:
        opens, closes = max(opened[place][0], start), min(opened[place][1], end)
        if opens > at:
            yield at, opens, "closed"
        yield opens, closes, "excused"
        at = closes
        place += 1
    if at < end:
        yield at, end, "closed"
