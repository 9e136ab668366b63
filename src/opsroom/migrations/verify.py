"""`opsroom db verify`: what must hold for every history before it is let loose on anybody's data.

Everything happens on scratch databases, which are gone afterwards.
"""

import asyncio
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, inspect

from opsroom.core.db.engine import Database
from opsroom.migrations import commands
from opsroom.migrations.cycles import NOTE, prove_cycles
from opsroom.migrations.databases import scratch_database
from opsroom.migrations.histories import VERSION_TABLE, History, all_histories, history_named, import_models
from opsroom.migrations.lint import lint
from opsroom.migrations.schema import scripts

__all__ = ["NOTE", "verify"]


def verify(urls: list[str], last: int | None = None, app: str | None = None) -> Iterator[str]:
    """What is wrong, in sentences; those that begin with `note:` are not.

    urls: an engine each; scratch databases are made beside them
    last: how many of the newest migrations of each history are looked at; all by default
    app: only the history of this app from outside
    """
    import_models()
    asked = (history_named(app),) if app else all_histories()
    heads = {history.name: scripts(history).get_heads() for history in asked}
    several = [f"{name}: several heads: {', '.join(found)}" for name, found in heads.items() if len(found) > 1]
    yield from several
    if several:
        return
    for history in asked:
        yield from lint(history, last)
    for url in urls:
        with scratch_database(url) as scratch:
            yield from _on_engine(scratch, asked, last)


def _on_engine(url: str, asked: tuple[History, ...], last: int | None) -> Iterator[str]:
    for history in all_histories():
        if history in asked:
            yield from prove_cycles(url, history, last)
        else:
            commands.migrate(url, app=history.name)
    try:
        commands.check(url)
    except SystemExit as error:
        yield str(error).removeprefix("opsroom: ")
    yield from asyncio.run(_unindexed(url))


async def _unindexed(url: str) -> list[str]:
    database = Database(url)
    try:
        async with database.reading() as connection:
            return await connection.run_sync(lambda sync: list(_unindexed_keys(sync)))
    finally:
        await database.close()


def _unindexed_keys(connection: Connection) -> Iterator[str]:
    """Foreign keys that no index begins with: deleting what they refer to would read the whole table."""
    inspector = inspect(connection)
    for table in inspector.get_table_names():
        if table.startswith(VERSION_TABLE):
            continue
        beginnings: list[Sequence[str | None]] = [index["column_names"] for index in inspector.get_indexes(table)]
        beginnings += [unique["column_names"] for unique in inspector.get_unique_constraints(table)]
        beginnings.append(inspector.get_pk_constraint(table)["constrained_columns"])
        for key in inspector.get_foreign_keys(table):
            columns = key["constrained_columns"]
            if not any(beginning[: len(columns)] == columns for beginning in beginnings):
                yield f"{table}: no index begins with the foreign key {', '.join(columns)}"
