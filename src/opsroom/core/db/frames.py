"""Big reads: straight from the database into columns, without row objects, in one consistent snapshot.

Blocking: call these in a thread.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain

import adbc_driver_postgresql.dbapi as adbc
import numpy as np
import polars as pl
from sqlalchemy.engine import URL

from opsroom.core.db.connect import libpq_query
from opsroom.core.db.engine import SQLITE, sqlite_path


@dataclass(frozen=True, slots=True)
class Read:
    """One SELECT. `sql` holds no text from outside. All columns whole numbers: read without row objects on SQLite."""

    sql: str
    columns: tuple[str, ...]
    integers: bool = False


def read_frames(url: URL, reads: Sequence[Read]) -> list[pl.DataFrame]:
    """The results of several statements, all seeing the database at one instant."""
    if url.get_backend_name() == SQLITE:
        return _from_sqlite(url, reads)
    return _from_postgresql(url, reads)


def _from_sqlite(url: URL, reads: Sequence[Read]) -> list[pl.DataFrame]:
    with closing(sqlite3.connect(f"file:{sqlite_path(url)}?mode=ro", uri=True, timeout=30)) as connection:
        connection.isolation_level = None
        connection.execute("BEGIN")
        return [_sqlite_frame(connection, read) for read in reads]


def _sqlite_frame(connection: sqlite3.Connection, read: Read) -> pl.DataFrame:
    cursor = connection.execute(read.sql)
    if not read.integers:
        return pl.DataFrame(cursor.fetchall(), schema=list(read.columns), orient="row", infer_schema_length=None)
    flat = np.fromiter(chain.from_iterable(cursor), dtype=np.int64)
    table = flat.reshape(-1, len(read.columns))
    return pl.DataFrame({name: table[:, place] for place, name in enumerate(read.columns)})


def _from_postgresql(url: URL, reads: Sequence[Read]) -> list[pl.DataFrame]:
    with closing(adbc.connect(libpq_url(url))) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        frames = []
        for read in reads:
            cursor.execute(read.sql)
            frame = pl.DataFrame(cursor.fetch_arrow_table())
            frames.append(frame.rename(dict(zip(frame.columns, read.columns, strict=True))))
        return frames


def libpq_url(url: URL) -> str:
    """Our URL as PostgreSQL's own library spells it."""
    return url.set(drivername="postgresql", query=libpq_query(url.query)).render_as_string(hide_password=False)
