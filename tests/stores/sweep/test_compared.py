"""What was told against what is seen, by the hour of one day."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from opsroom.stores.sweep.compared import Seen, compared


@dataclass
class Telling:
    started_at: datetime
    ended_at: datetime | None


def at(hour: int) -> datetime:
    return datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour)


def told(start: int, end: int | None = None) -> tuple[str, Telling]:
    return "S-1", Telling(at(start), None if end is None else at(end))


def seen(start: int, end: int | None = None) -> Seen:
    return Seen("S-1", at(start), None if end is None else at(end), 0, None)


def changes(
    before: list[tuple[str, Telling]], now: list[Seen], news: int | None = 12
) -> tuple[list[tuple[int, int | None]], list[int]]:
    """(start of what is closed, end that is seen) and the starts of what is opened"""
    found = compared(before, now, None if news is None else at(news))
    closed = [(t.started_at.hour, s.end.hour if s and s.end else None) for t, _, s in found.closed]
    return closed, [each.start.hour for each in found.opened]


def test_a_downtime_nobody_was_told_of_opens() -> None:
    assert changes([], [seen(13)]) == ([], [13])


def test_one_that_goes_on_is_no_news() -> None:
    assert changes([told(9)], [seen(9)]) == ([], [])


def test_one_that_ended_closes() -> None:
    assert changes([told(9)], [seen(9, 13)]) == ([(9, 13)], [])


def test_one_that_opened_and_closed_since_the_last_look_does_both() -> None:
    assert changes([], [seen(12, 14)]) == ([], [12])


def test_history_that_comes_in_late_is_no_news() -> None:
    assert changes([], [seen(3, 5), seen(7, 12)]) == ([], [])


def test_on_the_first_look_only_what_goes_on_is_told() -> None:
    assert changes([], [seen(3, 5), seen(20)], news=None) == ([], [20])


def test_late_polls_may_move_both_ends_without_a_word() -> None:
    assert changes([told(9)], [seen(7)]) == ([], [])
    assert changes([told(9, 11)], [seen(8, 13)]) == ([], [])


def test_one_that_never_was_is_withdrawn() -> None:
    assert changes([told(9)], []) == ([(9, None)], [])


def test_one_that_fell_apart_closes_with_its_first_part_and_the_second_opens() -> None:
    assert changes([told(9)], [seen(9, 10), seen(14)]) == ([(9, 10)], [14])


def test_one_that_was_over_and_goes_on_after_all_is_told_again_once() -> None:
    assert changes([told(9, 11)], [seen(9)]) == ([], [9])
    assert changes([told(9, 11), told(9)], [seen(9)]) == ([], [])


def test_stores_do_not_mix() -> None:
    other = Seen("S-2", at(9), None, 0, None)
    found = compared([told(9)], [other], at(12))
    assert [(store, each) for _, store, each in found.closed] == [("S-1", None)]
    assert found.opened == [other]
