"""Connecting: what a URL of PostgreSQL may say, and what it means when the server does not answer."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiosqlite
import asyncpg
import structlog

from opsroom.core.errors import Unavailable

CONNECT_SECONDS = 10
NO_ANSWER = "The database does not answer; try again in a moment."
PLAIN_OPTIONS = frozenset({"host", "port", "ssl", "passfile", "target_session_attrs"})
# The driver takes these only as part of a libpq address, so they travel inside one.
SSL_OPTIONS = frozenset({
    "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl",
    "ssl_min_protocol_version", "ssl_max_protocol_version",
})  # fmt: skip
POOLED = "prepared_statement_cache_size"  # "0": a statement prepared on one server connection may meet another


async def connect(*args: Any, **options: Any) -> Any:
    """A connection of the driver.

    Raises:
        Unavailable: nobody answers at that address. The driver's own error is a bare `OSError`,
            which SQLAlchemy passes on and nobody could tell from one of ours.
    """
    try:
        return await asyncpg.connect(*args, timeout=CONNECT_SECONDS, **options)
    except OSError as error:
        structlog.get_logger("opsroom.database").warning("database does not answer", error=repr(error))
        raise Unavailable(
            "The database does not answer; try again in a moment.", code="database_unavailable"
        ) from error


async def open_sqlite(*args: Any, **options: Any) -> aiosqlite.Connection:
    """A connection, which has a thread of its own."""
    connection = aiosqlite.connect(*args, **options)
    thread = connection._thread  # noqa: SLF001  as SQLAlchemy does, which offers this hook
    thread.daemon = True
    try:
        return await connection
    except BaseException:
        # Failed or cancelled: its thread still has to speak to this loop, which may be about to close.
        await asyncio.shield(asyncio.to_thread(thread.join))
        raise


def driver_query(query: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a PostgreSQL URL as the driver spells them.

    `pgbouncer=true` says that a pooler in transaction mode stands between.

    Raises:
        ValueError: an option that would be ignored, or that the driver would stumble over later.
    """
    options = dict(query)
    if "sslmode" in options:
        options["ssl"] = options.pop("sslmode")
    if str(options.pop("pgbouncer", "false")).lower() in {"true", "1"}:
        options[POOLED] = "0"
    ssl = {name: options.pop(name) for name in SSL_OPTIONS & options.keys()}
    if ssl:
        options["dsn"] = f"postgresql://?{urlencode(sorted(ssl.items()))}"
    unknown = sorted(options.keys() - PLAIN_OPTIONS - {POOLED, "dsn"})
    if unknown:
        known = ", ".join(sorted(PLAIN_OPTIONS - {"ssl"} | SSL_OPTIONS | {"sslmode", "pgbouncer"}))
        raise ValueError(
            f"the database URL has the option {', '.join(unknown)}, which is not known; known are: {known}"
        )
    return options


def libpq_query(options: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `driver_query`, for PostgreSQL's own library."""
    query = {name: value for name, value in options.items() if name in PLAIN_OPTIONS}
    if "ssl" in query:
        query["sslmode"] = query.pop("ssl")
    return query | dict(parse_qsl(urlsplit(options.get("dsn", "")).query))
