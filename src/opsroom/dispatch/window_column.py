"""A time window as one JSON document on the wire, kept as two instants that can be compared and indexed."""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

SQLITE_FORM = "%Y-%m-%dT%H:%M:%SZ"
POSTGRES_FORM = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'


class WindowDocument(FunctionElement[Any]):
    """(start, end) → {"start_time": …, "end_time": …}, RFC 3339 in UTC."""

    name = "time_window"
    inherit_cache = True

    def __init__(self, start: Any, end: Any, *, type_: Any) -> None:
        super().__init__(start, end)
        self.type = type_


@compiles(WindowDocument, "sqlite")
def _on_sqlite(element: WindowDocument, compiler: SQLCompiler, **options: Any) -> str:
    start, end = (f"strftime('{SQLITE_FORM}', {compiler.process(clause, **options)})" for clause in element.clauses)
    return f"json_object('start_time', {start}, 'end_time', {end})"


@compiles(WindowDocument, "postgresql")
def _on_postgresql(element: WindowDocument, compiler: SQLCompiler, **options: Any) -> str:
    start, end = (
        f"to_char({compiler.process(clause, **options)} AT TIME ZONE 'UTC', '{POSTGRES_FORM}')"
        for clause in element.clauses
    )
    return f"jsonb_build_object('start_time', {start}, 'end_time', {end})"
