"""Down and up again: does it give the same schema, and do the rows survive?"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alembic import command
from alembic.script import Script
from sqlalchemy.exc import DBAPIError

from opsroom.core.audit.declaration import BOOKKEEPING
from opsroom.core.db.engine import Database
from opsroom.migrations.histories import History
from opsroom.migrations.samples import fill
from opsroom.migrations.schema import alembic_config, scripts
from opsroom.migrations.shape import Snapshot, take

NOTE = "note:"  # what such a sentence says is no fault
DECLARATION = "downgrade_loses"
LEFT_EMPTY = "downgrade_needs_empty"  # tables on whose rows a way back refuses
TRAIL = "audit_"  # grows by what is done


@dataclass(frozen=True, slots=True)
class Steps:
    """One history on a scratch database on which all earlier histories are at their heads."""

    url: str
    history: History

    def upgrade(self, revision: str = "head") -> None:
        command.upgrade(alembic_config(self.url, self.history), revision)

    def downgrade(self, revision: str) -> None:
        command.downgrade(alembic_config(self.url, self.history), revision)

    def look(self) -> Snapshot:
        return asyncio.run(take(self.url))


def prove_cycles(url: str, history: History, last: int | None = None) -> Iterator[str]:
    """What is wrong, in sentences. With `last`, only that many of the newest migrations are taken back.

    Leaves the database at the head, with sample rows.
    """
    newest_first = list(scripts(history).walk_revisions())[:last]
    if not newest_first:
        return
    try:
        yield from _prove(Steps(url, history), newest_first)
    except (DBAPIError, RuntimeError) as error:
        yield f"{history.name}: a migration fails on the way down and up: {getattr(error, 'orig', error)}"


def _prove(steps: Steps, newest_first: Sequence[Script]) -> Iterator[str]:
    lowest = str(newest_first[-1].down_revision or "base")
    steps.upgrade()
    in_one_run = steps.look()
    yield from _empty_cycle(steps, in_one_run, lowest)
    left_empty = frozenset(name for script in newest_first for name in getattr(script.module, LEFT_EMPTY, ()))
    for table in asyncio.run(_fill(steps, left_empty)):
        yield f"{NOTE} no sample row satisfies the rules of {table}; what migrations do to its rows is not tried"
    for script in newest_first:
        yield from _one_step(steps, script)
        steps.downgrade(_below(script))
    for script in reversed(newest_first):
        steps.upgrade(script.revision)
    difference = describe(in_one_run, steps.look())
    if difference:
        yield f"{steps.history.name}: all at once gives another schema than one by one: {difference}"


def _empty_cycle(steps: Steps, before: Snapshot, lowest: str) -> Iterator[str]:
    steps.downgrade(lowest)
    steps.upgrade()
    difference = describe(before, steps.look())
    if difference:
        yield f"{steps.history.name}: down and up again gives another schema: {difference}"


def _one_step(steps: Steps, script: Script) -> Iterator[str]:
    before = steps.look()
    steps.downgrade(_below(script))
    between = steps.look()
    steps.upgrade(script.revision)
    after = steps.look()
    difference = describe(before, after)
    if difference:
        yield f"{script.revision}: down and up again gives another schema: {difference}"
    declared = frozenset(getattr(script.module, DECLARATION, ()))
    undeclared = sorted(_lost_columns(before, between) - declared)
    if undeclared:
        names = ", ".join(f'"{name}"' for name in undeclared)
        yield f"{script.revision}: going down loses {names}; say so in the migration: {DECLARATION} = ({names},)"
    for table in sorted(before.columns.keys() & between.columns.keys() & after.columns.keys()):
        yield from _changed_rows(script.revision, table, (before, between, after), may_lose=table in declared)


def _lost_columns(before: Snapshot, between: Snapshot) -> set[str]:
    """Of tables that stay: that a whole table goes with the migration that made it, nobody overlooks."""
    stay = before.columns.keys() & between.columns.keys()
    return {f"{table}.{name}" for table in stay for name in before.columns[table] - between.columns[table]}


def _changed_rows(revision: str, table: str, taken: Sequence[Snapshot], *, may_lose: bool) -> Iterator[str]:
    before, between, after = taken
    columns = before.columns[table] & between.columns[table] & after.columns[table] - BOOKKEEPING
    had, has = before.values(table, columns), after.values(table, columns)
    lost = 0 if may_lose else (had - has).total()
    new = 0 if table.startswith(TRAIL) else (has - had).total()
    if lost or new:
        yield (
            f"{revision}: of {had.total()} rows of {table} {lost} are not as they were after down and up again, "
            f'and {has.total()} are there; where it has to lose rows, let it say so: {DECLARATION} = ("{table}",)'
        )


def describe(one: Snapshot, other: Snapshot) -> str:
    """The difference of two shapes; empty when there is none."""
    missing = [f"missing {' '.join(each)}" for each in sorted(one.shape - other.shape)]
    added = [f"additional {' '.join(each)}" for each in sorted(other.shape - one.shape)]
    return "; ".join(missing + added)


def _below(script: Script) -> str:
    return str(script.down_revision or "base")


async def _fill(steps: Steps, left_empty: frozenset[str]) -> list[str]:
    database = Database(steps.url)
    try:
        return await fill(database, steps.history, left_empty)
    finally:
        await database.close()
