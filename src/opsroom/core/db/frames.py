"""Big reads: straight from the database into columns, without row objects, in one consistent snapshot.

Blocking: call these in a thread.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import adbc_driver_postgresql
import numpy as np
import polars as pl
from adbc_driver_manager import AdbcConnection, AdbcStatement
from sqlalchemy.engine import URL

from opsroom.core.db.connect import libpq_query
from opsroom.core.db.engine import Database, sqlite_path


@dataclass(frozen=True, slots=True)
class Read:
    """One SELECT. `sql` holds no text from outside. All columns whole numbers: read without row objects on SQLite."""

    sql: str
    columns: tuple[str, ...]
    integers: bool = False


Reader = Callable[[Read], pl.DataFrame]


def read_frames(database: Database, reads: Sequence[Read]) -> list[pl.DataFrame]:
    """The results of several statements, all seeing the database at one instant."""
    with consistent_reads(database) as read:
        return [read(each) for each in reads]


def consistent_reads(database: Database) -> AbstractContextManager[Reader]:
    """The same for statements of which a later one depends on the result of an earlier one."""
    if database.is_postgresql:
        return _postgresql_reads(database.url, database.pool.long_statement_timeout)
    return _sqlite_reads(database.url)


def export_snapshot(read: Reader) -> str:
    """PostgreSQL: the name by which others may see what this reader sees, while it is open."""
    name: str = read(Read("SELECT pg_export_snapshot()", ("name",))).item()
    return name


def read_in_snapshot(database: Database, name: str, wanted: Read) -> pl.DataFrame:
    """PostgreSQL: one statement on a connection of its own that sees what the exporter sees; for another thread."""
    with _postgresql_reads(database.url, database.pool.long_statement_timeout, name) as read:
        return read(wanted)


@contextmanager
def _sqlite_reads(url: URL) -> Iterator[Reader]:
    with closing(sqlite3.connect(f"file:{sqlite_path(url)}?mode=ro", uri=True, timeout=30)) as connection:
        connection.isolation_level = None
        connection.execute("BEGIN")
        yield partial(_sqlite_frame, connection)


def _sqlite_frame(connection: sqlite3.Connection, read: Read) -> pl.DataFrame:
    cursor = connection.execute(read.sql)
    if not read.integers:
        rows = cursor.fetchall()
        columns = zip(*rows, strict=True) if rows else ((),) * len(read.columns)
        return pl.DataFrame(
            [pl.Series(name, values, strict=False) for name, values in zip(read.columns, columns, strict=True)]
        )
    flat = np.fromiter(chain.from_iterable(cursor), dtype=np.int64)
    table = flat.reshape(-1, len(read.columns))
    return pl.DataFrame({name: table[:, place] for place, name in enumerate(read.columns)})


@contextmanager
def _postgresql_reads(url: URL, longest: float, snapshot: str | None = None) -> Iterator[Reader]:
    # The driver's low level hands its Arrow stream straight to polars; its DB-API layer would import pyarrow
    # and, where that is installed, pandas: half a second of every start.
    with closing(adbc_driver_postgresql.connect(libpq_url(url))) as database, closing(AdbcConnection(database)) as to:
        to.set_autocommit(False)
        for setting in (
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            *([] if snapshot is None else [f"SET TRANSACTION SNAPSHOT '{snapshot}'"]),
            f"SET LOCAL statement_timeout = {int(longest * 1000)}",
        ):
            with closing(AdbcStatement(to)) as statement:
                statement.set_sql_query(setting)
                statement.execute_update()
        yield partial(_postgresql_frame, to)


def _postgresql_frame(connection: Any, read: Read) -> pl.DataFrame:
    with closing(AdbcStatement(connection)) as statement:
        statement.set_sql_query(read.sql)
        stream, _ = statement.execute_query()
        frame = pl.DataFrame(stream)
    return frame.rename(dict(zip(frame.columns, read.columns, strict=True)))


def libpq_url(url: URL) -> str:
    """Our URL as PostgreSQL's own library spells it."""
    return url.set(drivername="postgresql", query=libpq_query(url.query)).render_as_string(hide_password=False)
