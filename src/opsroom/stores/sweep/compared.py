"""What was told of incidents against what is seen of them now. Values only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar


class Told(Protocol):
    """An incident as it was told of; without an end it was going on."""

    started_at: datetime
    ended_at: datetime | None


T = TypeVar("T", bound=Told)


@dataclass(frozen=True, slots=True)
class Seen:
    """One incident as the polls tell it now; end is None while it goes on."""

    store_id: str
    start: datetime
    end: datetime | None
    downtime_us: int
    followed_by: str | None


@dataclass(frozen=True, slots=True)
class Changes(Generic[T]):
    """closed: incident, its store's id, and what is seen of it, None when it turned out to be nothing
    opened: incidents nobody was told of; those with an end opened and closed since the last look
    """

    closed: list[tuple[T, str, Seen | None]]
    opened: list[Seen]


def compared(told: Iterable[tuple[str, T]], seen: Iterable[Seen], news: datetime | None) -> Changes[T]:
    """Incidents of one store that share any time are the same.

    told: with the store's id; news: of incidents that ended up to this instant nobody is told; None: of none that ended
    """
    by_store: dict[str, tuple[list[T], list[Seen]]] = {}
    for store_id, incident in told:
        by_store.setdefault(store_id, ([], []))[0].append(incident)
    for each in seen:
        by_store.setdefault(each.store_id, ([], []))[1].append(each)
    changes: Changes[T] = Changes([], [])
    for store_id in sorted(by_store):
        _compare(changes, store_id, *by_store[store_id], news)
    return changes


def _compare(changes: Changes[T], store_id: str, told: Sequence[T], seen: list[Seen], news: datetime | None) -> None:
    # Open ones first: one that was told to be over and goes on after all is told of once more.
    for incident in sorted(told, key=lambda each: each.ended_at is not None):
        over = incident.ended_at is not None
        same = next((each for each in seen if _overlap(incident, each) and not (over and each.end is None)), None)
        if same is not None:
            seen.remove(same)
        if not over and (same is None or same.end is not None):
            changes.closed.append((incident, store_id, same))
    changes.opened.extend(each for each in seen if each.end is None or (news is not None and each.end > news))


def _overlap(incident: Told, seen: Seen) -> bool:
    begins_before_end = incident.ended_at is None or seen.start < incident.ended_at
    return begins_before_end and (seen.end is None or seen.end > incident.started_at)
