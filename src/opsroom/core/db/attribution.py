"""How a transaction tells the database who writes.

PostgreSQL   a setting local to the transaction, sent along with BEGIN: no further round trip
SQLite       a function of the connection; a client that lacks it cannot write to audited tables
"""

import getpass
import itertools
import math
import os
import secrets
import socket
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.db.origin import Origin, as_hex, current_origin, facts_of

SETTING = "opsroom.context"
HOLDER = "attribution"  # its place among what the pool keeps with a connection

# Tells a transaction from all others of the database, those of other processes included.
_numbers = itertools.count(secrets.randbits(61))


class AttributedConnection(asyncpg.Connection):  # type: ignore[misc]  # the driver has no types
    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109  the driver's own signature
        # The driver begins a transaction by this very method; a test says so if that ever changes.
        if query.startswith("BEGIN") and not args:
            query = f"{query.rstrip(';')}; SET LOCAL {SETTING} = '{as_hex(current_origin())}'"
        done: str = await super().execute(query, *args, timeout=timeout)
        return done


@dataclass(slots=True)
class Attribution:
    """What one SQLite connection answers to its triggers. `number` stands for the transaction."""

    origin: Origin = field(default_factory=Origin)
    number: int = 0

    def begin(self) -> None:
        self.origin = current_origin()
        self.number = next(_numbers)

    def answer(self, name: str) -> str | int | None:
        if name == "xid":
            return self.number
        if name in IDS:
            key: UUID | None = getattr(self.origin, name)
            return key.hex if key else None  # as SQLAlchemy keeps them in SQLite
        return HERE.get(name) or facts_of(self.origin).get(name)


def attribute_sqlite(connection: Any) -> Attribution:
    """Give a new connection the functions that the triggers call."""
    attribution = Attribution()
    connection.create_function("app_ctx", 1, attribution.answer)
    connection.create_function("app_real", 1, real_as_json)
    return attribution


def real_as_json(value: float) -> str:
    """The shortest text that is this number, as PostgreSQL writes it; SQLite's own `printf` errs in the last digits."""
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    return repr(value)


async def write_as(session: AsyncSession, origin: Origin) -> None:
    """Let the session's open transaction be of this origin, unless it has written already."""
    connection = await session.connection()
    if connection.dialect.name == "postgresql":
        await session.execute(text(f"SELECT set_config('{SETTING}', :origin, true)"), {"origin": as_hex(origin)})
    else:
        holder: Attribution = (await connection.get_raw_connection()).info[HOLDER]
        holder.origin = origin


def operator() -> Origin:
    """Whoever types a command on the machine itself."""
    return Origin(user_name=f"{HERE['database_user']} at the command line")


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):  # no name for the account, or no accounts on this system
        return f"process {os.getpid()}"


IDS = frozenset({"user_id", "session_id", "job_id"})
HERE = {"database_user": _account(), "database_host": socket.gethostname()}
