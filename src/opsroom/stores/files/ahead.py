"""Work on the next items while the caller is busy with the first."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = 2
"""Polars parses a block on all cores; a second block keeps them busy while the first is in single-threaded steps."""


def work_ahead(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, "Future[Result]"]]:
    """Each item with the future of its result, in order; a few are in work at once."""
    with ThreadPoolExecutor(THREADS) as pool:
        started: deque[tuple[Item, Future[Result]]] = deque()
        try:
            for item in items:
                started.append((item, pool.submit(work, item)))
                if len(started) > THREADS:
                    yield started.popleft()
            while started:
                yield started.popleft()
        finally:
            for _, future in started:
                future.cancel()
