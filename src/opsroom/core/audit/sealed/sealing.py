"""Sealing: entries that were committed become leaves of the tree, and a checkpoint is signed.

Outside the write path, some thousands in a transaction. An entry that commits late, below ids that are sealed already,
becomes a later leaf: the order of the tree is that of sealing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.audit.sealed.lines import lines_after
from opsroom.core.audit.sealed.merkle import leaf_hash, root_of
from opsroom.core.audit.sealed.models import AuditCheckpoint
from opsroom.core.audit.sealed.notes import Checkpoint, Signer, signed
from opsroom.core.audit.sealed.tiles import Leaf, computed, entries_above, extend, size_of_tree
from opsroom.core.clock import now
from opsroom.core.db.engine import Database

LOCK = 0x6F70735F7365616C  # of sealers on PostgreSQL; on SQLite a writing transaction is lock enough
HORIZONS = 100  # how many checkpoints back one is looked for whose transactions have all ended

HORIZON = text("""
    SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('audit_entries', 'id')::regclass), 0),
           pg_snapshot_xmax(pg_current_snapshot())::text::bigint, pg_snapshot_xmin(pg_current_snapshot())::text::bigint
""")


@dataclass(frozen=True, slots=True)
class Sealed:
    """size: leaves of the tree now; added: by this sealing; note: the checkpoint."""

    size: int
    added: int
    note: str


@dataclass(frozen=True, slots=True)
class Horizon:
    """entry: no entry up to it can appear once the transactions below `transaction` have ended; oldest: the oldest
    transaction that has not.
    """

    entry: int
    transaction: int
    oldest: int


async def seal(database: Database, signers: Sequence[Signer]) -> Sealed:
    """Seal what is committed and not sealed yet. Sealers take turns; one that is killed loses at most a batch."""
    async with database.reading() as connection:
        floor, horizon = await _floor(connection), await _horizon(connection)
    added, newest = 0, floor
    while (batch := await _seal_some(database, newest)) is not None:
        added, newest = added + batch[0], batch[1]
    async with database.transaction() as session:
        connection = await session.connection()
        await _lock(connection)
        size = await size_of_tree(connection)
        latest = await latest_checkpoint(connection)
        if latest is not None and latest.size == size and latest.keys == _keys(signers):
            return Sealed(size, added, latest.note)
        root = await computed(connection, partial(root_of, size))
        note = signed(Checkpoint(signers[0].origin, size, root), signers)
        values = {"at": now(), "size": size, "note": note, "keys": _keys(signers), "horizon_entry": horizon.entry}
        floor = max(floor, newest) if horizon.transaction == 0 else await _next_floor(connection, floor, horizon)
        values |= {"horizon_transaction": horizon.transaction, "floor_entry": floor}
        await connection.execute(insert(AuditCheckpoint).values(values))
    return Sealed(size, added, note)


async def latest_checkpoint(connection: AsyncConnection) -> AuditCheckpoint | None:
    newest = select(AuditCheckpoint.__table__).order_by(AuditCheckpoint.id.desc()).limit(1)
    row = (await connection.execute(newest)).mappings().first()
    return None if row is None else AuditCheckpoint(**row)


async def _seal_some(database: Database, after: int) -> tuple[int, int] | None:
    """One batch in one transaction: how many leaves it added, and the last entry it looked at; None at the end."""
    async with database.transaction() as session:
        connection = await session.connection()
        await _lock(connection)
        async for lines in lines_after(connection, after):
            known = await entries_above(connection, after)
            leaves = [Leaf(leaf_hash(line.bytes()), line.entry_id) for line in lines if line.entry_id not in known]
            await extend(connection, await size_of_tree(connection), leaves)
            return len(leaves), lines[-1].entry_id
    return None


async def _floor(connection: AsyncConnection) -> int:
    latest = await latest_checkpoint(connection)
    return 0 if latest is None else latest.floor_entry


async def _horizon(connection: AsyncConnection) -> Horizon:
    if connection.dialect.name != "postgresql":
        return Horizon(0, 0, 0)
    entry, transaction, oldest = (await connection.execute(HORIZON)).one()
    return Horizon(entry, transaction, oldest)


async def _next_floor(connection: AsyncConnection, floor: int, horizon: Horizon) -> int:
    """Of the horizons drawn earlier, the latest whose transactions had all ended before this sealing began: it saw
    everything that they wrote.
    """
    drawn = select(AuditCheckpoint.horizon_entry, AuditCheckpoint.horizon_transaction)
    recent = await connection.execute(drawn.order_by(AuditCheckpoint.id.desc()).limit(HORIZONS))
    return max([floor, *(entry for entry, transaction in recent if transaction <= horizon.oldest)])


async def _lock(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def _keys(signers: Sequence[Signer]) -> str:
    return " ".join(signer.verifier_key for signer in signers)
