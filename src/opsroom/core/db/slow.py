"""The log of slow statements: their text and their time, never the values, which may be about people."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

BEGUN = "statement_begun"  # its place among what the pool keeps with a connection
LONGEST_TEXT = 2000

log = structlog.get_logger("opsroom.database")


def watch(engine: AsyncEngine, threshold: float) -> None:
    """Log statements that take so many seconds, also those that fail; 0: none."""
    if not threshold:
        return

    def begin(connection: Any, *_statement: Any) -> None:
        connection.info[BEGUN] = time.perf_counter()

    def end(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        _tell(statement, connection.info[BEGUN], threshold)

    def fail(context: ExceptionContext) -> None:
        connection = context.connection
        if connection is not None and context.statement and not connection.invalidated and BEGUN in connection.info:
            _tell(context.statement, connection.info[BEGUN], threshold)

    event.listen(engine.sync_engine, "before_cursor_execute", begin)
    event.listen(engine.sync_engine, "after_cursor_execute", end)
    event.listen(engine.sync_engine, "handle_error", fail)


@contextmanager
def watched(statement: str, threshold: float) -> Iterator[None]:
    """The same for one statement that goes past SQLAlchemy."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        _tell(statement, begun, threshold)


def _tell(statement: str, begun: float, threshold: float) -> None:
    seconds = time.perf_counter() - begun
    if threshold and seconds >= threshold:
        log.warning("slow statement", seconds=round(seconds, 3), sql=" ".join(statement[:LONGEST_TEXT].split()))
