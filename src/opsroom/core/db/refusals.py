"""What a database error means to the person who asked."""

import re

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError

from opsroom.core.errors import Conflict, PreconditionFailed, Refusal, Unavailable

UNIQUE = re.compile(r'unique constraint "(?P<name>[^"]+)"|UNIQUE constraint failed: (?P<columns>[\w., ]+)')
UNREACHABLE = re.compile(
    r"unable to open database|database is locked|connection (was |is )?(refused|closed|lost|reset)|connect call failed"
    r"|cannot connect|the database system is|too many clients|terminating connection",
    re.IGNORECASE,
)
FULL = re.compile(r"database or disk is full|no space left|disk full", re.IGNORECASE)


def refusal_from(error: SQLAlchemyError) -> Refusal | None:
    """A refusal for an error that is no malfunction of ours; None for the rest, which is a 500."""
    if isinstance(error, StaleDataError):
        return PreconditionFailed("Somebody else changed this record meanwhile; read it again and repeat.")
    if isinstance(error, PoolTimeoutError):
        return Unavailable("All database connections are busy; try again in a moment.", code="database_busy")
    if isinstance(error, IntegrityError):
        return _conflict(str(error.orig))
    if isinstance(error, DBAPIError):
        return _unavailable(error)
    return None


def violated_unique(error: IntegrityError) -> str | None:
    """The name of the violated unique constraint (PostgreSQL) or its `table.column` list (SQLite)."""
    match = UNIQUE.search(str(error.orig))
    return (match["name"] or match["columns"]) if match else None


def _conflict(message: str) -> Refusal:
    match = UNIQUE.search(message)
    if match:
        where = match["name"] or match["columns"]
        return Conflict(f"A record with this value exists already ({where}).", code="duplicate", constraint=where)
    if "foreign key" in message.lower():
        return Conflict("It refers to a record that does not exist, or is still referred to.", code="reference")
    return Conflict("The database refused the change because a rule of the table is broken.", code="constraint")


def _unavailable(error: DBAPIError) -> Refusal | None:
    message = str(error.orig)
    if FULL.search(message):
        return Unavailable("The disk of the database is full; nothing was changed.", code="disk_full")
    if error.connection_invalidated or UNREACHABLE.search(message):
        return Unavailable("The database does not answer; try again in a moment.", code="database_unavailable")
    return None
