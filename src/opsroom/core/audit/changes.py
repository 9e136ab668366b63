"""Whether anything changed: what the trail says about some tables since it was last sealed.

    floor     no entry up to it can appear any more (see `sealed.sealing`)
    entries   how many of these tables stand above it, and the newest of them

The trail only grows. So while these three are the same nothing was written to the tables, by whomever: request, job,
another server, raw SQL. Neither the newest entry alone nor a time would tell that: a transaction that began earlier may
commit later.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

MOST = 200_000  # entries above the floor that are looked through; about as long as 50 ms

_NEWEST = text("""
    SELECT coalesce((SELECT floor_entry FROM audit_checkpoints ORDER BY id DESC LIMIT 1), 0),
           coalesce((SELECT max(id) FROM audit_entries), 0)
""")
_ABOVE = text("""
    SELECT count(*), max(id) FROM audit_entries WHERE id > :floor AND table_name IN :tables
""").bindparams(bindparam("tables", expanding=True))


async def state_of(connection: AsyncConnection, tables: Collection[str]) -> tuple[Any, ...] | None:
    """The same as long as nothing is written to these tables; None if that would take too long to tell.

    Tables that are exempt from the trail count by the events that have them as their subject.
    """
    floor, newest = (await connection.execute(_NEWEST)).one()
    if newest - floor > MOST:
        return None
    count, latest = (await connection.execute(_ABOVE, {"floor": floor, "tables": list(tables)})).one()
    return floor, count, latest
