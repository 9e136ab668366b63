"""What a database error means to the person who asked."""

import re
import sqlite3

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError

from opsroom.core.db.connect import NO_ANSWER
from opsroom.core.db.rules import BROKEN
from opsroom.core.errors import Conflict, Invalid, Locked, PreconditionFailed, Refusal, Unavailable

UNIQUE = re.compile(r'unique constraint "(?P<name>[^"]+)"|UNIQUE constraint failed: (?P<columns>[\w., ]+)')
UNREACHABLE = re.compile(
    r"unable to open database|connection (was |is )?(refused|closed|lost|reset)|connect call failed|cannot connect",
    re.IGNORECASE,
)
FULL = re.compile(r"database or disk is full|no space left|disk full", re.IGNORECASE)
BUSY = re.compile(r"database (table )?is locked", re.IGNORECASE)
UNSTORABLE = re.compile(r"invalid input for query argument|too large to convert", re.IGNORECASE)

# PostgreSQL's error codes (appendix A of its manual), by the longest prefix that matters.
NOT_THERE = ("08", "28", "3D000", "53300", "57P")  # connection, credentials, no such database, too many, going down
CROWDED = ("40001", "40P01", "55P03")  # serialization failure, deadlock, lock not available
CANCELLED = "57014"
DISK_FULL = "53100"
BAD_VALUE = ("22001", "22003", "22008", "22021", "22P05")  # too long, out of range, and text that cannot be stored


# The last three come from bulk writes, which speak to the driver itself.
DATABASE_ERRORS = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error)
BROKEN_RULES = (asyncpg.IntegrityConstraintViolationError, sqlite3.IntegrityError)


def refusal_from(error: Exception) -> Refusal | None:
    """A refusal for an error that is no malfunction of ours; None for the rest, which is a 500."""
    if isinstance(error, StaleDataError):
        return PreconditionFailed("Somebody else changed this record meanwhile; read it again and repeat.")
    if isinstance(error, PoolTimeoutError):
        return Unavailable("All database connections are busy; try again in a moment.", code="database_busy")
    if isinstance(error, IntegrityError):
        return _conflict(str(error.orig))
    if isinstance(error, DBAPIError):
        lost = Unavailable(NO_ANSWER, code="database_unavailable") if error.connection_invalidated else None
        return _from_driver(error.orig) or lost
    if isinstance(error, BROKEN_RULES):
        return _conflict(str(error))
    return _from_driver(error) if isinstance(error, DATABASE_ERRORS) else None


def violated_unique(error: IntegrityError) -> str | None:
    """The name of the violated unique constraint (PostgreSQL) or its `table.column` list (SQLite)."""
    match = UNIQUE.search(str(error.orig))
    return (match["name"] or match["columns"]) if match else None


def broken_rule(message: str) -> Refusal | None:
    """The refusal for a rule of a table (see `rules`); None if the message is of something else."""
    match = BROKEN.search(message)
    if match is None:
        return None
    kind = Locked if match["kind"] == "lock" else Conflict
    return kind(match["sentence"], code=match["name"])


def _conflict(message: str) -> Refusal:
    broken = broken_rule(message)
    if broken is not None:
        return broken
    match = UNIQUE.search(message)
    if match:
        where = match["name"] or match["columns"]
        return Conflict(f"A record with this value exists already ({where}).", code="duplicate", constraint=where)
    if "foreign key" in message.lower():
        return Conflict("It refers to a record that does not exist, or is still referred to.", code="reference")
    return Conflict("The database refused the change because a rule of the table is broken.", code="constraint")


def _from_driver(error: BaseException | None) -> Refusal | None:
    message = str(error)
    code = getattr(error, "sqlstate", None) or ""
    if code == DISK_FULL or FULL.search(message):
        return Unavailable("The disk of the database is full; nothing was changed.", code="disk_full")
    if code == CANCELLED:
        return Unavailable("The database took too long; nothing was changed. Ask for less.", code="statement_timeout")
    if code.startswith(CROWDED) or BUSY.search(message):
        return Unavailable("Others were writing at the same place; try again in a moment.", code="database_busy")
    if code.startswith(NOT_THERE) or UNREACHABLE.search(message):
        return Unavailable(NO_ANSWER, code="database_unavailable")
    if code in BAD_VALUE or UNSTORABLE.search(message):
        return Invalid("A value is too long, too large, or has a character that the database cannot keep.")
    return None
