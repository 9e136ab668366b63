"""An entry of the trail as the one line of JSON that is hashed, exported and shown to a verifier.

The database writes it, so that a million lines cost no object each; documents stand in it as they are stored. Each
engine has its own spacing: a line is compared byte by byte with itself only.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ENTRY = ("id", "transaction_id", "action", "level", "event", "table_name", "record_id")
HEADER = (
    "xid", "user_id", "user_name", "session_id", "ip", "user_agent", "request_id", "reason", "job_id",
    "database_user", "database_host",
)  # fmt: skip
DOCUMENTS = ("before", "after", "facts")
AT_A_TIME = 16_384
LAST = 2**62
NEXT = text("SELECT min(id) FROM audit_entries WHERE id > :after AND id <= :until")
JOINED = "FROM audit_entries entry JOIN audit_transactions header ON header.id = entry.transaction_id"


@dataclass(frozen=True, slots=True)
class Line:
    entry_id: int
    text: str

    def bytes(self) -> bytes:
        return self.text.encode()


async def lines_after(
    connection: AsyncConnection, entry_id: int, until: int | None = None
) -> AsyncIterator[list[Line]]:
    """The lines with ids above `entry_id` (and up to `until`), in their order, some thousands at a time.

    By stretches of ids: PostgreSQL, told to stop after so many rows, may first sort all that there are.
    """
    statement = text(_select(connection.dialect.name))
    until = LAST if until is None else until
    while entry_id < until:
        end = min(until, entry_id + AT_A_TIME)
        rows = (await connection.execute(statement, {"after": entry_id, "until": end})).all()
        found = [Line(number, line) for number, line in rows]
        if found:
            yield found
            entry_id = end
        elif (following := await connection.scalar(NEXT, {"after": end, "until": until})) is not None:
            entry_id = following - 1
        else:
            return


def line_of(dialect: str, entry_id: str) -> str:
    """A statement for the one line of the entry; `entry_id` is SQL."""
    return f"SELECT {_line(dialect)} {JOINED} WHERE entry.id = {entry_id}"


def _select(dialect: str) -> str:
    return (
        f"SELECT entry.id, {_line(dialect)} {JOINED} WHERE entry.id > :after AND entry.id <= :until ORDER BY entry.id"
    )


def _line(dialect: str) -> str:
    return _on_postgresql() if dialect == "postgresql" else _on_sqlite()


def _on_postgresql() -> str:
    at = """to_char(header.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    fields = [f"'at', {at}", *(f"'{name}', {_place(name)}" for name in (*ENTRY, *HEADER, *DOCUMENTS))]
    return f"json_build_object({', '.join(fields)})::text"


def _on_sqlite() -> str:
    """Documents are spliced in as they are: reading them anew would hide what a reader does not see, and fail on what
    is no JSON any more.
    """
    fields = ["'at', header.at", *(f"'{name}', {_place(name)}" for name in (*ENTRY, *HEADER))]
    scalars = f"json_object({', '.join(fields)})"
    documents = " || ".join(f"""',"{name}":' || {_on_one_line(_place(name))}""" for name in DOCUMENTS)
    return f"rtrim({scalars}, '}}') || {documents} || '}}'"


def _on_one_line(document: str) -> str:
    """Line breaks in JSON stand between its parts only."""
    return f"coalesce(replace(replace({document}, char(10), ' '), char(13), ' '), 'null')"


def _place(name: str) -> str:
    return f"header.{name}" if name in HEADER else f"entry.{name}"
